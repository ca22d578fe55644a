"""Keep a secret where the admin wants it: in a file of settings, or alone in a file."""

import os
import re
from pathlib import Path

from connector.errors import Misconfigured


def keep(file: Path, setting: str, value: str) -> None:
    """Write a secret, readable by its owner only.

    A file of settings (`.env`) has the setting's line replaced or added and keeps all others; any other file holds the
    secret alone, as `X_FILE` and systemd's credentials want it. The file is replaced in one step, so that a daemon
    that starts meanwhile reads the old or the new one.
    """
    content = f"{value}\n"
    try:
        if file.suffix == ".env":
            content = _with_line(file.read_text(encoding="utf-8") if file.exists() else "", setting, value)
        new = file.with_name(f".{file.name}.new")
        new.touch(mode=0o600)
        new.chmod(0o600)
        new.write_text(content, encoding="utf-8")
        if file.exists():
            _take_over_owner(file, new)
        new.replace(file)
    except OSError as exc:
        raise Misconfigured(f"{file} cannot be written: {exc.strerror}; name another place with --store") from exc


def _with_line(text: str, setting: str, value: str) -> str:
    line = f"{setting}={value}"
    pattern = re.compile(rf"^#?{re.escape(setting)}=.*$", re.MULTILINE)
    if pattern.search(text):
        return pattern.sub(lambda _: line, text, count=1)
    return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{line}\n"


def _take_over_owner(file: Path, new: Path) -> None:
    """Leave the file to the user and group who had it: the daemon may be another user than the one who sets it up."""
    found = file.stat()
    if hasattr(os, "chown") and (found.st_uid, found.st_gid) != (new.stat().st_uid, new.stat().st_gid):
        os.chown(new, found.st_uid, found.st_gid)
    new.chmod(found.st_mode & 0o640)
