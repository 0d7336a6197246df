"""Glyphs on pages -> pieces of lines and whole lines, running heads and page numbers out.

Coordinates are in points from the left and the top of the page.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from statistics import median
from typing import NamedTuple

from index.analysis.characters import COMMON_HAN
from index.sources.numbering import numeral

_APART, _APART_LATIN = 1.2, 0.85  # ems between two glyphs from which they are pieces of their own
_TOUCHING = 0.1  # ems between pieces of one line that are written at several times
_SPACE = 0.8  # ems between Chinese glyphs that are a blank
_WORD_SPACE = 0.18  # ems between others that are one
ASIDE = 100_000.0  # points from the top at which stands what is printed across a page: a stamp at its edge
_MARGIN_LINES = 3  # at either end of a page that may be running heads
_PAGE_NUMBER = re.compile(
    r"[-—–~·•\s|/]*(?:第?\s*(?:\d{1,4}|[一二三四五六七八九十百〇零]{1,5}|[ivxlc]{1,6})\s*[页頁]?|page\s*\d{1,4}|p\.?\s*\d{1,4})"
    r"(?:\s*(?:[/／,，、]|of|共|总共|總)?\s*(?:共|of)?\s*\d{1,4}\s*[页頁]?)?[-—–~·•\s|/]*",
    re.I,
)
_SURE_NUMBER = re.compile(
    r"[-—–~·•\s|]*(?:第.+[页頁].*|.*[页頁]|page.*|[-—–~·•]\s*\d{1,4}\s*[-—–~·•]|\d{1,4}\s*[/／]\s*\d{1,4})\s*", re.I
)
_BULLETS = frozenset("●■◆▪•·▶►➢")
_ROMAN = {numeral(number, "lowerRoman"): number for number in range(1, 60)}
_SPACED_END = re.compile(f"[{COMMON_HAN}][:：]?")
_BROKEN = re.compile(r"[a-z]-$")
_FULL_WIDTH = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u2014\u2018-\u201f\u2026\U00020000-\U0003ffff]")


class Glyph(NamedTuple):
    """A character and its box; `size` is that of its font, `spaced` says that a blank was written before it."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    spaced: bool = False


