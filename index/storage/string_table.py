"""A sorted table of distinct strings on disk: find one, list those with a prefix, read one by number.

Files: `<name>.utf8`, the strings in ascending order of their UTF-8 bytes, back to back; `<name>.ends.npy`,
uint32 or uint64, the end of each in that file; `<name>.keys.npy`, uint64, the first 8 bytes of each as a big-endian
number, filled up with zeros, which narrow a search down to a few strings.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.drawing import draws_of_bytes
from index.storage.arrays import firsts, map_array, map_bytes

try:
    from index.storage._strings import find_all, take
except ImportError:  # no compiler where this was installed
    find_all = take = None  # type: ignore[assignment]


def encoded(strings: Iterable[str]) -> list[bytes]:
    """Strings as tables hold them: in UTF-8, lone surrogates as well."""
    return [string.encode("utf-8", "surrogatepass") for string in strings]


class StringTable:
    """Distinct strings in UTF-8 byte order. Number `i` is the i-th string."""

    def __init__(self, blob: NDArray[np.uint8], ends: NDArray[np.unsignedinteger], keys: NDArray[np.uint64]) -> None:
        """`blob`: all bytes; `ends`: (n,) end offset of each string; `keys`: (n,) its first bytes as a number."""
        self._blob = blob
        self._ends = ends
        self._keys = keys
        self._view = blob.data

    @classmethod
    def build(cls, strings: Iterable[str]) -> "StringTable":
        """Make a table of the distinct `strings`, given in any order."""
        return cls.of_sorted(sorted(set(encoded(strings))))

    @classmethod
    def of_sorted(cls, encoded: Sequence[bytes]) -> "StringTable":
        """Make a table of distinct strings, given in UTF-8 and in order."""
        return cls.of_bytes(b"".join(encoded), np.fromiter(map(len, encoded), np.int64, len(encoded)))

    @classmethod
    def of_bytes(cls, blob: bytes, lengths: NDArray[np.int64]) -> "StringTable":
        """Make a table of distinct strings in order, given back to back in UTF-8; `lengths`: (n,) bytes of each."""
        data, ends = np.frombuffer(blob, np.uint8), np.cumsum(lengths)
        wide = len(ends) > 0 and int(ends[-1]) >= 2**32
        padded = np.concatenate([data, np.zeros(8, np.uint8)])
        first = np.lib.stride_tricks.sliding_window_view(padded, 8)[ends - lengths]
        beyond = np.uint64(8) * (8 - np.clip(lengths, 1, 8)).astype(np.uint64)  # bits that are the next string's
        keys = np.ascontiguousarray(first).view(">u8").ravel().astype(np.uint64) >> beyond << beyond
        keys[lengths == 0] = 0
        return cls(data, ends.astype(np.uint64 if wide else np.uint32), keys)

    @classmethod
    def merge(cls, tables: Sequence["StringTable"]) -> tuple["StringTable", list[NDArray[np.int64]]]:
        """One table of the strings of all, and for each table the numbers of its strings in that."""
        if all(table._keys_distinct for table in tables):
            keys, first = np.unique(np.concatenate([table._keys for table in tables]), return_index=True)
            lengths = np.concatenate([table._sizes for table in tables])[first]
            inside = np.arange(8) < lengths[:, None]
            blob = keys.astype(">u8").view(np.uint8).reshape(-1, 8)[inside].tobytes()
            return cls.of_bytes(blob, lengths), [np.searchsorted(keys, table._keys) for table in tables]
        every = [table.encoded() for table in tables]
        order = sorted(set().union(*every))
        number = dict(zip(order, range(len(order)), strict=True))
        return cls.of_sorted(order), [np.fromiter(map(number.__getitem__, one), np.int64, len(one)) for one in every]

    @property
    def _sizes(self) -> NDArray[np.int64]:
        return np.asarray(np.diff(self._ends.astype(np.int64), prepend=0), np.int64)

    @property
    def _keys_distinct(self) -> bool:
        """Whether the first eight bytes are all there is of every string."""
        return len(self) == 0 or (int(self._sizes.max()) <= 8 and bool(self._blob.all()))

    def only(self, kept: NDArray[np.bool_]) -> "StringTable":
        """The table of the strings with `kept`, (n,)."""
        if kept.all():
            return self
        lengths = self._sizes
        return StringTable.of_bytes(self._blob[np.repeat(kept, lengths)].tobytes(), lengths[kept])

    def encoded(self) -> list[bytes]:
        """All strings in UTF-8, in order."""
        data, ends = self._blob.tobytes(), self._ends.tolist()
        return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def draws(self) -> NDArray[np.uint64]:
        """The draw of each string; see index.drawing."""
        return draws_of_bytes(self._blob, self._ends)

    def save(self, folder: Path, name: str) -> None:
        """Write the files into `folder`."""
        (folder / f"{name}.utf8").write_bytes(self._blob.tobytes())
        np.save(folder / f"{name}.ends.npy", self._ends)
        np.save(folder / f"{name}.keys.npy", self._keys)

    @classmethod
    def load(cls, folder: Path, name: str) -> "StringTable":
        """Map the files of `folder` into memory; nothing is read yet."""
        ends, keys = (map_array(folder / f"{name}.{kind}.npy") for kind in ("ends", "keys"))
        return cls(map_bytes(folder / f"{name}.utf8"), ends, keys)

    def __len__(self) -> int:
        """How many strings there are."""
        return len(self._ends)

    def _bytes(self, i: int) -> bytes:
        start = int(self._ends[i - 1]) if i else 0
        return bytes(self._view[start : int(self._ends[i])])

    def __getitem__(self, i: int) -> str:
        """The i-th string; IndexError past the end."""
        if not 0 <= i < len(self):
            raise IndexError(i)
        return self._bytes(i).decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        """All strings, in order."""
        for string in self.encoded():
            yield string.decode("utf-8", "surrogatepass")

    def _lower_bound(self, key: bytes) -> int:
        """How many strings are less than `key`."""
        low, high = (int(self._keys.searchsorted(np.uint64(_number(key)), side=side)) for side in ("left", "right"))
        while low < high:
            middle = (low + high) // 2
            if self._bytes(middle) < key:
                low = middle + 1
            else:
                high = middle
        return low

    def find(self, string: str) -> int:
        """The number of `string`, or -1."""
        return int(self.find_all(encoded([string]))[0])

    def find_all(self, keys: list[bytes]) -> NDArray[np.int64]:
        """The number of each of some strings, `encoded`, or -1, (keys,)."""
        found = np.empty(len(keys), np.int64)
        look_up = self._find_all if find_all is None else find_all
        look_up(self._blob, self._ends, self._keys, keys, found)
        return found

    def _find_all(self, blob: object, ends: object, numbers: object, keys: list[bytes], out: NDArray[np.int64]) -> None:
        """What strings.c does."""
        for i, key in enumerate(keys):
            at = self._lower_bound(key)
            out[i] = at if at < len(self) and self._bytes(at) == key else -1

    def many(self, numbers: NDArray[np.integer]) -> list[str]:
        """The strings of `numbers`, all of which are in range."""
        ends = self._ends[numbers].astype(np.int64)
        starts = np.where(numbers > 0, self._ends[numbers - 1], 0).astype(np.int64)
        return take(self._blob, starts, ends) if take is not None else self._take(starts, ends)

    def _take(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> list[str]:
        """What strings.c does."""
        view = self._view
        return [str(view[a:b], "utf-8", "surrogatepass") for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]

    def prefix(self, start: str) -> range:
        """The numbers of the strings that begin with `start`."""
        key = start.encode("utf-8", "surrogatepass")
        low = self._lower_bound(key)
        return range(low, self._lower_bound(key + b"\xff"))

    def containing(self, part: str) -> NDArray[np.int64]:
        """The numbers of the strings that contain `part`, ascending. One pass over the file's bytes."""
        key = part.encode("utf-8", "surrogatepass")
        if not key:
            return np.arange(len(self))
        # The last byte first: it differs most from one character to another.
        at = np.flatnonzero(self._blob[len(key) - 1 :] == key[-1])
        for n, byte in enumerate(key[:-1]):
            at = at[self._blob[at + n] == byte]
        number = np.searchsorted(self._ends, at, side="right")
        inside = at + len(key) <= self._ends[number] if len(at) else np.zeros(0, bool)  # not across two strings
        return number[inside][firsts(number[inside])]


def _number(key: bytes) -> int:
    """The first 8 bytes of `key` as a number, filled up with zeros."""
    return int.from_bytes(key[:8].ljust(8, b"\0"), "big")
