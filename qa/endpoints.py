"""Programs' requests made whole before Gradio reads them: values by name or in order, what has a default left out."""

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter
from reprlib import repr as shortened
from typing import Any

from index.errors import QuestionError
from qa.guard.answers import send_whole
from qa.guard.bodies import read_body
from qa.guard.doors import BODY
from qa.guard.wire import Application, Message, Receive, Scope, Send

_CALL = re.compile(r"/gradio_api/(?P<way>run|api|call|call/v2)/(?P<name>\w+)/?", re.ASCII)


class Endpoints:
    """An application whose functions are called with all of their values, and by no wrong name.

    A mistake of the caller's is answered with the status 400 and its one line as `error`.
    """

    def __init__(self, application: Application, functions: Iterable[Callable[..., object]]) -> None:
        self._application = application
        self._parameters = {each.__name__: inspect.signature(each).parameters for each in functions}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        called = _CALL.fullmatch(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        parameters = self._parameters.get(called["name"]) if called else None
        if called is None or parameters is None:
            await self._application(scope, receive, send)
            return
        try:
            values = arguments(json.loads(await read_body(receive, "", BODY)), parameters)
        except QuestionError as error:
            await send_whole(send, 400, "application/json", json.dumps({"error": str(error)}), {})
            return
        body = json.dumps(values if called["way"] == "call/v2" else {"data": list(values.values())}).encode()
        headers = [pair for pair in scope["headers"] if pair[0] != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await self._application({**scope, "headers": headers}, _Given(body, receive), _Answer(send))


def arguments(sent: object, parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """The value of each parameter, from an object of values by name, or from Gradio's, whose `data` lists them in order.

    Raises QuestionError.
    """
    names = ", ".join(parameters)
    if isinstance(sent, dict) and isinstance(sent.get("data"), list):
        listed = sent["data"]
        if len(listed) > len(parameters):
            raise QuestionError(f"{len(listed)} values, expected at most {len(parameters)}: {names}")
        sent = dict(zip(parameters, listed, strict=False))
    if not isinstance(sent, dict):
        raise QuestionError(f"expected an object with {names}")
    for name in sent:
        if name not in parameters:
            raise QuestionError(f"no parameter {shortened(name)}, expected {names}")
    for name, parameter in parameters.items():
        if name not in sent and parameter.default is parameter.empty:
            raise QuestionError(f"{name} is missing, expected {names}")
    return {name: sent.get(name, parameter.default) for name, parameter in parameters.items()}


class _Given:
    """What the application receives: this body, then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        self._receive = receive

    async def __call__(self) -> Message:
        return self._waiting.pop() if self._waiting else await self._receive()


class _Answer:
    """Sends what Gradio answers. It has one status for all errors: those told in a line are the caller's mistakes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._failure: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 500:
            self._failure = message
        elif self._failure is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._send({**self._failure, "status": 400 if _tells(self._body) else 500})
                await self._send({**message, "body": self._body})


def _tells(body: bytes) -> bool:
    try:
        return bool(json.loads(body)["error"])
    except (ValueError, TypeError, KeyError):
        return False
