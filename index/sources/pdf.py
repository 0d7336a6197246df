"""PDF -> one record with its pages: pdfium says where each glyph stands, index.sources.flow what that reads as."""

import ctypes
import logging
import math
from collections.abc import Iterator
from importlib import import_module
from itertools import repeat
from typing import Any

from index.models import Skipped, SkipReason
from index.sources.flow import flow
from index.sources.page_layout import ASIDE, Glyph, Line, pieces
from index.sources.pdf_annotations import Annotations
from index.sources.pdf_fonts import lend_font
from index.sources.records import Record, Records
from index.sources.titles import author_of, title_of

_HYPHENS = {"\x02": "-", "\ufffe": "-", "\xad": ""}
# What Word and WPS begin the entries of a list with, in the codes of the symbol fonts: a bullet of some shape.
_BULLETS = frozenset("\uf06c\uf06e\uf071\uf075\uf076\uf077\uf0a7\uf0b7\uf0d8")
_MAX_LOST = 0.3  # share of glyphs without a character from which a file is not readable
_MAX_TILT = 0.1  # radians that a level line may lean


def read_pdf(data: bytes, where: str) -> Records:
    """One record of the whole file; pages without a text are named."""
    pdfium = import_module("pypdfium2")
    logging.getLogger("pypdfium2").setLevel(logging.CRITICAL)
    lend_font()
    document = pdfium.PdfDocument(data)
    try:
        yield from _records(document, where)
    finally:
        document.close()


def _records(document: Any, where: str) -> Records:
    if document.get_formtype():
        document.init_forms()
    reader = _Reader(document.formenv.raw if document.formenv else None)
    pages = [reader.page(document[number]) for number in range(len(document))]
    empty = [number for number, page in enumerate(pages, start=1) if not page]
    if len(empty) == len(pages):
        yield Skipped(where, SkipReason.EMPTY, "a PDF of pictures")
        return
    if reader.lost > _MAX_LOST * reader.glyphs:
        yield Skipped(where, SkipReason.UNREADABLE, "its fonts do not say which characters they show")
        return
    text, starts, largest, heads = flow(pages)
    told = document.get_metadata_dict()
    given = title_of(told.get("Title"))
    first = "".join(text[: starts[1] if len(starts) > 1 else len(text)].split())
    title = given if given and ("".join(given.split()) in first or not largest) else largest
    content = {"title": title, "text": text, "author": author_of(told.get("Author"))}
    yield Record({k: v for k, v in content.items() if v}, where, whole_file=True, pages=starts)
    parts = [f"pages {_ranges(empty)}, which are pictures"] if empty else []
    parts += [f"{reader.lost} characters whose fonts do not say what they are"] if reader.lost else []
    parts += [f"{reader.comments} comment{'s' * (reader.comments > 1)}"] if reader.comments else []
    parts += [heads] if heads else []
    if parts:
        yield Skipped(where, SkipReason.PART, "; ".join(parts))


