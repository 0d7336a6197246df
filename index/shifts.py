"""Where the bytes of a GBK text seem to be paired one off, as a lost or a gained byte leaves all that follows it.

Every run of two-byte characters is read twice: as it is shown, and with each second byte read with the first of the
next character. A stretch that the character model finds far likelier in the second reading is a sign. Of a thousand
sound passages a few hold such a stretch, too; the search over its bytes, which is slow, then finds nothing better.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.charmodel import FREQUENT, STEP, UNKNOWN, load

LEAST = 16.0  # nats by which a stretch must read better
_MOST = round(11.0 / STEP)  # steps that a shown character can count: names are rare, and sound
_UNDEFINED = round(14.0 / STEP)  # steps of two bytes that are no character
_BORDER = -100_000  # steps no stretch outweighs


_Steps = npt.NDArray[np.int32]
_Sums = npt.NDArray[np.int64]


class Stretch(NamedTuple):
    """Characters `[start, end)` that read better one byte off, and where they and what follows no longer do."""

    start: int
    end: int
    over: int


class _Codes(NamedTuple):
    """What GBK and the model say of code points below 0x10000 and of two bytes; int32 (0x10000,) each."""

    lead: npt.NDArray[np.int32]  # of a code point; 0 for none
    trail: npt.NDArray[np.int32]  # times 256
    shown: npt.NDArray[np.int32]  # the model's id of a code point among the frequent characters
    pair: npt.NDArray[np.int32]  # the same of two bytes, -1 where they are no character


@cache
def _codes() -> _Codes:
    model = load()
    encoded, ids = np.zeros(0x10000, np.int32), np.full(0x10000, -1, np.int32)
    every = [lead << 8 | trail for lead in range(0x81, 0xFF) for trail in (*range(0x40, 0x7F), *range(0x80, 0xFF))]
    read = [(code, char) for code in every if len(char := code.to_bytes(2, "big").decode("gbk", "ignore")) == 1]
    codes = np.array([code for code, _ in read])
    encoded[[ord(char) for _, char in read]] = codes
    numbers = np.array(model.encode("".join(char for _, char in read)))
    ids[codes] = np.where(numbers < FREQUENT, numbers, UNKNOWN)
    return _Codes(encoded >> 8, (encoded & 0xFF) << 8, np.where(encoded > 0, ids[encoded], UNKNOWN), ids)


def find(text: str, least: float = LEAST) -> list[Stretch]:
    """The stretches of `text` that read at least `least` nats better one byte off, in order."""
    if text.isascii():
        return []
    points = np.frombuffer((text + "\n").encode("utf-32-le", "surrogatepass"), np.uint32)
    points = np.where(points > 0xFFFF, 0, points) if points.max() > 0xFFFF else points
    other = _shifted(points)
    # What is shown counts _MOST at most, and mostly that tells already that there is nothing.
    if _ahead(_gained(_MOST, other))[0].max() < least / STEP:
        return []
    ahead, total, lowest = _ahead(_gained(_shown(points), other))
    found: list[Stretch] = []
    high = np.flatnonzero(ahead >= least / STEP)
    for begin, end in _runs(high):
        last = begin + int(ahead[begin:end].argmax())
        first = int(np.flatnonzero(total[: last + 1] == lowest[last])[-1]) + 1 if lowest[last] else 0
        lost = np.flatnonzero(ahead[end:] <= 0)[:1].tolist()
        found.append(Stretch(first, last + 1, end + lost[0] if lost else len(text)))
    return found


def _ahead(gained: _Steps) -> tuple[_Sums, _Sums, _Sums]:
    """By how much the best stretch that ends at each place reads better; the sums up to it, the lowest before it."""
    total = np.cumsum(gained, dtype=np.int64)
    lowest = np.empty_like(total)
    lowest[0] = 0
    np.minimum.accumulate(np.minimum(total[:-1], 0), out=lowest[1:])
    return total - lowest, total, lowest


def _runs(numbers: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Neighbouring numbers as `[begin, end)`."""
    breaks = np.flatnonzero(np.diff(numbers) > 1)
    begins = numbers[np.concatenate([[0], breaks + 1])] if len(numbers) else numbers
    ends = numbers[np.concatenate([breaks, [len(numbers) - 1]])] + 1 if len(numbers) else numbers
    return list(zip(begins.tolist(), ends.tolist(), strict=True))


class _Shifted(NamedTuple):
    """Each character read one byte off: its cost in steps, where that cannot be, where it is what follows, too."""

    cost: _Steps
    border: npt.NDArray[np.bool_]
    same: npt.NDArray[np.int64]


def _shifted(points: npt.NDArray[np.uint32]) -> _Shifted:
    """Of each character but the last."""
    codes = _codes()
    first, second = codes.trail.take(points[:-1]), codes.lead.take(points[1:])
    ids = codes.pair.take(first | second)
    known = np.maximum(ids, 0)
    before = np.empty_like(known)
    before[0], before[1:] = UNKNOWN, known[:-1]
    cost = load().table.ravel().take(before * FREQUENT + known).astype(np.int32)
    cost[ids < 0] = _UNDEFINED
    return _Shifted(cost, (first == 0) | (second == 0), np.flatnonzero(points[:-1] == points[1:]))


def _shown(points: npt.NDArray[np.uint32]) -> _Steps:
    """What each character but the first costs as it is shown, in steps, `_MOST` at most."""
    ids = _codes().shown.take(points)
    return np.minimum(load().table.ravel().take(ids[:-1] * FREQUENT + ids[1:]), _MOST).astype(np.int32)


def _gained(shown: _Steps | int, other: _Shifted) -> _Steps:
    """For each character, the steps gained by reading it and the next one byte off."""
    gained = shown - other.cost
    gained[other.same] = np.minimum(gained[other.same], 0)  # 、、、、 repeats itself either way
    gained[other.border] = _BORDER
    return gained
