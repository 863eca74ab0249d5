"""Things kept in the memory of this process: a few, the least recently used go first."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """Holds at most `size` things by name. Nothing on it outlives the process, and no other process sees it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.things: OrderedDict[str, T] = OrderedDict()
        self.lock = Lock()

    def find(self, name: str) -> T | None:
        """Return what was put under the name, if it is still there."""
        with self.lock:
            if name in self.things:
                self.things.move_to_end(name)
            return self.things.get(name)

    def put(self, name: str, thing: T) -> None:
        """Keep a thing; when the shelf is full, the one unused for longest goes."""
        with self.lock:
            self.things[name] = thing
            self.things.move_to_end(name)
            while len(self.things) > self.size:
                self.things.popitem(last=False)

    def clear(self) -> None:
        """Let everything go."""
        with self.lock:
            self.things.clear()