def _ranges(numbers: list[int]) -> str:
    """`1, 3-5` for 1, 3, 4, 5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


class _Reader:
    """Pages of one document as pieces of lines; counts the glyphs, and those without a character."""

    def __init__(self, form: Any) -> None:
        self._raw = import_module("pypdfium2.raw")
        self._annotations = Annotations(form)
        self.glyphs = self.lost = 0

    @property
    def comments(self) -> int:
        """How many are written at the pages read so far."""
        return self._annotations.comments

    def page(self, page: Any) -> list[Line]:
        """The pieces of a page, turned upright."""
        text = page.get_textpage()
        width, height = page.get_size()
        try:
            box = page.get_mediabox()
            glyphs = list(self._read(text.raw, text.count_chars(), box))
            glyphs += [(glyph, 0) for glyph in self._annotations.glyphs(page.raw, box[0], box[3])]
        finally:
            text.close()
            page.close()
        self.glyphs += len(glyphs)
        return pieces(_upright(glyphs, width, height))

    def _read(self, text: Any, count: int, box: tuple[float, float, float, float]) -> Iterator[tuple[Glyph, int]]:
        """Each glyph with the quarter turns it is printed at, slanted ones left out."""
        raw = self._raw
        rect, matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        at, told = ctypes.byref(rect), ctypes.byref(matrix)
        unicode, bounds, size_of = raw.FPDFText_GetUnicode, raw.FPDFText_GetLooseCharBox, raw.FPDFText_GetFontSize
        origin, top = box[0], box[3]
        spaced = False
        turn, before = 0, math.inf
        for number, char in _whole(map(unicode, repeat(text), range(count))):
            if char.isspace():
                spaced |= char != "\r" and char != "\n"
                continue
            if char == "\0" or ("\ue000" <= char <= "\uf8ff" and char not in _BULLETS) or char == "\ufffd":
                self.lost += 1
                continue
            char = _HYPHENS.get(char, char)
            if not char or not bounds(text, number, at):
                continue
            middle = (rect.top + rect.bottom) / 2
            size = size_of(text, number) or rect.top - rect.bottom
            begins = abs(middle - before) > 0.3 * min(size, rect.top - rect.bottom)  # a new line, or none at all
            if char in _BULLETS:
                if not begins:
                    self.lost += 1
                    continue
                char = "•"
            if begins:
                turn = _quarters(matrix.a, matrix.b) if raw.FPDFText_GetMatrix(text, number, told) else 0
            before = middle
            outside = rect.right < box[0] or rect.left > box[2] or rect.top < box[1] or rect.bottom > box[3]
            if turn < 0 or outside:
                continue  # a watermark, or nothing that can be seen
            height = abs(rect.top - rect.bottom) if turn % 2 == 0 else abs(rect.right - rect.left)
            if not 0.6 * size < height < 2.2 * size:  # the size is the font's, before it was stretched
                size = height
            place = (rect.left - origin, top - rect.top, rect.right - origin, top - rect.bottom)
            yield Glyph(char, *place, size, spaced), turn
            spaced = False


def _whole(units: Iterator[int]) -> Iterator[tuple[int, str]]:
    """Characters of UTF-16 units, each with the place of its last: pdfium tells the two halves of a pair as two."""
    half = number = 0
    for number, unit in enumerate(units):
        if unit < 0xD800 and not half:
            yield number, chr(unit)
            continue
        code = unit
        if half and 0xDC00 <= unit < 0xE000:
            code = 0x10000 + ((half - 0xD800) << 10) + unit - 0xDC00
        elif half:
            yield number - 1, "\ufffd"
        half = unit if 0xD800 <= unit < 0xDC00 else 0
        if not half:
            yield number, "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)
    if half:
        yield number, "\ufffd"


def _quarters(along: float, up: float) -> int:
    """Quarter turns clockwise, 0..3, of a base line that runs `along` and `up`; -1 where it is slanted.

    Letters that lean on a level line, the italics of fonts that have none, are not: pdfium's own angle of a glyph is
    that of its upright strokes.
    """
    angle = -math.atan2(up, along)
    quarter = round(angle / (math.pi / 2))
    return quarter % 4 if abs(angle - quarter * math.pi / 2) < _MAX_TILT else -1


def _upright(glyphs: list[tuple[Glyph, int]], width: float, height: float) -> list[Glyph]:
    """Glyphs of a page in the direction that most of them are read in, then the others, turned too, far below."""
    turns = [0, 0, 0, 0]
    for _, turn in glyphs:
        turns[turn] += 1
    order = sorted(range(4), key=turns.__getitem__, reverse=True)
    return [
        _turned(glyph, turn, width, height, 0.0 if turn == order[0] else ASIDE * order.index(turn))
        for wanted in order
        for glyph, turn in glyphs
        if turn == wanted
    ]


def _turned(glyph: Glyph, turn: int, width: float, height: float, down: float) -> Glyph:
    if not turn and not down:
        return glyph
    _, left, top, right, bottom, *_ = glyph
    if turn == 1:
        left, top, right, bottom = top, width - right, bottom, width - left
    elif turn == 2:
        left, top, right, bottom = width - right, height - bottom, width - left, height - top
    elif turn == 3:
        left, top, right, bottom = height - bottom, left, height - top, right
    return glyph._replace(left=left, top=top + down, right=right, bottom=bottom + down)
