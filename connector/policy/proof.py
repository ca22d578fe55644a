"""Judge by a mail's own bytes who sent it, as far as our mail server vouches for it.

Only the bytes count: what the helpdesk shows as sender, channel or author of an article can be written by any program
with an agent's rights, and Zammad accepts a stranger's mail with the right number into the ticket.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from functools import cache, lru_cache
from typing import Any

from authres import AuthenticationResultsHeader, FeatureContext, dmarc
from authres.core import AuthResError
from publicsuffixlist import PublicSuffixList

from connector.model.stamps import Stamps
from connector.policy.address import fold_domain

STAMP = "Authentication-Results"
MACHINES: Mapping[str, Callable[[str], bool]] = {
    "auto-submitted": lambda value: value.partition(";")[0].strip() not in {"", "no"},
    "precedence": lambda value: value in {"bulk", "junk", "list", "auto_reply"},
    "x-autoreply": lambda value: value not in {"", "no"},
    "x-autorespond": lambda value: value not in {"", "no"},
    "x-failed-recipients": bool,
    "return-path": lambda value: value == "<>",
    "content-type": lambda value: value.startswith(("multipart/report", "message/delivery-status")),
}
"""Headers by which a mail says that no person wrote it; `X-Auto-Response-Suppress` stands in people's mails too."""

FEATURES = FeatureContext(dmarc)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """What a mail's bytes say of themselves; nothing of it is proven but by `verdict`."""

    address: str
    """The one address in From, folded; empty where there is none, or more than one."""
    message_id: str
    sent_at: datetime | None
    digest: str
    """SHA-256 of the bytes as the host gave them."""
    machine: str
    """The header that says that no person wrote it; empty for a person's mail."""
    is_authentic: bool
    verdict: str
    """What our server said of it, or why that does not suffice."""


def read_mail(raw: bytes, stamps: Stamps) -> Mail:
    """Read the headers of a mail, and judge whether it comes from where it says."""
    heads = BytesParser(policy=compat32).parsebytes(raw, headersonly=True)
    address = _author(heads)
    is_authentic, verdict = _authenticate(heads, address, stamps)
    return Mail(
        address=address,
        message_id=_line(heads.get("Message-ID")),
        sent_at=_moment(_line(heads.get("Date"))),
        digest=hashlib.sha256(raw).hexdigest(),
        machine=_machine(heads),
        is_authentic=is_authentic,
        verdict=verdict,
    )


def is_aligned(domain: str, author: str) -> bool:
    """Tell whether two domains belong to one organisation, as DMARC compares them (RFC 7489, 3.1, relaxed)."""
    return bool(domain and author) and _organisation(domain) == _organisation(author)


def _author(heads: Message) -> str:
    """Give the only author; a second From line or a second address is how a forger shows one and proves another."""
    lines = [_line(each) for each in heads.get_all("From", [])]
    found = [address for _, address in getaddresses(lines) if "@" in address]
    if len(lines) != 1 or len(found) != 1:
        return ""
    local, _, domain = found[0].rpartition("@")
    folded = fold_domain(domain)
    return f"{local.strip().casefold()}@{folded}" if local.strip() and folded else ""


def _authenticate(heads: Message, address: str, stamps: Stamps) -> tuple[bool, str]:
    if not address:
        return False, "the mail does not name exactly one author in From"
    if not stamps.are_written:
        return True, "not checked: the policy says that no mail server of ours stamps (mail.stamped)"
    if not stamps.servers:
        return False, "no mail server of ours is named (mail.authserv_ids), so nobody vouches for the mail"
    for text in heads.get_all(STAMP, []):
        stamp = _stamp(_line(text))
        if stamp is None or (stamp.authserv_id or "").casefold() not in stamps.servers:
            continue
        return _weigh(stamp, address.rpartition("@")[2])  # the topmost is the last that was written: others are old
    return False, f"the mail carries no {STAMP} of {' or '.join(sorted(stamps.servers))}"


def _stamp(text: str) -> AuthenticationResultsHeader | None:
    try:
        return FEATURES.parse(f"{STAMP}: {text}")
    except (AuthResError, ValueError, IndexError):
        return None


def _weigh(stamp: AuthenticationResultsHeader, domain: str) -> tuple[bool, str]:
    """DMARC decides where it was checked; else SPF or DKIM, where it speaks for the author's own organisation."""
    results = list(_results(stamp))
    server = str(stamp.authserv_id)
    by_dmarc = {result: about for method, result, about in results if method == "dmarc"}
    if "fail" in by_dmarc or "reject" in by_dmarc or "quarantine" in by_dmarc:
        return False, f"{server} says dmarc=fail for {domain}"
    if "pass" in by_dmarc:
        about = by_dmarc["pass"]
        if about and not is_aligned(about[0], domain):
            return False, f"{server} says dmarc=pass for {about[0]}, the author is of {domain}"
        return True, f"{server} says dmarc=pass for {domain}"
    for method, result, about in results:
        aligned = next((each for each in about if is_aligned(each, domain)), "")
        if method in {"dkim", "spf"} and result == "pass" and aligned:
            return True, f"{server} says {method}=pass for {aligned}, which is of the author's organisation"
    said = ", ".join(f"{method}={result}" for method, result, _ in results) or "nothing"
    return False, f"{server} says {said}: none of it speaks for {domain}"


def _results(stamp: AuthenticationResultsHeader) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give method, result and the domains that each is about."""
    for each in stamp.results:
        method, result = str(each.method).casefold(), str(each.result).casefold()
        names = {"dmarc": ("from",), "dkim": ("d", "i"), "spf": ("mailfrom",)}.get(method, ())
        about = [str(part.value) for name in names for part in each.properties if part.name == name]
        yield method, result, tuple(fold_domain(value.rpartition("@")[2].strip("<>\"' ")) for value in about)


def _machine(heads: Message) -> str:
    for name, value in heads.items():
        says_so = MACHINES.get(name.casefold())
        line = _line(value)
        if says_so is not None and says_so(line.casefold()):
            return f"{name}: {line[:60]}"
    return ""


def _moment(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)  # `-0000`: the time is UTC, the place is not told


def _line(value: object) -> str:
    return " ".join(str(value).split()) if value is not None else ""


@cache
def _suffixes() -> Any:  # the list comes without types
    return PublicSuffixList()


@lru_cache(maxsize=1024)  # bounded: the domains are what strangers write
def _organisation(domain: str) -> str:
    return str(_suffixes().privatesuffix(domain) or domain)
