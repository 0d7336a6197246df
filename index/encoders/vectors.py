"""Rows of numbers for texts, and a name for the files they come from: what every encoder shares."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from index.models import Vectors

_PART = 1 << 18  # bytes read at a time


def unit_rows(vectors: Vectors) -> Vectors:
    """`vectors` (n, dim) with every row at length 1; rows of zeros stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-12)
    return result


def hash_files(paths: Sequence[Path], limit: int = 64 << 20) -> str:
    """A short hash of what stands in `paths`, in order. Of a file over `limit` bytes only samples are read.

    256 blocks of 64 KiB spread over a file meet every layer of a model; another training changes them all.
    """
    digest = hashlib.sha256()
    for path in paths:
        size = path.stat().st_size
        digest.update(f"{path.name}:{size};".encode())
        with path.open("rb") as file:
            for place, length in _samples(size, limit):
                file.seek(place)
                while part := file.read(min(length, _PART)):
                    digest.update(part)
                    length -= len(part)
    return digest.hexdigest()[:16]


def _samples(size: int, limit: int) -> Iterator[tuple[int, int]]:
    if size <= limit:
        yield 0, size
    else:
        step = (size - (1 << 16)) // 255
        yield from ((number * step, 1 << 16) for number in range(256))


def hash_text(text: str) -> str:
    """Eight hexadecimal digits of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]
