"""Pieces of a page -> blocks in reading order: columns one after the other, tables row by row, labels after the text.

What a page says about columns is believed where both sides hold lines that fill them; short cells that face each other
are rows of a table and stay together. Words beside a column of text that stand level with none of its lines are those
of a figure.
"""

from collections import Counter
from itertools import takewhile
from statistics import median
from typing import NamedTuple

from index.sources.page_layout import Line, joined, rows, whole_lines

_MIN_LINES = 3  # of a column
_FULL, _MANY_FULL = 0.55, 0.4  # of a column's width that a full line fills; of its lines that are full
_FULL_OF_PROSE, _MANY_OF_PROSE = 0.75, 0.6  # the same of a text beside a figure
_CELLS = 3  # pieces of a row of a table that goes over both columns
_LEVEL, _BY_CHANCE = 0.12, 0.4  # ems off a line that are level; share of words that are so by chance
_MIN_SCATTERED, _CANVAS = 4, 80  # rows of words at several places, and ems that these reach over, on a mind map
_FIGURE = 5  # ems that a figure is wide at least: narrower are the marks of a list
_CELLS_APART = 1.5  # ems between pieces that are no words of one line


class _Gutter(NamedTuple):
    """White space between two columns: the rows it reaches over, its x, how many pieces stand beside it, and whether
    the left side is a figure's, which is read last; `width` is that of a column.
    """

    first: int
    last: int
    x: float
    pieces: int
    figure_first: bool
    width: float


def blocks(found: list[Line], known: _Gutter | None = None) -> list[list[Line]]:
    """Pieces of a page as blocks in reading order, each of whole lines from top to bottom.

    `known`: the columns of the same page, which the few lines above and below what goes over both have, too.
    """
    told = rows(found)
    if _is_scattered(found, told):
        return [_boxes(found)]
    gutter = _gutter(found, told) or (known and _again(told, known))
    if gutter is None:
        return [whole_lines(told)] if told else []
    first, last, x = gutter[:3]
    out = blocks([piece for row in told[:first] for piece in row], gutter)
    band = [piece for row in told[first:last] for piece in row]
    sides = [[piece for piece in band if piece.right <= x], [piece for piece in band if piece.right > x]]
    for side in reversed(sides) if gutter.figure_first else sides:
        out += blocks(side)
    return out + blocks([piece for row in told[last:] for piece in row], gutter)


