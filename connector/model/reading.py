"""What a message says; the values live with the readers of messages."""

from connector.reading.reading import Reading

__all__ = ["Reading"]
