"""Arrays on disk: NumPy's own `.npy` and `.npz`, mapped or read without `numpy.load`.

`numpy.load` reads a header by `ast.literal_eval`, which in CPython 3.11 fails with a SystemError when two threads are
at it and the garbage collector runs in between (python/cpython issue 106905): a server that opens a new commit while
another thread opens or writes one would meet it. The header is one fixed line, so a pattern reads it, and faster.

A page of a mapped file counts as this process's memory from the first look at it until the system needs it elsewhere,
so that an index of some gigabytes would seem to fill a machine that has hardly used it. `release_pages` bounds that.
"""

import io
import json
import math
import mmap
import os
import re
import threading
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO
from weakref import WeakSet, finalize

import numpy as np
from numpy.typing import DTypeLike, NDArray

from index.storage.system import read_at

_MAGIC = b"\x93NUMPY"
_HEADER = re.compile(rb"\{'descr': '([<|][uif][1248])', 'fortran_order': False, 'shape': \(((?:\d+, ?)*\d*),?\), \}\s*")

MAPPED_BYTES = 600_000_000  # of files that may stay mapped in, programs and libraries among them
_MAX_MAPPED_SHARE = 0.5  # of that, which leaves room for programs and libraries
_MIN_BYTES_FOR_RELEASE = 1 << 20  # bytes of a file whose pages are worth releasing
_MIN_BYTES_FOR_RANDOM = 16 << 20  # bytes of a file of which a question looks at a small part
_BATCH_ROWS = 1_024  # texts read between two looks at what is mapped in
_MEMORY = "/proc/self/statm"  # Linux; elsewhere pages go when the system wants them
_maps: WeakSet[mmap.mmap] = WeakSet()
_maps_lock = threading.Lock()
_mapped_bytes = 0  # of all of them
_here_and_there = ContextVar("_here_and_there", default=False)


def map_array(path: Path) -> NDArray[Any]:
    """The array of a `.npy` file, mapped into memory: read-only, and nothing is read before it is looked at.

    A plain array over the map: numpy's memmap class makes every slice and sum several times slower.
    Raises OSError where the file cannot be opened, ValueError where it is no such array or is cut short.
    """
    with path.open("rb") as file:
        dtype, shape, start = _read_header(file, path.name)
        if 0 in shape:  # nothing to map
            return np.zeros(shape, dtype)
        whole = _map(file)
    return np.frombuffer(whole, dtype, count=int(np.prod(shape)), offset=start).reshape(shape)


def map_bytes(path: Path) -> NDArray[np.uint8]:
    """The bytes of a file, mapped as by `map_array`: (size,). Raises OSError where it cannot be opened."""
    if path.stat().st_size == 0:  # nothing to map
        return np.zeros(0, np.uint8)
    with path.open("rb") as file:
        return np.frombuffer(_map(file), np.uint8)


_TENSORS = {"F32": "<f4", "F16": "<f2", "F64": "<f8", "I8": "|i1", "U8": "|u1", "I32": "<i4", "I64": "<i8"}


