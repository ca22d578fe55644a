"""The commands of the tutorial, run as they stand there, on a sandbox helpdesk."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from connector.hosts.sandbox import ADMIN_TOKEN
from tests.desk import Desk, desk, free_port

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
BLOCK = re.compile(r"(?:`([\w.]+)`[^\n]*:\n\n)?```(\w+)\n(.*?)```", re.DOTALL)
BIN = Path(sys.executable).parent
SKIPPED = ("python3 -m venv", "venv/bin/pip", "export PATH")
CODES = {"setup plan": {1}, "doctor": {0, 1}, "backfill": {0, 1}}
"""Commands whose exit code says that there is something to read; the others end with 0."""


class Reader:
    """Somebody who types what the page says."""

    def __init__(self, place: Desk, folder: Path) -> None:
        """Sit down before an empty directory."""
        self.place = place
        self.folder = folder
        self.port = free_port()
        self.daemon: subprocess.Popen[bytes] | None = None
        self.said: dict[str, str] = {}
        self.env = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(folder)}

    def write(self, name: str, text: str) -> None:
        """Write a file; the address of the helpdesk is another one here, and so is the port."""
        text = text.replace("https://helpdesk.example.com", self.place.url).replace("8765", str(self.port))
        if name == "config.env":
            text += f"HELPDESK_POLICY_LISTEN_PORT={self.port}\n"
        (self.folder / name).write_text(text, encoding="utf-8")

    def type(self, line: str) -> None:
        """Type one line."""
        if line.startswith(SKIPPED):
            return
        if line.startswith("export "):
            name, _, _ = line.removeprefix("export ").partition("=")
            self.env[name] = ADMIN_TOKEN
        elif line.endswith(" &"):
            self.daemon = subprocess.Popen([BIN / "helpdesk-policy", "run"], cwd=self.folder, env=self.env)
            self.wait_for_the_door()
        elif line.startswith("kill"):
            assert self.daemon is not None
            self.daemon.send_signal(signal.SIGHUP if "-HUP" in line else signal.SIGTERM)
            if "-HUP" not in line:
                assert self.daemon.wait(15) == 0
                self.daemon = None
        else:
            self.run(line)

    def run(self, line: str) -> None:
        """Run a command to its end; what would be asked is answered with yes, for there is no terminal."""
        words = line.split()
        if "explain" in words:
            words[-1] = str(self.place.mail("marc@dubois.example").number)
        if words[1:3] in (["setup", "apply"], ["setup", "destroy"]):
            words.append("--yes")
        ended = subprocess.run(
            [BIN / words[0], *words[1:]],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        allowed = next((codes for words, codes in CODES.items() if words in line), {0})
        assert ended.returncode in allowed, f"{line}\n{ended.stdout}\n{ended.stderr}"
        self.said[line] = ended.stdout

    def wait_for_the_door(self) -> None:
        """Wait until the daemon is up."""
        for _ in range(300):
            try:
                if requests.get(f"http://127.0.0.1:{self.port}/health/ready", timeout=2).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.1)
        raise AssertionError("the daemon did not start")


def test_the_commands_of_the_tutorial_do_what_it_says(tmp_path: Path) -> None:
    with desk() as place:
        reader = Reader(place, tmp_path)
        try:
            for name, kind, text in BLOCK.findall(PAGE.read_text("utf-8")):
                if kind == "sh":
                    for line in text.splitlines():
                        reader.type(line)
                else:
                    reader.write(name or "policy.yaml", text)
        finally:
            if reader.daemon is not None:
                reader.daemon.kill()
                reader.daemon.wait(15)
        triggers = place.do(lambda: [row["name"] for row in place.box.world.rows("trigger")])

    said = reader.said
    assert "round trip: a change of ticket" in said["helpdesk-policy doctor"]
    assert "problem" not in said["helpdesk-policy doctor"].replace("0 problems", "")
    assert "Dubois Transports" in said["helpdesk-policy explain 69002"]
    assert "enforce" in said["helpdesk-policy rules"]
    assert not [name for name in triggers if name.startswith("helpdesk-policy")]