def _is_scattered(found: list[Line], told: list[list[Line]]) -> bool:
    """Whether words stand at many places of a sheet far wider than a page of text, as on a mind map: what is beside
    each other there is not level, as cells of a table are.
    """
    divided = [row for row in told if _is_divided(row)]
    if len(divided) < max(_MIN_SCATTERED, len(told) // 8):
        return False
    wide = max(piece.right for piece in found) - min(piece.left for piece in found)
    if wide < _CANVAS * median(piece.size for piece in found):
        return False
    off = sum(max(p.middle for p in row) - min(p.middle for p in row) > _LEVEL * row[0].size for row in divided)
    return 2 * off >= len(divided)


def _boxes(found: list[Line]) -> list[Line]:
    """Scattered words: lines right below each other are one, which nothing goes on with."""
    boxes: list[list[Line]] = []
    for piece in sorted(found, key=lambda one: (one.top, one.left)):
        for box in boxes:
            last = box[-1]
            alike = abs(last.size - piece.size) < 0.1 * piece.size
            near = -0.3 * piece.size < piece.top - last.bottom < 0.8 * piece.size
            if alike and near and min(piece.right, last.right) - max(piece.left, last.left) > 0.5 * piece.size:
                box.append(piece)
                break
        else:
            boxes.append([piece])
    out = []
    for box in sorted(boxes, key=lambda box: (round((box[0].top + box[-1].bottom) / 2), box[0].left)):
        text = box[0].text
        for piece in box[1:]:
            text = joined(text, piece.text)
        left, right = min(piece.left for piece in box), max(piece.right for piece in box)
        out.append(Line(text, left, box[0].top, right, box[-1].bottom, box[0].size, cells=2))
    return out


def _gutter(found: list[Line], told: list[list[Line]]) -> _Gutter | None:
    """White space that has a column of text on either side, or a figure on one; the tallest there is."""
    if len(found) < 2 * _MIN_LINES:
        return None
    lefts = sorted({round(piece.left) for piece in found})
    counts: Counter[int] = Counter()
    for piece in found:  # where a piece ends and others begin a little to the right of it
        following = next((left for left in lefts if left > piece.right + 0.5 * piece.size), None)
        if following is not None:
            counts[round(following - 0.25 * piece.size)] += 1
    best: _Gutter | None = None
    for x, _ in counts.most_common(12):
        for first, last in _bands(told, x):
            one = _columns(told, first, last, float(x))
            if one is not None:
                rest = _trimmed(told, one)
                one = one if rest == (first, last) else _columns(told, *rest, float(x))
            if one is not None and (best is None or one.pieces > best.pieces):
                best = one
    return best


def _again(told: list[list[Line]], known: _Gutter) -> _Gutter | None:
    """Rows that have the columns which are known, though they are few: a line fills one, and none has cells."""
    for first, last in _bands(told, known.x):
        sides = _sides(told[first:last], known.x)
        pieces = [piece for side in sides for piece in side]
        full = any(0.8 * known.width < piece.right - piece.left < 1.2 * known.width for piece in pieces)
        if all(sides) and full and not any(_is_divided(row) for side in sides for row in rows(side)):
            return known._replace(first=first, last=last, figure_first=False)
    return None


def _sides(told: list[list[Line]], x: float) -> tuple[list[Line], list[Line]]:
    left = [piece for row in told for piece in row if piece.right <= x]
    return left, [piece for row in told for piece in row if piece.left >= x]


def _trimmed(told: list[list[Line]], one: _Gutter) -> tuple[int, int]:
    """The rows of columns down to a table that goes over both, without one that they begin with."""

    def loose(row: list[Line]) -> bool:
        return all(sum(p.right - p.left for p in side) <= _FULL * one.width for side in _sides([row], one.x))

    begin = number = one.first
    while number < one.last:
        run = list(takewhile(loose, told[number : one.last]))
        wide = [n for n, row in enumerate(run, start=number) if len(row) >= _CELLS and all(_sides([row], one.x))]
        if len(wide) >= 2 and number == begin:
            begin = wide[-1] + 1
        elif len(wide) >= 2:
            return begin, wide[0]
        number += len(run) + 1 if len(wide) < 2 else wide[-1] + 1 - number
    return begin, one.last


def _bands(told: list[list[Line]], x: float) -> list[tuple[int, int]]:
    """Runs of rows in which nothing crosses `x`."""
    out, start = [], None
    for number, row in enumerate(told):
        if any(piece.left < x < piece.right for piece in row):
            if start is not None:
                out.append((start, number))
            start = None
        elif start is None:
            start = number
    return [*out, (start, len(told))] if start is not None else out


def _columns(told: list[list[Line]], first: int, last: int, x: float) -> _Gutter | None:
    """The columns beside `x` in some rows; None where they are none."""
    left, right = sides = _sides(told[first:last], x)
    if min(map(len, sides)) < 2 or max(map(len, sides)) < _MIN_LINES:
        return None
    tops = max(min(p.top for p in left), min(p.top for p in right))
    bottoms = min(max(p.bottom for p in left), max(p.bottom for p in right))
    shorter = min(max(p.bottom for p in side) - min(p.top for p in side) for side in sides)
    if bottoms - tops < 0.5 * shorter:
        return None
    kinds = [_kind(side) for side in sides]
    width = max(kind.width for kind in kinds)
    whole = _Gutter(first, last, x, len(left) + len(right), False, width)
    if all(kind.full for kind in kinds):
        return whole if any(kind.single for kind in kinds) else None  # labels and values on both sides are a form
    texts = [kind.prose for kind in kinds]
    figure = kinds[texts.index(False)] if any(texts) and not all(texts) else None
    if figure is None or figure.width < _FIGURE * sides[0][0].size:
        return None
    if _level_share(sides[texts.index(False)], sides[texts.index(True)]) > _BY_CHANCE:
        return None
    return whole._replace(figure_first=texts[1])


class _Kind(NamedTuple):
    """One side of a page: its lines, its width, whether many lines fill it, whether most are of one piece."""

    lines: int
    width: float
    full: bool
    single: bool
    prose: bool  # lines of one piece, nearly all full


def _kind(side: list[Line]) -> _Kind:
    ends = sorted(p.right for p in side), sorted(p.left for p in side)
    width = ends[0][-1 - len(side) // 20] - ends[1][len(side) // 20]  # a few may stick out
    size = median(p.size for p in side)
    lines = rows(side)
    full = sum(sum(p.right - p.left for p in row) > _FULL * width for row in lines)
    filled = len(side) >= _MIN_LINES and width >= 8 * size and full >= 2 and full >= _MANY_FULL * len(lines)
    long = sum(len(row) == 1 and row[0].right - row[0].left > _FULL_OF_PROSE * width for row in lines)
    prose = width >= 8 * size and len(lines) > _MIN_LINES and long >= _MANY_OF_PROSE * len(lines)
    return _Kind(len(lines), width, filled, 2 * sum(map(_is_divided, lines)) <= len(lines), prose)


def _level_share(words: list[Line], text: list[Line]) -> float:
    """How many of some words stand level with a line of a text: cells of a row do, labels of a figure by chance."""
    level = sum(any(abs(p.middle - line.middle) < _LEVEL * line.size for line in text) for p in words)
    return level / len(words)


def _is_divided(row: list[Line]) -> bool:
    """Whether pieces of a row stand farther apart than words do."""
    return any(b.left - a.right > _CELLS_APART * b.size for a, b in zip(row, row[1:], strict=False))
