"""What stands between two letters without parting them: blanks and line breaks between Chinese characters.

Recognition puts blanks between characters, forms pad names (`王　芳`), editors break lines anywhere. Chinese has no
blanks between words, so none of these is a border. Terms and phrases are found in the closed text, which goes without
them; display text and offsets stay as they are.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import codes_of, is_han, is_letter
from index.analysis.fold import RADICALS

Places = NDArray[np.int64]

_MAX_GAP = 10  # characters of a gap; more is the space between two columns
_BLANK, _BREAK, _NOTHING = 1, 2, 3
_KINDS = np.zeros(0x110000, np.uint8)
_KINDS[[0x20, 0xA0, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000]] = _BLANK
_KINDS[0x0A] = _BREAK
# Variation selectors, which say how the character before is drawn, and what has no width.
_KINDS[[*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0), *range(0x200B, 0x2010), 0x2060, 0xFEFF]] = _NOTHING
_RADICALS = str.maketrans(RADICALS)
_NEVER = 0  # what is looked at before the text and behind it


class Closed(NamedTuple):
    """A text without its gaps, and where each of its characters stood; None where there was no gap.

    `gaps`: where in the closed text one was, between the character there and the one before.
    """

    text: str
    places: Places | None = None
    gaps: Places = np.zeros(0, np.int64)

    def to(self, offsets: Places) -> Places:
        """Offsets of the text as offsets of the closed one; within a gap, where it was."""
        return offsets if self.places is None else np.searchsorted(self.places, offsets)

    def part(self, start: int, end: int) -> "Closed":
        """`[start, end)` of the closed text, with the gaps within it."""
        inside = self.gaps[(self.gaps > start) & (self.gaps < end)] - start
        return Closed(self.text[start:end], None if self.places is None else self.places[start:end], inside)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `[start, end)` of the closed text stands in the text; not empty."""
        return (start, end) if self.places is None else (int(self.places[start]), int(self.places[end - 1]) + 1)


def close_gaps(text: str, *, marks: bool = False) -> Closed:
    """`text` without its gaps. With `marks` blanks between a Chinese character and any mark go too.

    A gap is short, has one line break at most (or an empty line between characters that have lines of their own) and a
    Chinese character on one side at least; between other letters a blank parts words.
    """
    codes = codes_of(text)
    kinds = _KINDS.take(codes)
    soft = kinds > 0
    if not soft.any():
        return Closed(text)
    edges = np.flatnonzero(np.diff(soft, prepend=False, append=False))
    begins, ends = edges[::2], edges[1::2]
    around = np.concatenate([[_NEVER, _NEVER], codes, [_NEVER, _NEVER]]).astype(np.uint32)
    before, after = around[begins + 1], around[ends + 2]
    breaks = np.append(0, np.cumsum(kinds == _BREAK))
    lines = breaks[ends] - breaks[begins]
    blanks = np.append(0, np.cumsum(kinds != _NOTHING))
    wide = blanks[ends] - blanks[begins]
    han_before, han_after = is_han(before), is_han(after)
    one_side = han_before | han_after
    if marks:
        fits = one_side & (before != _NEVER) & (after != _NEVER)
    else:
        fits = one_side & (han_before | is_letter(before)) & (han_after | is_letter(after))
    alone = np.isin(around[begins], (_NEVER, 0x0A)) & np.isin(around[ends + 3], (_NEVER, 0x0A))
    closed = fits & (wide <= _MAX_GAP) & ((lines <= 1) | ((lines == 2) & alone))
    drop = soft & (kinds == _NOTHING)
    sizes = ends - begins
    at = np.flatnonzero(soft)
    drop[at] |= np.repeat(closed, sizes)
    if not drop.any():
        return Closed(text)
    places = np.flatnonzero(~drop)
    gaps = np.searchsorted(places, ends[closed & (wide > 0)])
    return Closed(codes[places].tobytes().decode("utf-32-le", "surrogatepass"), places, gaps)


def lone_joined(text: str) -> str:
    """`text` without the gaps between Chinese characters each of which stands alone: `溢 洪 道`, `王 芳`.

    In a question a blank between longer words is the asker's own.
    """
    parts = text.split()
    out: list[str] = []
    last = ""
    for part in parts:
        together = _is_lone(part) and _is_lone(last)
        out.append(part if together or not out else f" {part}")
        last = part
    return "".join(out)


def _is_lone(part: str) -> bool:
    return len(part) == 1 and bool(is_han(codes_of(part))[0])


def as_read(text: str) -> str:
    """`text` as an encoder should see it: without gaps in a line, and characters for radicals that stand for them."""
    return "\n".join(close_gaps(line).text for line in text.split("\n")).translate(_RADICALS)
