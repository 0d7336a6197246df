"""Where the bytes of a GBK text seem to be paired one off, as a lost or a gained byte leaves all that follows it.

Every run of two-byte characters is read twice: as it is shown, and with each second byte read with the first of the
next character. A stretch that the character model finds far likelier in the second reading is a sign. Of a thousand
sound passages a few hold such a stretch, too; the search over its bytes, which is slow, then finds nothing better.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.analysis.characters import codes_of
from index.cleaning.charmodel import FREQUENT, STEP, UNKNOWN, load

THRESHOLD = 16.0  # nats by which a stretch must read better
_MAX_STEPS = round(11.0 / STEP)  # steps that a shown character can count: names are rare, and sound
_UNDEFINED = round(14.0 / STEP)  # steps of two bytes that are no character
_BORDER = -100_000  # steps no stretch outweighs
_BATCH_CHARS = 16_384  # characters of several texts looked at together: about what stays in the processor's cache

_Points = npt.NDArray[np.uint32]
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


class _Bounds(NamedTuple):
    """The same for `_at_most`, small enough to stay in the cache; two bytes are a number as they lie in memory."""

    code: npt.NDArray[np.uint16]  # both bytes of a code point; 0 for none
    known: npt.NDArray[np.int16]  # the model's id of two bytes, 0 for none
    gained: npt.NDArray[np.int32]  # steps gained at most where two bytes or those before are none the model knows


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


@cache
def _bounds() -> _Bounds:
    codes, table = _codes(), load().table
    cost = table[UNKNOWN].take(codes.pair, mode="clip").astype(np.int32)
    cost[codes.pair == UNKNOWN] = table[:, UNKNOWN].min()
    cost[codes.pair < 0] = _UNDEFINED
    gained = _MAX_STEPS - cost
    pairs = np.arange(0x10000)
    gained[(pairs >> 8 == 0) | (pairs & 0xFF == 0)] = _BORDER
    lies = pairs.astype(">u2").view(np.uint16)
    return _Bounds(
        (codes.lead << 8 | codes.trail >> 8).astype(">u2").view(np.uint16),
        np.maximum(codes.pair, UNKNOWN)[lies].astype(np.int16),
        gained[lies],
    )


def find(text: str, least: float = THRESHOLD) -> list[Stretch]:
    """The stretches of `text` that read at least `least` nats better one byte off, in order."""
    if text.isascii():
        return []
    ahead, total, lowest = _ahead(_gained(_points(text + "\n")))
    found: list[Stretch] = []
    high = np.flatnonzero(ahead >= least / STEP)
    for begin, end in _runs(high):
        last = begin + int(ahead[begin:end].argmax())
        first = int(np.flatnonzero(total[: last + 1] == lowest[last])[-1]) + 1 if lowest[last] else 0
        lost = np.flatnonzero(ahead[end:] <= 0)[:1].tolist()
        found.append(Stretch(first, last + 1, end + lost[0] if lost else len(text)))
    return found


def find_all(texts: Sequence[str], least: float = THRESHOLD) -> list[list[Stretch]]:
    """`find` in each: of many texts, which are mostly sound, in a fraction of the time that one by one takes."""
    found: list[list[Stretch]] = [[] for _ in texts]
    for places in _together(texts):
        # What is shown counts _MAX_STEPS at most, and mostly that tells already that there is nothing.
        for gains in (_at_most, _gained):
            places = _reaching(least / STEP, gains, texts, places)
        for place in places:
            found[place] = find(texts[place], least)
    return found


def _together(texts: Sequence[str]) -> Iterator[list[int]]:
    """The places of the texts that can hold a stretch, some texts at a time."""
    places: list[int] = []
    chars = 0
    for place, text in enumerate(texts):
        if text.isascii():
            continue
        if places and chars + len(text) > _BATCH_CHARS:
            yield places
            places, chars = [], 0
        places.append(place)
        chars += len(text)
    yield places


def _reaching(steps: float, gains: Callable[[_Points], _Steps], texts: Sequence[str], places: list[int]) -> list[int]:
    """Those of the texts in which a stretch reaches so many steps, with the gains given; few others."""
    if not places:
        return []
    ahead = _ahead(gains(_points("".join([f"{texts[place]}\n" for place in places]))))[0]  # line feeds are borders
    starts = np.cumsum([0, *[len(texts[place]) + 1 for place in places[:-1]]])
    best = np.maximum.reduceat(ahead, starts)
    return [place for place, most in zip(places, best.tolist(), strict=True) if most >= steps]


def _points(text: str) -> _Points:
    """Its code points; one that is in no case of GBK's stands for those above."""
    return np.minimum(codes_of(text), np.uint32(0xFFFF))


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


def _gained(points: _Points) -> _Steps:
    """For each character but the last, the steps gained by reading it and the next one byte off."""
    codes, table = _codes(), load().table.ravel()
    first, second = codes.trail.take(points[:-1]), codes.lead.take(points[1:])
    ids = codes.pair.take(first | second)
    known = np.maximum(ids, 0)
    before = np.empty_like(known)
    before[0], before[1:] = UNKNOWN, known[:-1]
    cost = table.take(before * FREQUENT + known).astype(np.int32)
    cost[ids < 0] = _UNDEFINED
    shown = codes.shown.take(points)
    gained = np.minimum(table.take(shown[:-1] * FREQUENT + shown[1:]), _MAX_STEPS).astype(np.int32) - cost
    _level(gained, points)
    gained[(first == 0) | (second == 0)] = _BORDER
    return gained


def _at_most(points: _Points) -> _Steps:
    """The most that `_gained` may be, without going to the large table but where the model knows what is read."""
    bounds = _bounds()
    pairs = np.frombuffer(bounds.code.take(points).tobytes()[1:-1], np.uint16)  # each second byte with the next first
    known, gained = bounds.known.take(pairs), bounds.gained.take(pairs)
    both = np.flatnonzero((known[:-1] > 0) & (known[1:] > 0))
    numbers = known.take(both) * np.int64(FREQUENT) + known.take(both + 1)
    gained[both + 1] = _MAX_STEPS - load().table.ravel().take(numbers).astype(np.int32)
    _level(gained, points)
    return gained


def _level(gained: _Steps, points: _Points) -> None:
    """、、、、 repeats itself either way: nothing is gained there."""
    same = np.flatnonzero(points[:-1] == points[1:])
    gained[same] = np.minimum(gained[same], 0)
