"""Say no the way Zammad says it."""

from __future__ import annotations

import secrets
from typing import Any


class Refusal(Exception):
    """Carry the status and text of an answer that is not a success.

    `hidden` texts reach administrators only; everybody else reads "Error ID ...: Please contact your administrator."
    """

    def __init__(self, status: int, text: str, *, hidden: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.hidden = hidden

    def body(self, *, admin: bool) -> dict[str, Any]:
        """Show the text to whoever may read it."""
        if not self.hidden:
            return {"error": self.text, "error_human": self.text}
        if admin:
            return {"error": self.text}
        return {"error": f"Error ID {secrets.token_urlsafe(6)}: Please contact your administrator."}


def not_found(kind: str, id_: object) -> Refusal:
    """Word a 404 as ActiveRecord does: ids from the path are quoted, ids from JSON are not."""
    shown = f'"{id_}"' if isinstance(id_, str) else str(id_)
    return Refusal(404, f"Couldn't find {kind} with 'id'={shown}")


def no_page() -> Refusal:
    """Word the 404 of a route that does not exist, also of a known path with another method."""
    return Refusal(404, "This page doesn't exist.")


def not_authorized() -> Refusal:
    """Word the 403 of an object that this person may not touch."""
    return Refusal(403, "Not authorized")


def unprocessable(text: str, *, hidden: bool = False) -> Refusal:
    """Word a 422."""
    return Refusal(422, text, hidden=hidden)


def missing(field: str) -> Refusal:
    """Word the 422 of a required attribute; only an administrator reads which one."""
    return unprocessable(f"Missing required value for field '{field}'!", hidden=True)


def no_lookup(field: str, value: object) -> Refusal:
    """Word the 422 of a name that belongs to nothing."""
    return unprocessable(f"No lookup value found for '{field}': \"{value}\"")
