"""How often each address may ask, and how much at the same time."""

import ipaddress
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Of more addresses, the longest silent is forgotten, so that memory stays bounded.
MOST_ADDRESSES = 4_096


class Buckets:
    """A bucket of `burst` tokens for each address, filled by `rate` a second. A rate of 0 lets everything through."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, address: str) -> float:
        """Takes a token; the seconds to wait if there is none, else 0."""
        if not self._rate:
            return 0.0
        name = _network(address)
        level = self._level(name)
        self._set(name, max(level - 1, 0.0) if level >= 1 else level)
        return 0.0 if level >= 1 else (1 - level) / self._rate

    def give_back(self, address: str) -> None:
        """Returns a token that was taken."""
        name = _network(address)
        self._set(name, min(self._level(name) + 1, self._burst))

    def _level(self, name: str) -> float:
        level, since = self._levels.get(name, (self._burst, self._clock()))
        return min(level + (self._clock() - since) * self._rate, self._burst)

    def _set(self, name: str, level: float) -> None:
        self._levels[name] = (level, self._clock())
        self._levels.move_to_end(name)
        if len(self._levels) > MOST_ADDRESSES:
            self._levels.popitem(last=False)


class Crowd:
    """The requests that are being answered, counted by address: `most` of each, or any number for 0."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside: Counter[str] = Counter()

    @contextmanager
    def enter(self, address: str) -> Iterator[bool]:
        """Counts a request while it is answered; whether it may be."""
        name = _network(address)
        if self._most and self._inside[name] >= self._most:
            yield False
            return
        self._inside[name] += 1
        try:
            yield True
        finally:
            self._inside[name] -= 1
            if not self._inside[name]:
                del self._inside[name]


def _network(address: str) -> str:
    """An address; of IPv6 the network that one household has, where each machine takes as many addresses as it likes."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
