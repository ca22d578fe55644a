"""What a person sent us, before anyone has understood it."""

from dataclasses import dataclass
from enum import StrEnum


class Channel(StrEnum):
    """The way a message came in."""

    EMAIL = "email"
    PHONE = "phone"
    WEB = "web"
    CHAT = "chat"
    SMS = "sms"
    NOTE = "note"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message as it arrived; bodies may be plain text or HTML, and may be hostile."""

    subject: str = ""
    body: str = ""
    is_html: bool = False
    sender: str = ""
    """As in a From header: `Anna Nowak <anna.nowak@firma.example>` or a bare address; may be empty."""
    channel: Channel = Channel.EMAIL
    headers: tuple[tuple[str, str], ...] = ()
    """In the order they came; empty where the host keeps none."""
    attachments: tuple[str, ...] = ()
    """File names only."""
