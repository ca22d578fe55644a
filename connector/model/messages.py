"""What customers and agents are told: texts by key and language, with places for values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Template


@dataclass(frozen=True, slots=True)
class Text:
    """A subject and a body; an internal note has no subject."""

    subject: str
    body: str

    @property
    def places(self) -> frozenset[str]:
        """Name the places that values go into."""
        return frozenset(Template(self.subject).get_identifiers()) | frozenset(Template(self.body).get_identifiers())


@dataclass(frozen=True, slots=True)
class Messages:
    """All texts; one that a language lacks is taken from the organisation's own, else from English."""

    texts: Mapping[str, Mapping[str, Text]] = field(default_factory=dict, hash=False)
    """Language (`pl`), then key (`contract.none`)."""
    own: str = "en"
    """The organisation's own language, in which agents are addressed."""

    def write(self, key: str, language: str = "", /, **values: object) -> Text:
        """Fill a text in; the organisation's own language where none is said. Raises KeyError for an unknown key."""
        for each in (language, self.own, "en"):
            text = self.texts.get(each, {}).get(key)
            if text is not None:
                filled = {name: str(value) for name, value in values.items()}
                return Text(Template(text.subject).substitute(filled), Template(text.body).substitute(filled))
        raise KeyError(f"there is no message {key!r} in {language or self.own}, nor in English")


NO_MESSAGES = Messages()