def map_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file by name, mapped as by `map_array`, where the library that writes them would copy
    all of them: https://github.com/huggingface/safetensors#format.

    Raises OSError where the file cannot be opened, ValueError where it is none, is cut short or holds other numbers.
    """
    data = map_bytes(path)
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    try:
        if not 8 < start <= len(data):
            raise ValueError(f"a header of {start - 8} bytes in a file of {len(data)}")
        arrays = {}
        for name, entry in json.loads(data[8:start].tobytes()).items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            dtype, shape = np.dtype(_TENSORS[entry["dtype"]]), tuple(entry["shape"])
            if not 0 <= begin <= end <= len(data) - start or end - begin != dtype.itemsize * math.prod(shape):
                raise ValueError(f"{name}: bytes {begin} to {end} of {len(data) - start} for shape {shape}")
            arrays[name] = np.frombuffer(data, dtype, math.prod(shape), start + begin).reshape(shape)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is no sound safetensors file: {error}") from error
    return arrays


@contextmanager
def here_and_there() -> Iterator[None]:
    """Tell the system of what is mapped meanwhile that little of a huge file will be looked at, and in no order.

    Otherwise it may read far ahead of every look: a first question to a million passages, of whose 5.2 GB the system
    had none in memory, read 2.9 GB in 3.1 s; so entry it read .35 GB in 1.6 s.
    """
    token = _here_and_there.set(True)
    try:
        yield
    finally:
        _here_and_there.reset(token)


def _map(file: BinaryIO) -> mmap.mmap:
    whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if _here_and_there.get() and len(whole) >= _MIN_BYTES_FOR_RANDOM and hasattr(mmap, "MADV_RANDOM"):
        whole.madvise(mmap.MADV_RANDOM)
    if len(whole) >= _MIN_BYTES_FOR_RELEASE:
        with _maps_lock:
            _maps.add(whole)
        finalize(whole, _count, -len(whole))
        _count(len(whole))
    return whole


def _count(size: int) -> None:
    global _mapped_bytes  # of the process, as its memory is
    _mapped_bytes += size


def release_pages(limit: int = MAPPED_BYTES) -> bool:
    """Unmap the pages of all large mapped files where this process has more than `limit` bytes of files in memory.

    The arrays stay as they are, in other threads too: what is looked at again comes back from the system's cache.
    Returns whether there was too much; never so where the system does not tell.
    """
    if _mapped_bytes <= limit * _MAX_MAPPED_SHARE:  # nor could there be, and most indexes are small
        return False
    try:
        statm = os.open(_MEMORY, os.O_RDONLY)  # every segment of a question asks: a Path takes four times as long
    except OSError:
        return False
    try:
        pages = int(os.read(statm, 128).split()[2])
    finally:
        os.close(statm)
    if pages * mmap.PAGESIZE <= limit:
        return False
    with _maps_lock:
        for whole in _maps:
            whole.madvise(mmap.MADV_DONTNEED)
    return True


def releasing_pages(rows: Iterable[int]) -> Iterator[int]:
    """`rows`, whose texts are read one by one: each maps in what lies around it, and that is let go now and then."""
    for n, row in enumerate(rows):
        if n % _BATCH_ROWS == 0:
            release_pages()
        yield row


class RowFile:
    """Rows of a large two-dimensional `.npy` file, read one by one where `map_array` would map in what lies around.

    The system may keep a written file in pieces of 256 kB and more, all of which count as memory at the first look.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. Raises what `map_array` does."""
        with path.open("rb") as file:
            self._dtype, (_, self._columns), self._start = _read_header(file, path.name)
            self._number = os.dup(file.fileno())
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._number, 0, 0, os.POSIX_FADV_RANDOM)
        finalize(self, os.close, self._number)

    def take(self, rows: NDArray[np.integer]) -> NDArray[Any]:
        """The rows, (rows, columns), in the order given. Safe to ask from several threads."""
        size = self._columns * self._dtype.itemsize
        parts = [read_at(self._number, size, at) for at in (rows.astype(np.int64) * size + self._start).tolist()]
        return np.frombuffer(b"".join(parts), self._dtype).reshape(len(rows), self._columns)


def write_array(path: Path, dtype: DTypeLike, shape: tuple[int, ...], parts: Iterable[NDArray[Any]]) -> None:
    """Write a `.npy` file from its `parts` along the first axis, as they come: no more than one is in memory.

    Written, not mapped, so that a full disk is an OSError. Raises ValueError where the parts are not `shape` together.
    """
    kind, rows = np.dtype(dtype), 0
    with path.open("wb") as file:
        header = {"descr": np.lib.format.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            if part.shape[1:] != shape[1:]:
                raise ValueError(f"{path.name}: a part of shape {part.shape}, want rows of shape {shape[1:]}")
            file.write(np.ascontiguousarray(part, kind).data)
            rows += len(part)
    if rows != shape[0]:
        raise ValueError(f"{path.name}: parts of {rows} rows, want {shape[0]}")


def union(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """The distinct values of both, ascending. `numpy.union1d` would load `numpy.ma`: 18 ms of the first question."""
    values = np.sort(np.concatenate([one, other]))
    return np.asarray(values[firsts(values)])


def firsts(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of some ascending `values` differ from the one before, (values,); the first does."""
    found = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=found[1:])
    return found


def read_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of an `.npz` file's bytes by name, read-only; ValueError where it is none or is damaged."""
    arrays = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                raw = io.BytesIO(archive.read(member))
                dtype, shape, start = _read_header(raw, member)
                count = int(np.prod(shape))
                values = np.frombuffer(raw.getvalue(), dtype, count=count, offset=start)
                arrays[member.removesuffix(".npy")] = values.reshape(shape)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ValueError(f"no sound .npz file: {error}") from error
    return arrays


def _read_header(file: BinaryIO, name: str) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    """Type, shape and where the values begin (NumPy's format 1.0 to 3.0, C order, plain little-endian numbers)."""
    start = file.read(8)
    size_bytes = 2 if start[6:7] == b"\x01" else 4
    size = int.from_bytes(file.read(size_bytes), "little")
    found = _HEADER.fullmatch(file.read(size)) if start[:6] == _MAGIC and size < 1 << 16 else None
    if found is None:
        raise ValueError(f"{name} is no array of numbers in NumPy's .npy format")
    shape = tuple(int(number) for number in found[2].decode().replace(" ", "").split(",") if number)
    return np.dtype(found[1].decode()), shape, 8 + size_bytes + size
