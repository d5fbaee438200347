"""What goes back to the browser, with the headers that say what it may do there."""

from collections.abc import Mapping

from qa.guard.heads import own_head
from qa.guard.policy import HEADERS, NOTHING, Policy
from qa.guard.wire import Message, Send

# Gradio tells other sites by the last that they may read answers.
_DROPPED = (b"server", b"x-powered-by", b"access-control-")


async def send_whole(send: Send, status: int, kind: str, text: str, headers: Mapping[str, str]) -> None:
    """Sends an answer of the guard's own."""
    body = text.encode()
    all_headers = {"content-type": f"{kind}; charset=utf-8", "content-length": str(len(body)), **headers}
    pairs = [(name.encode(), value.encode()) for name, value in all_headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": _sealed(pairs, NOTHING)})
    await send({"type": "http.response.body", "body": body})


class Sealed:
    """Sends what the application answers. A page is held back until it is whole, since its policy names its scripts."""

    def __init__(self, send: Send, policy: Policy, title: str) -> None:
        self._send, self._policy, self._title = send, policy, title
        self._start: Message | None = None
        self._page = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if _is_page(message):
                self._start = message
            else:
                await self._send({**message, "headers": _sealed(message["headers"], NOTHING)})
        elif self._start is None:
            await self._send(message)
        else:
            self._page += message.get("body", b"")
            if not message.get("more_body", False):
                page = own_head(self._page.decode("utf-8", "replace"), self._title)
                body = page.encode()
                headers = [pair for pair in self._start["headers"] if pair[0].lower() != b"content-length"]
                headers.append((b"content-length", str(len(body)).encode()))
                await self._send({**self._start, "headers": _sealed(headers, self._policy.of(page))})
                await self._send({**message, "body": body})


def _is_page(message: Message) -> bool:
    kinds: list[bytes] = [value for name, value in message["headers"] if name.lower() == b"content-type"]
    return any(kind.startswith(b"text/html") for kind in kinds)


def _sealed(headers: list[tuple[bytes, bytes]], policy: str) -> list[tuple[bytes, bytes]]:
    ours = {**HEADERS, "content-security-policy": policy}
    kept = [(name, value) for name, value in headers if not name.lower().startswith(_DROPPED) and name.decode() not in ours]
    return [*kept, *((name.encode(), value.encode()) for name, value in ours.items())]
