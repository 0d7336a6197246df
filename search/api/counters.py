"""Counters that several processes share, for the `limits` library: a small mapped file under a lock of the system's.

The system drops the lock of a process that dies, so nobody waits for the dead.
"""

import mmap
import os
import struct
import time
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from limits.storage import Storage

_SLOT = struct.Struct("<QdQ")  # name's hash, when it ends, count
_SLOTS = 1 << 14
_TRIED = 8  # neighbouring slots that a name may stand in; where all are taken the one that ends first is


class SharedCounters(Storage):
    """Fixed windows by name in the file `path`, which is made where it is not there."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path) -> None:
        """Needs `fcntl`, as sharing a port does."""
        super().__init__()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if path.stat().st_size < _SLOTS * _SLOT.size:
            os.truncate(self._file, _SLOTS * _SLOT.size)
        self._slots = mmap.mmap(self._file, _SLOTS * _SLOT.size)
        self._lock = Lock()

    def __del__(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """What may go wrong."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount` under `key` in a window that ends after `expiry` seconds; the count so far."""
        import fcntl

        name, now = _name(key), time.time()
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                at, ends, count = self._find(name, now)
                if ends <= now:
                    ends, count = now + expiry, 0
                _SLOT.pack_into(self._slots, at, name, ends, count + amount)
                return count + amount
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _find(self, name: int, now: float) -> tuple[int, float, int]:
        """Where `name` stands or may stand, when its window ends (0: none has begun), and its count."""
        first = name % (_SLOTS - _TRIED)
        places = [(first + i) * _SLOT.size for i in range(_TRIED)]
        slots = [(at, *_SLOT.unpack_from(self._slots, at)) for at in places]
        for at, other, ends, count in slots:
            if other == name:
                return at, ends, count
        at, _, _, _ = min(slots, key=lambda slot: slot[2])
        return at, 0.0, 0

    def get(self, key: str) -> int:
        """The count so far."""
        now = time.time()
        _, ends, count = self._find(_name(key), now)
        return count if ends > now else 0

    def get_expiry(self, key: str) -> float:
        """When the window of `key` ends, as `time.time` counts."""
        now = time.time()
        return max(now, self._find(_name(key), now)[1])

    def check(self) -> bool:
        """Whether it works."""
        return not self._slots.closed

    def reset(self) -> int | None:
        """Forget all."""
        with self._lock:
            self._slots[:] = bytes(len(self._slots))
        return None

    def clear(self, key: str) -> None:
        """Forget `key`."""
        with self._lock:
            at, _, _ = self._find(_name(key), time.time())
            _SLOT.pack_into(self._slots, at, 0, 0.0, 0)


def _name(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "little")
