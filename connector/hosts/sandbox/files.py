"""Keep the files of articles, and those of forms that are not sent yet."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from connector.hosts.sandbox.refusal import unprocessable
from connector.hosts.sandbox.world import SYSTEM, Row, World


def decode(attachments: list[Row]) -> list[Row]:
    """Read the files that a client sent as base64."""
    files = []
    for index, attachment in enumerate(attachments):
        for key in ("filename", "data", "mime-type"):
            if not attachment.get(key):
                raise unprocessable(f"Attachment needs '{key}' param for attachment with index '{index}'")
        try:
            data = base64.b64decode("".join(str(attachment["data"]).split()), validate=True)
        except binascii.Error as exc:
            raise unprocessable(f"Invalid base64 for attachment with index '{index}'") from exc
        files.append({"name": attachment["filename"], "data": data, "kind": attachment["mime-type"]})
    return files


def add_file(world: World, o_id: object, *, name: str, data: bytes, kind: str, by: int = SYSTEM, **more: Any) -> Row:
    """Store a file of an article, or (a text as o_id) of an unsent form."""
    same = next((each["store_file_id"] for each in world.rows("file") if each["_bytes"] == data), None)
    store = same or world.next_id.get("store", 1)  # equal bytes are stored once
    world.next_id["store"] = max(store + 1, world.next_id.get("store", 1))
    values = {
        "store_object_id": 2,
        "store_file_id": store,
        "object": "UploadCache" if isinstance(o_id, str) else "Ticket::Article",
        "o_id": o_id,
        "preferences": {"Mime-Type": kind, **more},
        "size": str(len(data)),
        "filename": name,
        "_bytes": data,
    }
    return world.insert("file", values, by=by)


def clone_files(world: World, article: Row, form_id: str, by: int) -> list[Row]:
    """Copy an article's files to a form, from which a new article can adopt them; not what lies there already."""
    shown = []
    for file in world.where("file", object="Ticket::Article", o_id=article["id"]):
        there = world.where("file", object="UploadCache", o_id=form_id)
        if any((each["filename"], each["size"]) == (file["filename"], file["size"]) for each in there):
            continue
        kind = file["preferences"].get("Mime-Type", "application/octet-stream")
        clone = add_file(world, form_id, name=file["filename"], data=file["_bytes"], kind=kind, by=by)
        keys = ("id", "store_object_id", "store_file_id", "o_id", "preferences", "size", "filename", "created_by_id")
        shown.append({key: clone[key] for key in (*keys, "created_at", "updated_at")})
    return shown


def adopt_files(world: World, article: Row, form_id: str) -> None:
    """Move a form's files to the article that was sent with it."""
    for file in world.where("file", object="UploadCache", o_id=form_id):
        world.change("file", file, {"object": "Ticket::Article", "o_id": article["id"]})
