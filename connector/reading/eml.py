"""Turn the bytes of a mail file into a message, whatever state they are in."""

from email import policy
from email.errors import MessageError
from email.header import decode_header
from email.message import EmailMessage
from email.message import Message as Mime
from email.parser import BytesParser
from typing import Final

from connector.model.message import Channel, Message

_MAX_PARTS: Final = 200
"""Parts that are looked at; a hostile mail nests thousands."""
_MAX_BYTES: Final = 30_000_000


def message_from_bytes(raw: bytes) -> Message:
    """Parse a mail; what cannot be decoded is replaced, never refused."""
    mime = BytesParser(_class=EmailMessage, policy=policy.compat32).parsebytes(raw[:_MAX_BYTES])
    plain: list[str] = []
    html: list[str] = []
    names: list[str] = []
    for part in _leaves(mime):
        name = _decoded(part.get_filename() or "")
        if name or "attachment" in str(part.get("Content-Disposition", "")).lower():
            names.append(name or part.get_content_type())
        elif part.get_content_type() == "text/plain":
            plain.append(_text(part))
        elif part.get_content_type() == "text/html":
            html.append(_text(part))
    use_html = bool(html) and not any(text.strip() for text in plain)
    return Message(
        subject=_decoded(mime.get("Subject", "")),
        body="\n".join(html if use_html else plain),
        is_html=use_html,
        sender=_decoded(mime.get("From", "")),
        channel=Channel.EMAIL,
        headers=tuple((name, _decoded(value)) for name, value in mime.items()),
        attachments=tuple(names),
    )


def _leaves(mime: Mime) -> list[Mime]:
    """List the parts that hold something, without recursion; an attached mail is an attachment."""
    leaves: list[Mime] = []
    waiting: list[Mime] = [mime]
    while waiting and len(leaves) < _MAX_PARTS:
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(reversed([inner for inner in payload[:_MAX_PARTS] if isinstance(inner, Mime)]))
        else:
            leaves.append(part)
    return leaves


def _text(part: Mime) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = str(part.get_param("charset") or "utf-8").strip("'\" ").lower()
    for candidate in (charset, "utf-8", "cp1252"):
        try:
            return payload.decode(candidate)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return payload.decode("latin-1")


def _decoded(value: object) -> str:
    """Decode a header that may be encoded, broken or both."""
    text = str(value)
    try:
        pieces = decode_header(text)
    except (MessageError, ValueError):
        return text
    shown = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            shown.append(piece)
            continue
        try:
            shown.append(piece.decode(charset or "utf-8", "replace"))
        except LookupError:
            shown.append(piece.decode("utf-8", "replace"))
    return "".join(shown).replace("\n", " ").replace("\r", "")
