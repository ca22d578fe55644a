"""Work off the background queue: webhooks with their retries, and outgoing mail."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from email.utils import getaddresses
from typing import Any
from urllib.parse import urlsplit

import httpx

from connector.hosts.sandbox import articles, payload, post, triggers
from connector.hosts.sandbox.world import SYSTEM, Event, Job, Row, World

TRIES = 5  # of a webhook, with waits of 10, 20, 30 and 40 s between
MAIL_TRIES = 4  # with waits of 25, 50 and 75 s
CONNECT, READ, TOTAL = 4.0, 30.0, 60.0  # seconds
REFUSED = "Can't use Channel::Driver::Smtp: #<Net::SMTPFatalError: Net::SMTPFatalError>"


class Worker:
    """Be the one thread that Zammad has for all jobs: a receiver that hangs holds up everything behind it.

    `pace` scales every wait of the real queue: 1.0 is true to life, 0.001 makes seconds milliseconds. The time that a
    receiver has to answer is scaled too, but never below `patience` seconds.
    """

    def __init__(self, world: World, *, pace: float, patience: float) -> None:
        self.world = world
        self.pace = pace
        self.patience = patience
        self.outbox: list[bytes] = []
        self.rejected: set[str] = set()  # recipients whose server refuses the mail
        self.gives_up: list[Row] = []  # webhook jobs after their last try
        self._task: asyncio.Task[None] | None = None
        self._queue: list[tuple[float, int, Job]] = []
        self._count = itertools.count()
        self._woken = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()
        self._busy = False
        world.wake = self._woken.set

    async def start(self) -> None:
        """Begin to work."""
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="sandbox-worker")

    async def stop(self) -> None:
        """Stop at once; what is queued is forgotten, as with a killed process."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def pause(self) -> None:
        """Freeze the worker; jobs pile up and later see the world as it is then."""
        self._open.clear()

    def resume(self) -> None:
        """Let the frozen worker go on."""
        self._open.set()

    @property
    def pending(self) -> int:
        """Count the jobs that wait, run or will be tried again."""
        return len(self.world.jobs) + len(self._queue) + self._busy

    async def settle(self, within: float = 10.0) -> None:
        """Wait until nothing is left to do, retries included; raises TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            while self.pending and not self._died():  # noqa: ASYNC110  jobs come from many places, polling misses none
                await asyncio.sleep(0.001)

    def _died(self) -> bool:
        """Raise what ended the worker, rather than let everybody wait for it."""
        if self._task is None:
            raise RuntimeError("jobs are waiting, but the worker is not started: await Sandbox.start() first")
        return self._task.done() and self._task.result() is None

    async def _work(self) -> None:
        while True:
            self._take()
            if await self._idle():
                continue
            _, _, job = self._queue.pop(0)
            self._busy = True
            try:
                await self._do(job)
            finally:
                self._busy = False

    def _take(self) -> None:
        """Move new jobs into the queue, each with the time at which it is due."""
        now = asyncio.get_running_loop().time()
        while self.world.jobs:
            job = self.world.jobs.pop(0)
            self._queue.append((now + job.delay * self.pace, next(self._count), job))
        self._queue.sort(key=lambda entry: entry[:2])

    async def _idle(self) -> bool:
        """Sleep while there is nothing due; tell whether the queue must be looked at anew."""
        if not self._open.is_set():
            await self._open.wait()
            return True
        wait = self._queue[0][0] - asyncio.get_running_loop().time() if self._queue else None
        if wait is not None and wait <= 0:
            return False
        self._woken.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), wait)
        return True

    async def _do(self, job: Job) -> None:
        job.attempts += 1
        match job.kind:
            case "webhook":
                await self._deliver(job)
            case "mail":
                self._mail(job)

    def _again(self, job: Job, delay: float) -> None:
        due = asyncio.get_running_loop().time() + delay * self.pace
        self._queue.append((due, next(self._count), job))
        self._queue.sort(key=lambda entry: entry[:2])

    # webhooks

    async def _deliver(self, job: Job) -> None:
        webhook = self.world.get("webhook", job.payload["webhook_id"])
        ticket = self.world.get("ticket", job.payload["ticket_id"])
        if webhook is None or not webhook["active"] or ticket is None:
            return  # lost, not queued
        article = self.world.get("article", job.payload["article_id"]) if job.payload["article_id"] else None
        body = payload.encode(payload.build(self.world, webhook, ticket, article))
        headers = _headers(webhook, job, body)
        answer = await self._post(webhook, headers, body)
        self._log(webhook, headers, body, answer)
        if answer is not None and 300 <= answer.status_code < 400:
            self._log(webhook, headers, body, None)  # a redirect stands in the log twice: as itself, and as a failure
        if answer is not None and 200 <= answer.status_code < 300:
            return
        if job.attempts < TRIES:
            self._again(job, 10.0 * job.attempts)
        else:
            self.gives_up.append(job.payload)

    async def _post(self, webhook: Row, headers: list[tuple[bytes, bytes]], body: bytes) -> httpx.Response | None:
        """Send once; None when nobody answered in time. Each delivery has a connection of its own, as with Zammad."""
        user, password = webhook["basic_auth_username"], webhook["basic_auth_password"]
        auth = httpx.BasicAuth(user, password or "") if user else httpx.USE_CLIENT_DEFAULT
        wait, connect, total = (max(limit * self.pace, self.patience) for limit in (READ, CONNECT, TOTAL))
        timeout = httpx.Timeout(wait, connect=connect)
        # Reading the certificates of the world takes 20 ms, in which the whole process stands still.
        verify = bool(webhook["ssl_verify"]) and webhook["endpoint"].startswith("https:")
        try:
            async with (
                asyncio.timeout(2 * total),
                httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout, verify=verify) as client,
            ):
                return await client.post(webhook["endpoint"], content=body, headers=headers, auth=auth)
        except (httpx.TransportError, httpx.InvalidURL, TimeoutError):
            return None

    def _log(
        self, webhook: Row, headers: list[tuple[bytes, bytes]], body: bytes, answer: httpx.Response | None
    ) -> None:
        sent = "\n".join(f"{name.decode().lower()}: {value.decode()}" for name, value in headers)
        source = answer.headers.get("server") if answer is not None else None
        got: Row = {"code": 0, "content": "", "content_type": None, "content_encoding": None, "source": None}
        if answer is not None:
            lines = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
            content = f"{lines}\n\n{answer.text}"
            got = {**got, "code": str(answer.status_code), "content": content, "source": source}
        log = {
            "direction": "out",
            "facility": "webhook",
            "method": "POST",
            "url": webhook["endpoint"],
            "status": str(answer.status_code) if answer is not None else "0",
            "ip": None,
            "request": {
                "content": f"{sent}\n\n{body.decode()}",
                "content_type": "application/json; charset=utf-8",
                "content_encoding": None,
                "source": "Zammad User Agent",
            },
            "response": got,
            "updated_by_id": None,
            "created_by_id": None,
        }
        self.world.insert("http_log", log)

    # mail

    def _mail(self, job: Job) -> None:
        article = self.world.get("article", job.payload["article_id"])
        if article is None:
            return
        raw = post.compose(self.world, article)
        fields = [str(article[key]) for key in ("to", "cc") if article[key]]
        refused = self.rejected & {mail for _, mail in getaddresses(fields)}
        status: Row = {
            **article["preferences"],
            "delivery_retry": job.attempts,
            "delivery_channel_id": 3,
            "delivery_status_message": REFUSED if refused else None,
            "delivery_status": "fail" if refused else "success",
            "delivery_status_date": self.world.now(),
        }
        self.world.change("article", article, {"preferences": status})
        if not refused:
            self.outbox.append(raw)
            self.world.insert("raw_mail", {"article_id": article["id"], "_bytes": raw})
        elif job.attempts < MAIL_TRIES:
            self._again(job, 25.0 * job.attempts)
        else:
            self._complain(article)

    def _complain(self, article: Row) -> None:
        """Note on the ticket that a mail could not be sent, which fires update triggers."""
        ticket = self.world.one("ticket", article["ticket_id"])
        note = {
            "sender_id": articles.SYSTEM_SENDER,
            "from": "-",
            "internal": True,
            "body": f"Unable to send email to '{article['to']}': {REFUSED}",
            "preferences": {
                "delivery_article_id_related": article["id"],
                "delivery_message": True,
                "notification": True,
            },
        }
        made = articles.insert(self.world, ticket, note, by=SYSTEM)
        self.world.change("ticket", ticket, {}, by=SYSTEM)
        triggers.run(self.world, Event(kind="update", ticket_id=ticket["id"], article_id=made["id"]))


def _headers(webhook: Row, job: Job, body: bytes) -> list[tuple[bytes, bytes]]:
    port = urlsplit(webhook["endpoint"])
    pairs: list[tuple[str, Any]] = [
        ("Accept-Encoding", "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"),
        ("Accept", "*/*"),
        ("User-Agent", "Zammad User Agent"),
        ("Host", port.netloc.rpartition("@")[2]),
        ("X-Zammad-Trigger", job.payload["trigger"]),  # raw UTF-8 bytes, which servers hand out as latin-1
        ("X-Zammad-Delivery", job.payload["delivery"]),
        ("Content-Type", "application/json; charset=utf-8"),
    ]
    if webhook["signature_token"]:
        pairs.append(("X-Hub-Signature", payload.sign(body, webhook["signature_token"])))
    pairs.append(("Connection", "close"))
    return [(name.encode(), str(value).encode()) for name, value in pairs]
