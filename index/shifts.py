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


class Stretch(NamedTuple):
    """Characters `[start, end)` that read better one byte off."""

    start: int
    end: int


@cache
def _codes() -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int16]]:
    """Code point -> its two bytes in GBK, 0 for none; two bytes -> the model's id of their character, -1 for none."""
    model = load()
    encoded, ids = np.zeros(0x10000, np.uint16), np.full(0x10000, -1, np.int16)
    for lead in range(0x81, 0xFF):
        for trail in (*range(0x40, 0x7F), *range(0x80, 0xFF)):
            char = bytes((lead, trail)).decode("gbk", "ignore")
            if len(char) == 1:
                code = lead << 8 | trail
                encoded[ord(char)] = code
                number = model.encode(char)[0]
                ids[code] = number if number < FREQUENT else UNKNOWN
    return encoded, ids


def find(text: str, least: float = LEAST) -> list[Stretch]:
    """The stretches of `text` that read at least `least` nats better one byte off, in order."""
    if text.isascii():
        return []
    gained = _gained(text)
    total = np.cumsum(gained)
    lowest = np.minimum.accumulate(np.concatenate([[0], total[:-1]]))
    ahead = total - lowest  # by how much the best stretch that ends here reads better
    found: list[Stretch] = []
    high = np.flatnonzero(ahead >= least / STEP)
    for begin, end in _runs(high):
        last = begin + int(ahead[begin:end].argmax())
        first = int(np.flatnonzero(total[: last + 1] == lowest[last])[-1]) + 1 if lowest[last] else 0
        found.append(Stretch(first, last + 1))
    return found


def _runs(numbers: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Neighbouring numbers as `[begin, end)`."""
    breaks = np.flatnonzero(np.diff(numbers) > 1)
    begins = numbers[np.concatenate([[0], breaks + 1])] if len(numbers) else numbers
    ends = numbers[np.concatenate([breaks, [len(numbers) - 1]])] + 1 if len(numbers) else numbers
    return list(zip(begins.tolist(), ends.tolist(), strict=True))


def _gained(text: str) -> npt.NDArray[np.int64]:
    """For each character, the steps gained by reading it and the next one byte off: int64 (len(text),)."""
    encoded, ids = _codes()
    table = load().table
    points = np.frombuffer((text + "\n\n").encode("utf-32-le", "surrogatepass"), np.uint32)
    codes = encoded[np.minimum(points, 0xFFFF)]
    codes[points > 0xFFFF] = 0
    here, following = codes[:-2], codes[1:-1]
    shown = np.maximum(np.where(codes > 0, ids[codes], UNKNOWN), 0)
    # A run ends at an ASCII character, which may be the second byte of its last.
    closes = (following == 0) & (points[1:-1] >= 0x40) & (points[1:-1] < 0x7F)
    behind = np.where(closes, points[1:-1], following >> 8).astype(np.uint16)
    other = ids[(here & 0xFF) << 8 | behind]
    before = np.concatenate([[UNKNOWN], np.maximum(other[:-1], 0)])
    cost = np.where(other < 0, _UNDEFINED, table[before, np.maximum(other, 0)])
    gained = np.minimum(table[shown[:-2], shown[1:-1]], _MOST) - cost.astype(np.int64)
    gained[here == following] = np.minimum(gained[here == following], 0)  # 、、、、 repeats itself either way
    gained[(here == 0) | ((following == 0) & ~closes)] = _BORDER
    return np.asarray(gained, dtype=np.int64)
