"""Run the door, the worker and the sweep together, and stop them in order."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
import uvicorn

from connector.errors import HelpdeskPolicyError, Misconfigured
from connector.intake import Receipt
from connector.web.app import Door, Receive, make_app
from connector.wiring import House, clock
from connector.worker import Worker

DRAIN = 2
"""Seconds that requests under way at the door have to end in at a stop."""

LEAVE = 0.5
"""Seconds that the database has to take the leases of the sweeps back at a stop."""

log = structlog.get_logger()


class _Server(uvicorn.Server):
    """Leave the signals to us: the worker has to stop with the door."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, kw_only=True)
class Running:
    """A daemon at work."""

    url: str
    """Where the door is."""
    failed: asyncio.Event
    """Set when a part ended that should not have."""


@asynccontextmanager
async def running(house: House, *, poll: float = 1.0) -> AsyncIterator[Running]:
    """Run the daemon while inside; on leaving, all of it has stopped within 8 seconds.

    `poll` is how many seconds an idle worker waits before it asks the table again.
    """
    settings = house.settings
    door = Door(
        receivers={name: _receiver(house, name) for name in house.hosts},
        counts=house.counts,
        metrics=house.metrics,
        metrics_bearer=settings.metrics_bearer,
        body_limit=settings.body_limit,
    )
    listening = _listen(settings.listen_host, settings.listen_port)
    config = uvicorn.Config(
        make_app(door), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=DRAIN
    )
    server = _Server(config)
    worker = Worker(house.store, house.take, name=house.name, clock=clock, at_once=settings.looks_at_once, poll=poll)
    failed = asyncio.Event()
    tasks = [
        asyncio.create_task(server.serve(sockets=[listening]), name="door"),
        asyncio.create_task(worker.run(), name="worker"),
        asyncio.create_task(_keep_sweeping(house), name="sweep"),
    ]
    for task in tasks:
        task.add_done_callback(_telling(failed))
    url = "http://{}:{}".format(*listening.getsockname()[:2])
    log.info("started", url=url, hosts=",".join(house.hosts), policy=house.rulebook.policy.revision)
    try:
        yield Running(url=url, failed=failed)
    finally:
        server.should_exit = True
        tasks[2].cancel()
        worker.stop()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(HelpdeskPolicyError, TimeoutError):
            async with asyncio.timeout(LEAVE):
                await house.leave()
        log.info("stopped")


async def run(house: House) -> int:
    """Run until SIGTERM or SIGINT, and reload on SIGHUP; gives the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(house) as daemon, _reloading(house):
        waits = [asyncio.create_task(stop.wait()), asyncio.create_task(daemon.failed.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        return 0 if stop.is_set() else 1


@asynccontextmanager
async def _reloading(house: House) -> AsyncIterator[None]:
    """Reload whenever SIGHUP comes; what is wrong is logged, and the old policy stays in force."""
    asked = asyncio.Event()

    async def reload() -> None:
        while True:
            await asked.wait()
            asked.clear()
            try:
                await house.reload()
            except HelpdeskPolicyError as exc:
                log.error("reload_failed", error=str(exc), policy=house.rulebook.policy.revision)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    task = asyncio.create_task(reload(), name="reload")
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
        task.cancel()


def _telling(failed: asyncio.Event) -> Callable[[asyncio.Task[None]], None]:
    """Set the event when a part has ended, and say so where it fell."""

    def tell(task: asyncio.Task[None]) -> None:
        failed.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("part_failed", part=task.get_name(), exc_info=task.exception())

    return tell


def _receiver(house: House, name: str) -> Receive:
    async def receive(headers: Mapping[str, str], body: bytes) -> Receipt:
        return await house.receive(house.hosts[name], headers, body)  # asked for anew: a reload brings new secrets

    return receive


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family)
    except OSError as exc:
        raise Misconfigured(
            f"cannot listen on {host}:{port}: {exc.strerror}; is a daemon running already, or is another port meant?"
        ) from exc
    # asyncio does so only for sockets that name their protocol; without it, answers wait 40 ms for more to send.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


async def _keep_sweeping(house: House) -> None:
    """Sweep every host at once and then every few minutes; a host that is down is swept when it is back."""
    while True:
        for host in house.hosts.values():
            try:
                await house.sweep(host)
            except HelpdeskPolicyError as exc:
                log.warning("sweep_failed", host=host.name, error=str(exc))
            except Exception:  # a fault of ours over one host's answer may not close the door to all
                log.exception("sweep_failed", host=host.name)
        with contextlib.suppress(HelpdeskPolicyError):
            await house.prune()
        await asyncio.sleep(house.settings.sweep_minutes * 60)
