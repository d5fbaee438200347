"""What a request carries, read whole and no further than it may be long."""

import asyncio
import json
from typing import Any

from qa.guard.refusal import RefusedError
from qa.guard.wire import Receive

# How long a body may take to come in.
_SECONDS = 30.0


async def read_body(receive: Receive, declared: str, most: int) -> bytes:
    """The body of a request. Raises RefusedError if it is longer than `most` bytes, or does not come."""
    too_long = RefusedError(413, f"the request is longer than {most:,} bytes: send less")
    if declared.isdecimal() and int(declared) > most:
        raise too_long
    body = bytearray()
    try:
        async with asyncio.timeout(_SECONDS):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise RefusedError(400, "the request broke off")
                body += message.get("body", b"")
                if len(body) > most:
                    raise too_long
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise RefusedError(408, "the request took too long to come in") from None


def check_json(body: bytes) -> None:
    """Raises RefusedError if a body is not JSON, or names a file.

    Gradio takes an object with a path and a mark for a file, in any field of any component: it would fetch the address in
    it from the network, or copy the file.
    """
    try:
        json.loads(body, object_pairs_hook=_refuse_files)
    except (ValueError, RecursionError):
        raise RefusedError(400, "expected JSON") from None


def _refuse_files(pairs: list[tuple[str, Any]]) -> None:
    if {"path", "meta"} <= {name for name, _ in pairs}:
        raise RefusedError(403, "files are not taken here")
