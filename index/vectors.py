"""Rows of numbers for texts, and a name for the files they come from: what every encoder shares."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

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


class Prompted:
    """What models that want words before a text have in common; they themselves say how texts become vectors."""

    dim: int
    prompts: Mapping[str, str]
    """What is put before texts: `query`, `document`; none where one is missing."""

    def embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        """Vectors (n, dim) of `texts`, none of them blank, each with `prompt` before it; of any length."""
        raise NotImplementedError

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dim) of texts to be found, with the model's document prompt where it has one."""
        return self._encode(texts, self.prompts.get("document", ""))

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors (n, dim) of texts to find by, with the model's query prompt where it has one."""
        return self._encode(texts, self.prompts.get("query", ""))

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        filled = [number for number, text in enumerate(texts) if text.strip()]
        if filled:
            vectors[filled] = self.embed([texts[number] for number in filled], prompt)
        return unit_rows(vectors)

    def prompts_told(self) -> str:
        """The prompts as a fingerprint has them."""
        return "|".join(f"{key}={value}" for key, value in sorted(self.prompts.items()))
