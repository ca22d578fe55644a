"""Say what a message asks for, and on which of its words that rests."""

from connector.reading.lexicon import LexiconError, Lexicons, builtin_lexicons, load_lexicons
from connector.reading.read import read
from connector.reading.reading import Reading, Secret, Topic, Verdict, Words

__all__ = [
    "LexiconError",
    "Lexicons",
    "Reading",
    "Secret",
    "Topic",
    "Verdict",
    "Words",
    "builtin_lexicons",
    "load_lexicons",
    "read",
]
