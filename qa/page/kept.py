"""The last things that were made, by what they were made for; older ones are forgotten."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_KEPT = 256


class Kept(Generic[Key, Value]):
    """The last 256 values that were kept. Safe to use from several threads."""

    def __init__(self) -> None:
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        with self._lock:
            return self._values.get(key)

    def keep(self, key: Key, value: Value) -> None:
        """Keeps a value, as the latest, and forgets the oldest of too many."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > _KEPT:
                self._values.popitem(last=False)
