"""What an article is made of besides its text: cells of a table's row, and where its pages begin.

Cleaning steps are `str -> str` and know of neither. Cells are cleaned apart and put behind the text; page starts are
found again in the display text, which is the raw text with pieces taken out and others repaired.
"""

from dataclasses import replace
from itertools import compress

from index.models import Article

_ANCHOR = 12  # characters that are looked for
_STEP = 6  # characters from one try to the next
_CONTEXT = 200  # characters compared to know which is meant where an anchor stands more than once
_SLACK = 400  # characters that repairs may have added before a place


def with_cells(article: Article) -> Article:
    """The article with its cells behind its text."""
    if not article.cells:
        return article
    return replace(article, text="\n\n".join(part for part in (article.text, article.cells) if part), cells="")


def page_starts(raw: str, starts: tuple[int, ...], text: str) -> tuple[int, ...]:
    """Offsets into `text` of the places that `starts` are in `raw`, ascending; `text` is what cleaning made of `raw`.

    White space does not count: lines may be joined or cut otherwise. A page of which nothing is left begins where the
    next one does.
    """
    before, places = _dense(raw)
    after, homes = _dense(text)
    found: list[int] = []
    at = low = 0
    marks = []
    for start in starts:  # how many characters that count come before each
        while at < len(places) and places[at] < start:
            at += 1
        marks.append(at)
    ends = [*marks[1:], len(before)]
    for number, (mark, end) in enumerate(zip(marks, ends, strict=True)):
        place = 0 if number == 0 else _place(before, mark, end, after, low)
        if place is not None:
            low = place
        found.append(-1 if place is None else place)
    out = []
    following = len(after)
    for place in reversed(found):
        following = following if place < 0 else place
        out.append(len(text) if following >= len(homes) else homes[following])
    return tuple([0, *out[::-1][1:]]) if out else ()


def _dense(text: str) -> tuple[str, list[int]]:
    """`text` without white space, and where each character that is left stands in it."""
    keep = [not char.isspace() for char in text]
    return "".join(compress(text, keep)), list(compress(range(len(text)), keep))


def _place(before: str, mark: int, end: int, after: str, low: int) -> int | None:
    """Where in `after`, from `low` on, that begins which begins in `before` at `mark` and ends before `end`."""
    for at in range(mark, end, _STEP):
        anchor = before[at : min(at + _ANCHOR, end)]
        if len(anchor) < 4:
            return None
        best, most = -1, -1
        place = after.find(anchor, low, at + _SLACK)
        while place >= 0:
            alike = _common(before[at : at + _CONTEXT], after[place : place + _CONTEXT])
            alike += _common(before[max(0, at - _CONTEXT) : at][::-1], after[max(0, place - _CONTEXT) : place][::-1])
            if alike > most:
                best, most = place, alike
            place = after.find(anchor, place + 1, at + _SLACK)
        if best >= 0:
            back = _common(before[mark:at][::-1], after[low:best][::-1])
            return best - back
    return None


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    for n, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return n
    return min(len(one), len(other))
