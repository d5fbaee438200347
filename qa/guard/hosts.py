"""Which host a request is for, and which page it comes from: both must be ours, or another site speaks through a browser."""

import ipaddress
import re
import socket
from collections.abc import Iterable

from qa.guard.refusal import RefusedError
from qa.guard.wire import Scope, header

_HOST = re.compile(r"(?:\[(?P<number>[0-9a-f:.]+)\]|(?P<name>[\w.-]+))(?::\d{1,5})?", re.ASCII)
_NAME = re.compile(r"[\w.-]+", re.ASCII)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Hosts:
    """The names that the application is reached by: its address, those of this machine, and further ones given.

    Where it listens on every address, any address will do: a foreign site can make its own name lead here, but no number.
    """

    def __init__(self, address: str, names: Iterable[str] = ()) -> None:
        self._any_number = _is_number(address) and ipaddress.ip_address(address).is_unspecified
        own = _LOOPBACK if self._any_number or is_loopback(address) else ()
        machine = () if is_loopback(address) else (socket.gethostname(),)
        self._names = {name.lower() for name in (address, *own, *machine, *names)}

    def check(self, scope: Scope) -> None:
        """Raises RefusedError if a request is for another host, or comes from another site's page."""
        host, origin = header(scope, "host").lower(), header(scope, "origin").lower()
        found = _HOST.fullmatch(host)
        name = (found["number"] or found["name"]) if found else None
        if name is None or not (name in self._names or (self._any_number and _is_number(name))):
            raise RefusedError(403, "this host is not served here (qa serve --name NAME adds one)")
        if origin and origin not in {f"http://{host}", f"https://{host}"}:
            raise RefusedError(403, "another site may not send requests here")
        # Pictures, scripts and the like that another site's page asks for have no origin, but are marked.
        site, mode = header(scope, "sec-fetch-site"), header(scope, "sec-fetch-mode")
        if site in {"cross-site", "same-site"} and mode != "navigate":
            raise RefusedError(403, "another site may not use what is here")


def is_host(name: str) -> bool:
    """Whether a name can be a host's."""
    return _NAME.fullmatch(name) is not None or _is_number(name)


def is_loopback(address: str) -> bool:
    """Whether only this machine reaches an address or name."""
    return address.lower() == "localhost" or (_is_number(address) and ipaddress.ip_address(address).is_loopback)


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
