"""The types of ASGI, which the guard speaks to the server and to the application."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def header(scope: Scope, name: str) -> str:
    """A request's header, all of that name joined; empty if there is none."""
    wanted = name.encode()
    found = [value.decode("latin-1") for key, value in scope["headers"] if key == wanted]
    return ", ".join(found)
