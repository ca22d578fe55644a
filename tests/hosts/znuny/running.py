"""Start a real Znuny for the tests, with the add-on installed as an admin installs it."""

import email
import email.policy
import hashlib
import queue
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import yaml
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from connector.hosts.znuny import provision
from connector.hosts.znuny.client import WEB_SERVICE
from tests.hosts.ground import Delivery

SCRIPT = Path(__file__).parent / "server" / "server.sh"
TOKEN = "webhook-token-0123456789"
BASIC = "znuny:webhook-password"
BOT, PASSWORD = "policy-bot", "policy-bot-pw"
AGENT, AGENT_PASSWORD = "agent1", "agent1-pw"
STOCK = "Stock"
HANDS = "Hands"


class Place(BaseSettings):
    """Where the server is to be, in the variables of its script: ZNUNY_DIR and so on."""

    model_config = SettingsConfigDict(env_prefix="ZNUNY_")

    dir: Path = Path("/var/tmp/helpdesk-policy-znuny")
    port: int = 0
    pgport: int = 0
    """0 takes a free one."""
    test: bool = False
    """Whether to start one where none was brought up before."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Znuny on loopback: its program, its database, its mails."""

    folder: Path
    port: int
    pg_port: int

    @classmethod
    def named(cls) -> "Server":
        """Name the server by the environment."""
        place = Place()
        return cls(folder=place.dir, port=place.port or free_port(), pg_port=place.pgport or free_port())

    @property
    def url(self) -> str:
        """Give the address below which everything of Znuny lies."""
        return f"http://127.0.0.1:{self.port}/otrs"

    def run(self, *command: str) -> None:
        """Run the server's script."""
        place = [f"ZNUNY_DIR={self.folder}", f"ZNUNY_PORT={self.port}", f"ZNUNY_PGPORT={self.pg_port}"]
        done = subprocess.run(["env", *place, str(SCRIPT), *command], check=False, capture_output=True, text=True)
        assert done.returncode == 0, f"server.sh {' '.join(command)}: {done.stderr[-4000:]}"

    def console(self, *command: str, given: bytes = b"", may_fail: bool = False) -> str:
        """Run a command of Znuny's console as its own user, as an admin does."""
        as_www = ["runuser", "-u", "www-data", "--", "env", f"HOME={self.folder}", "LC_ALL=C.UTF-8"]
        argv = [*as_www, "perl", "bin/otrs.Console.pl", *command]
        done = subprocess.run(argv, check=False, cwd=self.folder / "home", input=given, capture_output=True)
        said = (done.stdout + done.stderr).decode(errors="replace")
        assert may_fail or done.returncode == 0, f"{' '.join(command)}: {said[-4000:]}"
        return said

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        where = f"host=127.0.0.1 port={self.pg_port} user=otrs dbname=otrs_live"
        with psycopg.connect(where, autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def receive(self, mail: bytes, queue: str) -> str:
        """Hand a mail to the postmaster as the mail server does; give the id of its ticket."""
        message_id = email.message_from_bytes(mail)["Message-ID"]
        self.console("Maint::PostMaster::Read", "--target-queue", queue, given=mail)
        [(ticket,)] = self.sql(
            "SELECT a.ticket_id FROM article a JOIN article_data_mime m ON m.article_id = a.id"
            " WHERE m.a_message_id = %s",
            message_id,
        )
        return str(ticket)

    def mails(self) -> list[EmailMessage]:
        """Let the mails that wait leave, and give all that left."""
        for _ in range(60):
            said = self.console("Maint::Email::MailQueue", "--send", may_fail=True)
            if "already in progress" not in said:
                break
            time.sleep(0.5)  # the daemon is at it
        files = sorted((self.folder / "mail").glob("*.eml"))
        return [email.message_from_bytes(each.read_bytes(), policy=email.policy.default) for each in files]

    def service(self, command: str, name: str, content: str) -> None:
        """Add a web service, or update it."""
        file = self.folder / "spool" / f"{name}.yml"
        file.write_text(content, encoding="utf-8")
        which = ["--name", name]
        if command == "Update":
            [(number,)] = self.sql("SELECT id FROM gi_webservice_config WHERE name = %s", name)
            which = ["--webservice-id", str(number)]
        self.console(f"Admin::WebService::{command}", *which, "--source-path", str(file))

    def bot(self) -> int:
        """Give the id of the user that the host under test works as."""
        [(number,)] = self.sql("SELECT id FROM users WHERE login = %s", BOT)
        return int(number)

    def make_ready(self) -> None:
        """Start, and get to the state in which an admin has just set us up; kept as the database `ready`."""
        self.run("down")  # it may be up on other ports
        self.run("up")
        package = provision.package()
        scripts = b"".join(each.read_bytes() for each in sorted(SCRIPT.parent.rglob("*")) if each.is_file())
        key = hashlib.sha256(package + scripts + web_service(self, hook="http://127.0.0.1:1/").encode()).hexdigest()
        mark = self.folder / "ready.key"
        if mark.exists() and mark.read_text() == key:
            self.run("reset", "ready")
            return
        mark.unlink(missing_ok=True)
        self.run("reset", "seed")
        file = self.folder / "spool" / f"{provision.NAME}-{provision.VERSION}.opm"
        file.write_bytes(package)
        self.console("Admin::Package::Install", str(file))
        omitted = self.folder / "spool" / "omitted.yml"
        omitted.write_text(provision.omitted())
        self.console("Admin::Config::Update", "--setting-name", provision.OMITTED, "--source-path", str(omitted))
        self.service("Add", WEB_SERVICE, silent(web_service(self, hook="http://127.0.0.1:1/")))
        self.service("Add", STOCK, silent(web_service(self, hook="http://127.0.0.1:1/", with_add_on=False)))
        self.service("Add", HANDS, (SCRIPT.parent / "hands.yml").read_text(encoding="utf-8"))
        self.run("keep", "ready")
        mark.write_text(key)


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def web_service(server: Server, *, hook: str, with_add_on: bool = True) -> str:
    """Write the web service as `setup` does."""
    return provision.web_service(
        url=hook, token=SecretStr(TOKEN), basic=SecretStr(BASIC), bot=server.bot(), with_add_on=with_add_on
    )


def silent(service: str) -> str:
    """Take the events out of a web service: two deliveries a second are what Znuny can do, and most tests need none."""
    content = yaml.safe_load(service)
    content["Requester"]["Invoker"]["Changed"]["Events"] = []
    return yaml.safe_dump(content)


@dataclass(frozen=True, kw_only=True)
class Receiver:
    """What Znuny's deliveries come to in place of the daemon."""

    url: str
    deliveries: "queue.Queue[Delivery]"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen for deliveries on a free port, and answer each as the daemon does."""
    deliveries: queue.Queue[Delivery] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            deliveries.put(Delivery(headers=headers, body=body))
            answer = b'{"outcome":"woken"}'
            self.send_response(202)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield Receiver(url=f"http://127.0.0.1:{listening.server_address[1]}/hooks/znuny", deliveries=deliveries)
        listening.shutdown()
        thread.join()