@dataclass(slots=True)
class Line:
    """A line of text, or a piece of one, and its box; `size` is that of most of its glyphs."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    cells: int = 1
    glyphs: list[Glyph] = field(default_factory=list, repr=False)

    @property
    def middle(self) -> float:
        """Of its height."""
        return (self.top + self.bottom) / 2


@cache
def is_full_width(char: str) -> bool:
    """Whether a character is as wide as it is high: Chinese, or its punctuation."""
    return bool(_FULL_WIDTH.match(char))


def pieces(glyphs: Iterable[Glyph]) -> list[Line]:
    """Runs of glyphs that stand close together on one line, in the order they were written."""
    out: list[Line] = []
    run: list[Glyph] = []
    for glyph in glyphs:
        if run and not _follows(run[-1], glyph):
            out.append(_line(run))
            run = []
        if run and glyph.text == run[-1].text:
            near = min(0.3 * (glyph.right - glyph.left), 0.15 * glyph.size)
            if abs(glyph.left - run[-1].left) < near:
                continue  # printed twice to look bold
        run.append(glyph)
    if run:
        out.append(_line(run))
    return out


def _follows(before: Glyph, glyph: Glyph) -> bool:
    size = max(before.size, glyph.size)
    overlap = min(before.bottom, glyph.bottom) - max(before.top, glyph.top)
    if overlap < 0.5 * min(before.bottom - before.top, glyph.bottom - glyph.top):
        return False
    apart = _APART if is_full_width(before.text) and is_full_width(glyph.text) else _APART_LATIN
    gap = glyph.left - before.right
    # A mark that is narrower than its box says overlaps the next one; the parts of a ligature stand on one place.
    onward = gap > -0.6 * size or glyph.left - before.left > 0.25 * size
    return (onward and gap < apart * size) or glyph.left == before.left


def _line(glyphs: list[Glyph]) -> Line:
    _, lefts, tops, rights, bottoms, sizes, _ = zip(*glyphs, strict=True)
    usual = sizes[0] if len(set(sizes)) == 1 else Counter(sizes).most_common(1)[0][0]
    return Line(_spelled(glyphs), min(lefts), min(tops), max(rights), max(bottoms), round(usual, 1), glyphs=glyphs)


def _spelled(glyphs: Sequence[Glyph]) -> str:
    """The text of glyphs side by side, with blanks where they stand apart, though not where all are spaced alike."""
    gaps = [b.left - a.right for a, b in zip(glyphs, glyphs[1:], strict=False)]
    wide = [
        gap
        for a, b, gap in zip(glyphs, glyphs[1:], gaps, strict=False)
        if is_full_width(a.text) and is_full_width(b.text)
    ]
    usual = median(wide) if len(wide) >= 3 else 0.0
    out = [glyphs[0].text] if glyphs else []
    for before, glyph, gap in zip(glyphs, glyphs[1:], gaps, strict=False):
        size = max(before.size, glyph.size)
        if is_full_width(before.text) and is_full_width(glyph.text):
            blank = gap > max(_SPACE * size, 2 * usual)
        elif is_full_width(before.text) or is_full_width(glyph.text):
            blank = gap > 0.5 * size or (glyph.spaced and gap > 0.15 * size)
        else:
            blank = glyph.spaced or gap > _WORD_SPACE * size
        out.append(" " + glyph.text if blank else glyph.text)
    return "".join(out)


def rows(found: Iterable[Line]) -> list[list[Line]]:
    """Pieces that stand at one height, from left to right; from top to bottom."""
    out: list[list[Line]] = []
    for piece in sorted(found, key=lambda one: (one.middle, one.left)):
        last = out[-1] if out else None
        if last and any(_level(piece, other) for other in last):
            last.append(piece)
        else:
            out.append([piece])
    return [sorted(row, key=lambda one: one.left) for row in out]


def closed(found: list[Line]) -> list[Line]:
    """Pieces of a page, those of one line and size made one that touch, in whatever order they were written; a label
    and what is typed behind it stay two.
    """
    out: list[Line] = []
    for row in rows(found):
        run = row[:1]
        for piece in row[1:]:
            last, room = run[-1], _TOUCHING * piece.size
            alike = abs(last.size - piece.size) < 0.1 * piece.size and last.text[-1] not in ":："
            if alike and -room < piece.left - last.right < room and _level(last, piece):
                run.append(piece)
                continue
            out.append(_joined_pieces(run))
            run = [piece]
        out.append(_joined_pieces(run))
    return out


def _joined_pieces(run: list[Line]) -> Line:
    return run[0] if len(run) == 1 else _line([glyph for piece in run for glyph in piece.glyphs])


def _level(one: Line, other: Line) -> bool:
    height = min(one.bottom - one.top, other.bottom - other.top)
    return abs(one.middle - other.middle) < 0.5 * height


def whole_lines(told: list[list[Line]]) -> list[Line]:
    """One line a row: pieces of a spaced word together, cells of a table between bars, others with a blank between."""
    out = []
    told = [_words(row) for row in told]
    for number, row in enumerate(told):
        if len(row) == 1:
            out.append(row[0])
            continue
        near = [told[n] for n in (number - 1, number + 1) if 0 <= n < len(told)]
        table = any(_same_columns(row, other) for other in near)
        spaced = all(len(piece.text) == 1 and is_full_width(piece.text) for piece in row) and not table
        text = ("" if spaced else " | " if table else " ").join(piece.text for piece in row)
        line = _line([glyph for piece in row for glyph in piece.glyphs]) if row[0].glyphs else row[0]
        # Three pieces and more that stand apart are a row, too, though no other has its columns.
        line.text, line.cells = text, len(row) if table or (len(row) > 2 and not spaced) else 1
        out.append(line)
    return out


def _words(row: list[Line]) -> list[Line]:
    """A row in which single characters that stand alike far apart are words, 增 值 税, 名 称：, and an entry of a list
    is one with its mark.
    """
    out: list[Line] = []
    at = 0
    if len(row) == 2 and row[0].text in _BULLETS and row[0].glyphs:
        entry = _line([*row[0].glyphs, *row[1].glyphs])
        entry.text, entry.size = f"{row[0].text} {row[1].text}", row[1].size
        return [entry]
    while at < len(row):
        end = at + 1
        while (
            end < len(row)
            and _single(row[end - 1])
            and _SPACED_END.fullmatch(row[end].text)
            and _near(row[end - 1 : end + 1])
        ):
            end += 1
        run = row[at:end]
        if len(run) >= 3 or (len(run) == 2 and run[-1].text[-1] in ":：" and run[0].glyphs):
            word = _line([glyph for piece in run for glyph in piece.glyphs])
            word.text = "".join(piece.text for piece in run)
            out.append(word)
        else:
            out += run
        at = end
    return out


def _single(piece: Line) -> bool:
    return len(piece.text) == 1 and is_full_width(piece.text)


def _near(pair: Sequence[Line]) -> bool:
    return pair[1].left - pair[0].right < 2.6 * pair[0].size


def _same_columns(row: list[Line], other: list[Line]) -> bool:
    """Whether two rows have two pieces or more that begin, end or are centred at the same places."""
    alike = 0
    for piece in row:
        for there in other:
            offsets = (piece.left - there.left, piece.right - there.right)
            if min(map(abs, (*offsets, sum(offsets) / 2))) < 0.4 * piece.size:
                alike += 1
                break
    return alike >= 2 and len(other) >= 2


def joined(before: str, after: str, mark: str = "") -> str:
    """Two lines as one, with `mark` where they meet: a blank between words, none between Chinese characters, and a
    word that was broken at the end of a line is whole.
    """
    if not before or is_full_width(before[-1]) or is_full_width(after[0]):
        return before + mark + after
    if _BROKEN.search(before) and after[0].islower():
        return before[:-1] + mark + after
    return before + ("" if before[-1] in "-/" else " ") + mark + after


def without_margins(pages: list[list[Line]]) -> tuple[list[list[Line]], list[str]]:
    """Pages of pieces without their running heads, feet and page numbers; and the heads and feet, each once.

    A head stands at the same height of many pages and says the same but for its numbers; a number alone at an end of
    a page is its number where it says so (第 3 页) or counts on with the pages.
    """
    told = [rows(page) for page in pages]
    ends = [_ends(page) for page in told]
    seen: dict[tuple[str, str], set[int]] = defaultdict(set)
    counted: Counter[tuple[str, int]] = Counter()
    for number, marked in enumerate(ends):
        for where, row in marked:
            seen[where, _key(row)].add(number)
            if (value := _number(row)) is not None:
                counted[where, value - number] += 1
    out: list[list[Line]] = []
    heads: dict[str, str] = {}
    for number, (page, marked) in enumerate(zip(told, ends, strict=True)):
        gone: set[int] = set()
        for where, row in marked:
            text = _text(row)
            value = _number(row)
            repeated = len(seen[where, _key(row)] & set(range(number - 6, number + 7))) if _key(row) else 0
            counts_on = value is not None and counted[where, value - number] >= 2
            named = _PAGE_NUMBER.fullmatch(text) and (_SURE_NUMBER.fullmatch(text) or counts_on)
            if named or (repeated >= min(3, max(2, len(pages) // 2)) and _apart(row, page)):
                gone |= {id(piece) for piece in row}
                if not named and any(map(str.isalpha, text)):
                    heads.setdefault(_key(row), text)
        out.append([piece for row in page for piece in row if id(piece) not in gone])
    return out, list(heads.values())


def _ends(page: list[list[Line]]) -> list[tuple[str, list[Line]]]:
    """The rows at the top and at the foot of a page, each with the height it stands at."""
    top, foot = page[:_MARGIN_LINES], page[_MARGIN_LINES:][-_MARGIN_LINES:]
    marked = [(f"top{round(row[0].middle / 12)}", row) for row in top]
    return marked + [(f"foot{round(row[0].middle / 12)}", row) for row in foot or page[1:]]


def _text(row: list[Line]) -> str:
    return " ".join(piece.text for piece in row).strip()


def _key(row: list[Line]) -> str:
    """What two printings of one running head share."""
    return re.sub(r"[\d\s一二三四五六七八九十百〇ivxlcIVXLC]+", "", _text(row))


def _number(row: list[Line]) -> int | None:
    text = _text(row)
    roman = text.strip(" -—–·").lower()
    if roman in _ROMAN:
        return _ROMAN[roman]
    digits = re.fullmatch(r"\D{0,6}?(\d{1,4})(?:\D.{0,8})?", text)
    return int(digits[1]) if digits and _PAGE_NUMBER.fullmatch(text) else None


def _apart(row: list[Line], page: list[list[Line]]) -> bool:
    """Whether a row at an end of a page stands off from the text: by a gap, by smaller letters, or alone."""
    at = page.index(row)
    inner = page[at + 1 :] if at < len(page) / 2 else page[:at][::-1]
    body = next((other for other in inner if _key(other) and len(_text(other)) > 4), None)
    if body is None:
        return True
    size = median(piece.size for other in page for piece in other)
    gap = abs(body[0].middle - row[0].middle)
    gaps = [abs(a[0].middle - b[0].middle) for a, b in zip(page, page[1:], strict=False)]
    return row[0].size < 0.95 * size or gap > 1.25 * median(gaps)
