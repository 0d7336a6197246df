"""Names of themes in the plane: each beside its own points, on as few others as can be, and never on another name."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EM = 0.039  # height of a letter, in widths of the plane: 13 pixels of a phone's 330
_LINE = 1.25  # height of a line, in EM
_NARROW = 0.65  # width of a letter that is not as wide as it is high
_AWAY = 0.5  # from the points, in EM
_LOW, _HIGH = -0.03, 1.03  # where a name may stand; the page leaves as much room around the points

Plane = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Label:
    """A name whose middle is at `x`, `y`; both axes 0..1, y going down."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Box:
    text: str
    x: float
    y: float
    width: float

    def meets(self, other: "_Box") -> bool:
        return 2 * abs(self.x - other.x) < self.width + other.width and abs(self.y - other.y) < EM * _LINE

    def covers(self, points: Plane) -> int:
        dx, dy = np.abs(points - (self.x, self.y)).T
        return int(((dx < self.width / 2 + EM / 4) & (dy < EM * _LINE / 2)).sum())


def place_labels(words: Sequence[Sequence[str]], points: Plane, labels: NDArray[np.intp]) -> list[Label | None]:
    """A label for each theme: `words` that name it, best first; `points`, (n, 2), and the theme of each in `labels`.

    The first themes choose first: two words where these find a free place, else one; None where neither does.
    """
    placed: list[_Box] = []
    out: list[Label | None] = []
    for number, names in enumerate(words):
        boxes = list(_places(names, points[labels == number]))
        free = [box for box in boxes if not any(box.meets(other) for other in placed)]
        best = min(free, key=lambda box: box.covers(points), default=None)
        if best:
            placed.append(best)
        out.append(Label(best.text, round(best.x, 4), round(best.y, 4)) if best else None)
    return out


def _places(names: Sequence[str], mine: Plane) -> Iterator[_Box]:
    """Above, below, right and left of a theme's points, and amid them; with two words, then with one."""
    (left, top), (right, bottom), (x, y) = mine.min(axis=0), mine.max(axis=0), np.median(mine, axis=0)
    for text in dict.fromkeys(" ".join(names[:count]) for count in (2, 1)):
        if not text:
            return
        width = _width(text)
        off, aside = EM * (_LINE / 2 + _AWAY), width / 2 + EM * _AWAY
        for at_x, at_y in ((x, top - off), (x, bottom + off), (right + aside, y), (left - aside, y), (x, y)):
            inside = np.clip(at_x, _LOW + width / 2, _HIGH - width / 2)
            yield _Box(text, float(inside), float(np.clip(at_y, _LOW + EM / 2, _HIGH - EM / 2)), width)


def _width(text: str) -> float:
    """Of a name as it is drawn, in widths of the plane."""
    wide = sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else _NARROW for letter in text)
    return EM * wide
