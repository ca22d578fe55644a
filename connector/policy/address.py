"""Compare mail addresses and domains as mail does: case, IDN and punycode folded."""

from email.utils import parseaddr

import idna


def fold_domain(domain: str) -> str:
    """Fold a domain to lower-case ASCII; empty where it is none."""
    bare = domain.strip().strip(".").removeprefix("@").casefold()
    if not bare or " " in bare:
        return ""
    try:
        return idna.encode(bare, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""


def address_of(sender: str) -> str:
    """Take the bare address out of a From header, lower case; empty where none or more than one can be meant.

    Compared with what is written: `anna@ac me.example` is parsed as if there were no space, and of
    `boss@acme.example <anna@evil.example>` Python gives the one or the other, by its version.
    """
    line, address = sender.casefold(), parseaddr(sender)[1].casefold()
    is_as_written = f"<{address}>" in line if "<" in line else address in line
    return address if "@" in address and is_as_written else ""


def domain_of(sender: str) -> str:
    """Take the folded domain out of a From header or an address; empty where there is none."""
    return fold_domain(address_of(sender).rpartition("@")[2])
