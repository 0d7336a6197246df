"""Which chunks and articles are drawn where some stand for all: in every engine the same.

Each has a number that is worked out of its name alone, and as many as are wanted are taken from the lowest on. So what
is drawn does not depend on the order in which articles came, nor on how an engine keeps them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DRAWS = 2**61  # exclusive
SAMPLE_CHUNKS = 256  # chunks that stand for all where it is asked how near any chunk is
MIN_CHUNKS_FOR_SPREAD = 50  # of fewer no spread can be told
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)
_BYTES_AT_ONCE = 1 << 20

Draws = NDArray[np.uint64]


def draws_of(names: Sequence[str]) -> Draws:
    """The draw of each article, (names,), below DRAWS."""
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)[1:]
    return draws_of_bytes(np.frombuffer(b"".join(encoded), np.uint8), ends)


def draws_of_bytes(data: NDArray[np.uint8], ends: NDArray[np.integer]) -> Draws:
    """`draws_of` for names in UTF-8, back to back; `ends`, (names,), says where each ends.

    A polynomial in the bytes, modulo 2^64, whose bits are then mixed (Steele, Lea & Flood, OOPSLA 2014).
    """
    out = np.zeros(len(ends), np.uint64)
    begin = low = 0
    while begin < len(ends):
        end = max(begin + 1, int(np.searchsorted(ends, low + _BYTES_AT_ONCE, side="right")))
        stops = ends[begin:end].astype(np.int64) - low
        starts = np.append(0, stops[:-1])
        part = data[low : low + int(stops[-1])]
        sums = np.append(np.uint64(0), np.cumsum((part.astype(np.uint64) + np.uint64(1)) * _powers(_BASE, len(part))))
        out[begin:end] = (sums[stops] - sums[starts]) * _powers(_INVERSE, len(part) + 1)[starts]
        low += int(stops[-1])
        begin = end
    return _mixed(out)


def draws_of_chunks(articles: Draws, ordinals: NDArray[np.integer]) -> Draws:
    """The draw of each chunk, (chunks,): of number `ordinals` of the article whose draw is in `articles`."""
    return _mixed(articles + (ordinals.astype(np.uint64) + np.uint64(1)) * np.uint64(_BASE))


def lowest(draws: Draws, count: int) -> NDArray[np.int64]:
    """Which of `draws` are the `count` lowest, lowest first."""
    if len(draws) > count:
        few = np.asarray(np.argpartition(draws, count - 1)[:count], np.int64)
        return few[np.argsort(draws[few], kind="stable")]
    return np.asarray(np.argsort(draws, kind="stable"), np.int64)


def _powers(base: int, count: int) -> Draws:
    return np.cumprod(np.concatenate([np.ones(1, np.uint64), np.full(max(count - 1, 0), base, np.uint64)]))[:count]


def _mixed(numbers: Draws) -> Draws:
    some = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    some = (some ^ (some >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((some ^ (some >> np.uint64(31))) % np.uint64(DRAWS), np.uint64)
