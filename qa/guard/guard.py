"""Stands before the application: refuses what it need not see, and tells browsers what its answers may do."""

import html
import math
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from qa.guard.access import Access
from qa.guard.answers import Sealed, send_whole
from qa.guard.bodies import check_json, read_body
from qa.guard.buckets import Buckets, Crowd
from qa.guard.doors import Door, Doors
from qa.guard.hosts import Hosts
from qa.guard.policy import Policy
from qa.guard.refusal import RefusedError
from qa.guard.wire import Application, Message, Receive, Scope, Send, header

# Wrong passwords and tokens: so many at once, then one in ten seconds, for each address.
_TRIES, _TRIES_A_SECOND = 5, 0.1
# Gradio's pages read a saved state, or another page, by these.
_CLOSED = {"deep_link", "page"}


@dataclass(slots=True)
class Guard:
    """An application behind its guard. Whatever is not let through on purpose is refused, with one line."""

    application: Application
    hosts: Hosts
    doors: Doors
    access: Access
    policy: Policy
    title: str
    requests: Buckets
    crowd: Crowd
    tries: Buckets = field(default_factory=lambda: Buckets(_TRIES_A_SECOND, _TRIES))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        else:
            address = scope["client"][0] if scope.get("client") else ""
            try:
                with self.crowd.enter(address) as may:
                    if not may:
                        raise RefusedError(429, "too many requests at once: wait for the earlier ones", retry_after="1")
                    await self._answer(scope, address, receive, send)
            except RefusedError as refusal:
                text = "" if scope["method"] == "HEAD" else f"{refusal}\n"
                await send_whole(send, refusal.status, "text/plain", text, refusal.headers)

    async def _answer(self, scope: Scope, address: str, receive: Receive, send: Send) -> None:
        """Lets a request through, or raises RefusedError before anything was sent."""
        self.hosts.check(scope)
        door = self.doors.find(scope["method"], scope["path"])
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if not door.free and (wait := self.requests.take(address)):
            raise _too_often("too many requests", wait)
        token = next((value for name, value in query if name == "token"), "")
        await self._check_access(scope, address, token)
        if token and self.access.is_token(token):
            # Not redirected: a browser that followed a link from another site would leave the cookie out.
            rest = urlencode([pair for pair in query if pair[0] != "token"])
            place = html.escape(scope["path"] + (f"?{rest}" if rest else ""))
            page = f'<!doctype html><meta http-equiv="refresh" content="0;url={place}">'
            await send_whole(send, 200, "text/html", page, {"set-cookie": self.access.cookie, "cache-control": "no-store"})
            return
        if _CLOSED & {name for name, _ in query}:
            raise RefusedError(404, "there is nothing here")
        if scope["method"] not in {"GET", "HEAD"}:
            receive = _given(await _checked_body(scope, receive, door), receive)
        # What a proxy wrote, or anyone, must not say where a page's parts are. And a page is read to write its policy, so it
        # must not come compressed.
        dropped = {b"x-forwarded-host"} if door.free else {b"x-forwarded-host", b"accept-encoding"}
        scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in dropped]}
        await self.application(scope, receive, Sealed(send, self.policy, self.title))

    async def _check_access(self, scope: Scope, address: str, token: str) -> None:
        authorization = header(scope, "authorization")
        if self.access.is_open or self.access.knows(authorization, header(scope, "cookie")):
            return
        refused = RefusedError(401, self.access.remedy, www_authenticate=self.access.challenge)
        if not authorization and not token:
            raise refused
        if wait := self.tries.take(address):
            raise _too_often("too many wrong passwords or tokens", wait)
        if not (self.access.is_token(token) or await self.access.admits(authorization)):
            raise refused
        self.tries.give_back(address)


async def _checked_body(scope: Scope, receive: Receive, door: Door) -> bytes:
    body = await read_body(receive, header(scope, "content-length"), door.body)
    if body or scope["method"] == "POST":
        if header(scope, "content-type").partition(";")[0].strip().lower() != "application/json":
            raise RefusedError(415, "expected application/json")
        check_json(body)
    return body


def _given(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body that was read, then what comes after it."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give


def _too_often(what: str, wait: float) -> RefusedError:
    seconds = math.ceil(wait)
    return RefusedError(429, f"{what}: wait {seconds} s", retry_after=str(seconds))
