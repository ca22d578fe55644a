"""Serve the pretended helpdesk over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import html
import json
import uuid
from dataclasses import replace
from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as HttpRoute

from connector.hosts.sandbox import access, routes, triggers
from connector.hosts.sandbox.access import Actor
from connector.hosts.sandbox.call import Call, Reply, read_query
from connector.hosts.sandbox.faults import Fault, Seen
from connector.hosts.sandbox.refusal import Refusal, no_page
from connector.hosts.sandbox.world import SYSTEM, World

if TYPE_CHECKING:
    from connector.hosts.sandbox import Sandbox

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def build(box: Sandbox) -> Starlette:
    """Build the ASGI application of one sandbox."""

    async def api(request: Request) -> Response:
        return await _answer(box, request)

    async def receive(request: Request) -> Response:
        if not box.back_doors:
            return JSONResponse({"error": "The back doors are closed."}, 404)
        got = box.receive_mail(await request.body())
        return JSONResponse({"ticket_id": got.ticket_id, "number": got.number, "article_id": got.article_id}, 201)

    async def outbox(_: Request) -> Response:
        if not box.back_doors:
            return JSONResponse({"error": "The back doors are closed."}, 404)
        return JSONResponse([raw.decode("utf-8", "replace") for raw in box.outbox])

    return Starlette(
        routes=[
            HttpRoute("/sandbox/mail", receive, methods=["POST"]),
            HttpRoute("/sandbox/outbox", outbox, methods=["GET"]),
            HttpRoute("/{path:path}", api, methods=METHODS),
        ]
    )


async def _answer(box: Sandbox, request: Request) -> Response:
    method, path = request.method, request.url.path
    body = await request.body()
    fault = next((fault for fault in box.faults if fault.hits(method, path)), None)
    if fault is not None and fault.effect == "hang":
        await asyncio.sleep(fault.seconds)
    if fault is not None and fault.effect == "status":
        response: Response = JSONResponse({"error": f"fault: {fault.status}"}, fault.status)
    elif fault is not None and fault.effect == "close_before":
        response = Response()
    else:
        response = respond(box.world, request, body)
    if fault is not None and fault.effect in ("close_before", "close_after"):
        return await _hang_up(box, request, fault)
    box.requests.add(Seen(method=method, path=path, query=request.url.query, status=response.status_code))
    response.headers["date"] = format_datetime(box.world.clock().astimezone(UTC), usegmt=True)
    return response


async def _hang_up(box: Sandbox, request: Request, fault: Fault) -> Response:
    """Cut the connection; without a real one (in-process ASGI) the client sees the exception itself."""
    box.requests.add(Seen(method=request.method, path=request.url.path, query=request.url.query))
    transport = box.connections.get((request.client.host, request.client.port)) if request.client else None
    if transport is None:
        raise ConnectionResetError(f"fault: {fault.effect}")
    transport.abort()
    await asyncio.sleep(0.01)  # lets the server see the closed connection before it would answer
    return Response()


def respond(world: World, request: Request, body: bytes) -> Response:
    """Answer one API request; a write is done in full or not at all."""
    method, path = request.method, request.url.path
    if method == "PATCH":
        return JSONResponse({"status": 404, "error": "Not Found"}, 404)
    actor: Actor | None = None
    try:
        actor = _who(world, request)
        reply = _handle(world, actor, method, path, request, body)
    except Refusal as no:
        return _refuse(no, actor, request)
    return _respond(reply, request)


def _who(world: World, request: Request) -> Actor | None:
    actor = access.authenticate(world, request.headers)
    other = request.headers.get("x-on-behalf-of") or request.headers.get("from")
    return access.on_behalf(world, actor, other) if actor and other else actor


def _handle(world: World, actor: Actor | None, method: str, path: str, request: Request, body: bytes) -> Reply:
    found = routes.find(method, path)
    if found is None:
        raise no_page()
    route, args = found
    if actor is None and route.public:
        actor = Actor(user=world.one("user", SYSTEM), roles=frozenset(), token=frozenset())
    actor = access.require(actor, *route.needs)
    params = {**read_query(request.url.query), **_json(body)}
    call = Call(world=world, actor=actor, args=args, params=params, headers=request.headers)
    with world.transaction():
        reply = route.handler(call)
        run_triggers(world)
    world.wake()
    return replace(reply, body=reply.late(), late=None) if reply.late else reply


def run_triggers(world: World) -> None:
    """Let the triggers judge what this transaction did."""
    while world.events:
        triggers.run(world, world.events.pop(0))


def _json(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        params = json.loads(body)
    except ValueError as exc:
        raise Refusal(500, "Error occurred while parsing request parameters", hidden=True) from exc
    return params if isinstance(params, dict) else {"_json": params}


def _refuse(no: Refusal, actor: Actor | None, request: Request) -> Response:
    headers = {"x-request-id": str(uuid.uuid4()), "cache-control": "no-cache"}
    if "html" in request.headers.get("accept", "") and "json" not in request.headers.get("accept", ""):
        text = f"<!DOCTYPE html>\n<title>{no.status}</title>\n<div>{html.escape(no.text)}</div>\n"
        return Response(text, no.status, headers, "text/html")
    if no.status in (401, 403):
        headers["x-failure"] = no.text
    return JSONResponse(no.body(admin=actor is not None and actor.is_admin), no.status, headers)


def _respond(reply: Reply, request: Request) -> Response:
    raw = reply.raw if reply.raw is not None else _encode(reply)
    headers = {"x-request-id": str(uuid.uuid4()), "cache-control": "max-age=0, private, must-revalidate"}
    headers |= {"content-type": "application/json; charset=utf-8", **reply.headers}
    if reply.status == 204:
        return Response(status_code=204, headers={"x-request-id": headers["x-request-id"], "cache-control": "no-cache"})
    headers["etag"] = f'W/"{hashlib.md5(raw, usedforsecurity=False).hexdigest()}"'
    if request.method == "GET" and request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers={"etag": headers["etag"]})
    return Response(raw, reply.status, headers)


def _encode(reply: Reply) -> bytes:
    return b"" if reply.status == 204 else json.dumps(reply.body, ensure_ascii=False).encode()
