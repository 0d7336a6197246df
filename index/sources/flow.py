"""Lines of pages -> paragraphs: what was broken because the line or the page was full is one again.

Shared by the formats that say where things stand and not what they are: PDF and OFD.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from index.sources.page_columns import blocks
from index.sources.page_layout import ASIDE, Line, joined, rows, whole_lines, without_margins

_ENDS = re.compile(r"[。！？!?；;：:…”」』）)》】.][\s\"'”’」』）)》】]*$")
_STOPS = re.compile(r"[。！？!?；;…][\s\"'”’」』）)》】]*$")
_ITEM = re.compile(
    r"^(?:[（(]?[一二三四五六七八九十百]{1,4}[)）、.．]|第[一二三四五六七八九十百千零〇\d]{1,6}[章节節条條款编編篇部]"
    r"|[（(]?\d{1,3}[)）、.．](?!\d)|[①-⑳●○■□◆◇▪•·※★☆*－-]\s?)"
)
_TITLE_SIZE_THRESHOLD = 1.15  # times the size of the text that a title has at least
_WORDED = 0.3  # of a title that is letters at least
_MAX_TITLE = 80  # characters
_MAX_HEADS = 4  # that are told in a report
_PAPER = re.compile(r"文\s*件$")
_CAPTION = re.compile(
    r"(?:图|表|圖|附图|附表|照片|[Ff]ig(?:ure)?\.?|[Tt]able|FIG(?:URE)?\.?|TABLE)\s*[\dA-Za-z一二三四五六七八九十]"
)
_LONG_LINE = 12  # characters of a line that a paragraph goes on after, whatever stands between
_NOTE = 0.9  # times the size of the text that a footnote has at most


class Flow(NamedTuple):
    """The text of a document, where its pages begin in it, and the largest words of its first page ("": none).

    `heads` says which running heads and feet are left out; "" where none is. Page numbers alone are not told.
    """

    text: str
    pages: tuple[int, ...]
    title: str
    heads: str


def flow(pages: list[list[Line]]) -> Flow:
    """The text of pages, each given as its pieces of lines in any order (index.sources.page_layout.pieces)."""
    asides = [whole_lines(rows(line for line in page if line.top >= ASIDE)) for page in pages]
    kept, margins = without_margins([[line for line in page if line.top < ASIDE] for page in pages])
    sizes: Counter[float] = Counter()
    for page in kept:
        for piece in page:
            sizes[piece.size] += len(piece.text)
    body = max(sizes, key=lambda size: (sizes[size], size)) if sizes else 0.0
    ordered = [blocks(page) for page in kept]
    lines = [line for page in ordered for block in page for line in block]
    right = _supported(
        [line.right for line in _long([line for line in lines if line.size <= _TITLE_SIZE_THRESHOLD * body])]
    )
    out = _Paragraphs(body, right)
    for page_blocks, aside in zip(ordered, asides, strict=True):
        out.page(page_blocks, aside)
    text, starts = out.text()
    largest = _largest([line for block in ordered[0] for line in block], body) if ordered else ""
    return Flow(text, starts, largest, _told(margins))


def _told(margins: list[str]) -> str:
    """Running heads and feet for a report."""
    more = ", ..." if len(margins) > _MAX_HEADS else ""
    return f"running heads: {', '.join(margins[:_MAX_HEADS])}{more}" if margins else ""


def _supported(edges: Sequence[float], within: float = 6.0) -> float | None:
    """The farthest of right edges that some others share: one line that is too long is no margin."""
    ranked = sorted(edges, reverse=True)
    need = 2 if len(ranked) < 40 else 3
    for number, edge in enumerate(ranked):
        if number + need - 1 < len(ranked) and edge - ranked[number + need - 1] <= within:
            return edge
    return None


def _long(lines: list[Line]) -> list[Line]:
    """Lines that may have ended because there was no more room: a signature on the right side is none of them."""
    widest = max((line.right - line.left for line in lines), default=0.0)
    return [line for line in lines if line.right - line.left >= 0.6 * widest]


class _Paragraphs:
    """Paragraphs as they grow: the last is open until a line comes that does not go on."""

    def __init__(self, body: float, right: float | None) -> None:
        self._body, self._right = body, right
        self._done: list[str] = []  # paragraphs, with a form feed where a page begins
        self._last: Line | None = None
        self._margins = (0.0, 0.0, False)
        self._marks, self._begun = "", False  # page breaks that wait for the next words
        self._label: Line | None = None  # the last that waits
        self._waiting: list[tuple[int, str]] = []  # labels within a paragraph, and how many breaks came before each

    def page(self, page: list[list[Line]], aside: list[Line]) -> None:
        """Add the blocks of the next page, and what is printed across it."""
        lines = [line for block in page for line in block]
        notes = self._notes(lines)
        self._marks += "\f" if self._begun else ""
        begins = self._begun = True
        for block in page:
            left, right, sure = self._edges(block)
            gap = _usual_gap(block)
            for line in block:
                if id(line) in notes:
                    continue
                across = begins or bool(self._waiting) or (self._last is not None and line.top < self._last.top)
                anew = bool(self._waiting) and (self._is_below_label(line) or _begins_anew(line, left, right))
                if not anew and self._goes_on(line, left, None if across else gap):
                    mark, self._marks = self._marks, ""
                    self._done[-1] = joined(self._done[-1], line.text, mark)
                    self._waiting = [(0, text) for _, text in self._waiting]
                elif self._is_unfinished() and (self._is_label(line, left, right) or self._is_below_label(line)):
                    self._wait(line, right)
                    continue
                else:
                    self._told()
                    mark, self._marks = self._marks, ""
                    self._done.append(mark + line.text)
                self._last, self._margins, begins = line, (left, right, sure), False
        if notes or aside:
            self._add_notes([*(line for line in lines if id(line) in notes), *aside])

    def _is_unfinished(self) -> bool:
        """Whether the last line ended only because it was full."""
        last = self._last
        if last is None or last.cells > 1 or _ENDS.search(last.text):
            return False
        near = abs(last.size - self._body) <= 0.1 * self._body
        return near and self._margins[1] - last.right <= 1.2 * last.size and len(last.text) >= _LONG_LINE

    def _is_label(self, line: Line, left: float, right: float) -> bool:
        """Whether a line is of a figure or table that stands within a paragraph, or is what these are called."""
        if line.size >= _TITLE_SIZE_THRESHOLD * self._body or _ITEM.match(line.text):
            return False
        last = self._last
        # A short line at the margin, in letters of the text, is the end of a paragraph.
        own = last is None or abs(line.left - left) > line.size or abs(line.size - last.size) > 0.05 * line.size
        short = own and line.right - line.left < 0.6 * (right - left)
        return line.cells > 1 or line.size <= _NOTE * self._body or short or bool(_CAPTION.match(line.text))

    def _is_below_label(self, line: Line) -> bool:
        """Whether a line stands right below the last label, in the same letters: the rest of a caption."""
        last = self._label
        if not self._waiting or last is None or abs(line.size - last.size) > 0.05 * line.size:
            return False
        return -0.5 * line.size < line.top - last.bottom < 0.8 * line.size and line.left < last.right

    def _wait(self, line: Line, right: float) -> None:
        """Keep a label for the end of the paragraph; the lines of a caption are one."""
        last = self._label
        full = last is not None and right - last.right < 2 * line.size and last.cells == line.cells == 1
        if full and self._is_below_label(line):
            breaks, text = self._waiting[-1]
            self._waiting[-1] = (breaks, joined(text, line.text))
        else:
            self._waiting.append((len(self._marks), line.text))
        self._label = line

    def _told(self) -> None:
        """The labels that waited for the end of a paragraph, each on its page."""
        emitted = 0
        for breaks, text in self._waiting:
            self._done.append("\f" * (breaks - emitted) + text)
            emitted = breaks
        self._marks = self._marks[emitted:]
        self._waiting = []

    def _add_notes(self, lines: list[Line]) -> None:
        """Footnotes stand before a paragraph that goes on over the page, so that it can."""
        told: list[str] = []
        last: Line | None = None
        for line in lines:
            beside = [one.right for one in lines if last is not None and abs(one.left - last.left) < 3 * last.size]
            full = last is not None and last.cells == line.cells == 1 and max(beside) - last.right < 2 * last.size
            if full and not _ITEM.match(line.text) and not _STOPS.search(told[-1]):
                told[-1] = joined(told[-1], line.text)
            else:
                told.append(line.text)
            last = line
        open_one = self._last is not None and not _ENDS.search(self._last.text)
        at = len(self._done) - 1 if open_one and self._done and "\f" not in self._done[-1] else len(self._done)
        told[0], self._marks = self._marks + told[0], ""
        self._done[at:at] = told

    def _notes(self, lines: list[Line]) -> set[int]:
        """Ids of the smaller lines at the foot of a page, below text of the usual size."""
        small = [line for line in lines if line.size <= _NOTE * self._body]
        usual = [line.bottom for line in lines if line.size > _NOTE * self._body]
        if not small or not usual:
            return set()
        lowest = max(usual)
        return {id(line) for line in small if line.top >= lowest - 1}

    def _edges(self, block: list[Line]) -> tuple[float, float, bool]:
        """Left and right margin of a block, and whether more than one line shows the right one."""
        text = [line for line in block if line.size <= _TITLE_SIZE_THRESHOLD * self._body and line.cells == 1] or block
        own = _supported([line.right for line in _long(text)])
        widest = max(line.right for line in text)
        right = own if own is not None else widest
        if self._right is not None and own is None and self._right > right:
            right = self._right if self._right - right < 0.5 * (right - min(line.left for line in text)) else right
        lefts = [-line.left for line in text]
        left = _supported(lefts)
        sure = own is not None or right == self._right
        return (-left if left is not None else min(line.left for line in text)), right, sure

    def _goes_on(self, line: Line, left: float, gap: float | None) -> bool:
        last = self._last
        if last is None or not self._done or last.cells > 1 or line.cells > 1:
            return False
        if abs(line.size - last.size) > 0.12 * max(last.size, line.size):
            return False
        if last.size >= _TITLE_SIZE_THRESHOLD * self._body and line.size >= _TITLE_SIZE_THRESHOLD * self._body:
            near = gap is not None and line.top - last.bottom < 1.2 * line.size
            return near and not _STOPS.search(last.text) and not _ITEM.match(line.text)
        before_left, right, sure = self._margins
        word = re.match(r"[!-~]+|.", line.text)
        room = 1.2 * last.size
        if word and word[0].isascii():
            room = max(room, 0.55 * last.size * len(word[0]))
        if right - last.right > room or last.right - last.left < 6 * last.size:
            return False
        if last.left - before_left > 0.5 * (right - before_left):
            return False  # a signature on the right side
        indented = line.left - left > 0.8 * line.size
        # A paragraph that is set in as a whole: its lines begin alike, and none is its first.
        alike = abs(line.left - last.left) < 0.5 * line.size and last.left - before_left > 0.8 * line.size
        unfinished = not _ENDS.search(last.text)
        if not sure and not unfinished:
            return False
        if _ITEM.match(line.text) and (indented or not unfinished):
            return False
        if indented and _CAPTION.match(line.text):
            return False
        far = gap is not None and line.top - last.bottom > gap + 0.6 * line.size
        if indented and not (alike and unfinished):
            return unfinished and not far and line.left - left < 4.5 * line.size and not _centred(line, left, right)
        return not far or unfinished

    def text(self) -> tuple[str, tuple[int, ...]]:
        """All paragraphs, and where the pages begin."""
        self._told()
        marked = "\n".join(self._done) + self._marks
        parts = marked.split("\f")
        text, starts = "", []
        for part in parts:
            starts.append(len(text))
            text += part
        return text, tuple(starts)


def _begins_anew(line: Line, left: float, right: float) -> bool:
    """Whether a line does not go on with a sentence that labels have broken off."""
    if line.left - left > 0.8 * line.size:
        return True
    ended = line.right - line.left < 0.6 * (right - left) and not _ENDS.search(line.text)
    return ended or line.text[0].isupper() or bool(_CAPTION.match(line.text))


def _centred(line: Line, left: float, right: float) -> bool:
    return abs((line.left - left) - (right - line.right)) < line.size and line.left - left > line.size


def _usual_gap(block: list[Line]) -> float:
    gaps = sorted(b.top - a.bottom for a, b in zip(block, block[1:], strict=False) if b.top > a.top)
    return gaps[len(gaps) // 4] if gaps else 0.0


def _is_worded(text: str) -> bool:
    """Whether a line is of words: no number, and no code of letters, digits and signs."""
    letters = sum(map(str.isalpha, text))
    return letters >= 2 and letters >= _WORDED * len(text)


def _largest(lines: list[Line], body: float) -> str:
    """The words of the largest size on a page, if that is more than the text's; not the head of an official paper."""
    alone = [line for line in lines if line.cells == 1]
    large = [line for line in alone if line.size >= _TITLE_SIZE_THRESHOLD * body and _is_worded(line.text)]
    large = [line for line in large if not _PAPER.search(line.text)] or large
    if not large:
        return ""
    most = max(line.size for line in large)
    title = ""
    last: Line | None = None
    for line in lines:
        if line not in large or line.size < 0.93 * most:
            if title:
                break
            continue
        if last is not None and line.top - last.bottom > 1.5 * line.size:
            break
        longer = joined(title, line.text)
        if len(longer) > _MAX_TITLE:
            break
        title, last = longer, line
    return title
