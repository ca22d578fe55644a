"""Whose word we take on where a mail came from."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamps:
    """The mail servers of ours that write `Authentication-Results`, by the name they write there (authserv-id)."""

    servers: frozenset[str] = frozenset()
    """Lower case; only what one of these says counts, since anybody can write such a header into his own mail."""
    are_written: bool = True
    """False where no server of ours stamps: then a From line is believed, and every evidence says so."""


NO_STAMPS = Stamps()
