"""Which paths lead into the application, by which methods, and how much each takes in. Every other is closed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from qa.guard.refusal import RefusedError

# A question is 2,000 characters at most; what else a page sends is small too.
BODY = 2_000_000
# No part begins with a dot, so none leads out of its folder.
_FILE = r"(?:/[\w@-][\w.@-]*)+"
_READ, _WRITE = frozenset({"GET", "HEAD"}), frozenset({"POST"})


@dataclass(frozen=True, slots=True)
class Door:
    """Paths that match a pattern whole. A `free` one does not count among an address's requests."""

    pattern: str
    methods: frozenset[str] = _READ
    body: int = BODY
    free: bool = False


def page_door(path: str) -> Door:
    """A page of the application, with or without a last slash."""
    name = re.escape(path.strip("/"))
    return Door(f"/{name}/?" if name else "/")


def endpoint_door(name: str) -> tuple[Door, ...]:
    """A function that programs call: at once, or asked first and fetched then."""
    name = re.escape(name)
    return (
        Door(rf"/gradio_api/(?:run|api|call|call/v2)/{name}", _WRITE),
        Door(rf"/gradio_api/call/(?:v2/)?{name}/\w{{1,64}}"),
    )


# What Gradio's pages ask their server for. Its other paths upload, fetch and proxy files, among others: all closed.
GRADIO = (
    Door(rf"/(?:assets|static){_FILE}", free=True),
    Door(r"/(?:theme\.css|favicon\.ico|manifest\.json)", free=True),
    Door(r"/gradio_api/heartbeat/\w{1,64}"),
    Door(r"/gradio_api/queue/data"),
    Door(r"/gradio_api/queue/join", _WRITE),
    Door(r"/gradio_api/component_server/?", _WRITE),
    Door(r"/gradio_api/(?:info|openapi\.json)"),
)
# Where a language model's client calls tools.
TOOLS = Door(r"/gradio_api/mcp/?", _READ | _WRITE | {"DELETE"})


class Doors:
    """All doors of an application, the first that fits being the one."""

    def __init__(self, doors: Iterable[Door]) -> None:
        self._doors = [(re.compile(door.pattern, re.ASCII), door) for door in doors]

    def find(self, method: str, path: str) -> Door:
        """The door of a request. Raises RefusedError."""
        fitting = [door for pattern, door in self._doors if pattern.fullmatch(path)]
        if not fitting:
            raise RefusedError(404, "there is nothing here")
        for door in fitting:
            if method in door.methods:
                return door
        allowed = sorted({method for door in fitting for method in door.methods})
        raise RefusedError(405, f"expected {' or '.join(allowed)}", allow=", ".join(allowed))
