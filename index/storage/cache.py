"""What was made of a file lately, so that it is not made again: up to some size, what was asked for last is kept."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """At most `most` of what `size` says of the values, beside the last one. Safe to use from several threads.

    Two halves: where the new one is full it becomes the old one, and what is found in the old one moves back. So none
    is sorted out on its own, and what is asked for again and again stays.
    """

    def __init__(self, most: int, size: Callable[[V], int]) -> None:
        """Empty."""
        self._most, self._size = most // 2, size
        self._new: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self._taken = 0

    def get(self, key: K) -> V | None:
        """What was put there, where it is still kept."""
        value = self._new.get(key)
        if value is None and (value := self._old.get(key)) is not None:
            self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep `value`, which is not None."""
        self._taken += self._size(value)
        if self._taken > self._most:
            self._old, self._new, self._taken = self._new, {}, self._size(value)
        self._new[key] = value
