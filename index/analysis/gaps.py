"""What stands between two letters without parting them: blanks and line breaks between Chinese characters.

Recognition puts blanks between characters, forms pad names (`王　芳`), editors break lines anywhere. Chinese has no
blanks between words, so none of these is a border. Terms and phrases are found in the closed text, which goes without
them; display text and offsets stay as they are.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import codes_of, is_han, is_letter
from index.analysis.fold import RADICALS

Places = NDArray[np.int64]

_MAX_GAP = 10  # characters of a gap; more is the space between two columns
_BLANK, _BREAK, _NOTHING = 1, 2, 3
_BLANKS = " \xa0\u2000-\u200a\u202f\u205f\u3000"
# Variation selectors, which say how the character before is drawn, and what has no width.
_NOTHINGS = "\ufe00-\ufe0f\U000e0100-\U000e01ef\u200b-\u200f\u2060\ufeff"
_SOFT = re.compile(f"[\n{_BLANKS}{_NOTHINGS}]")
_IN_LINE = re.compile(f"[{_BLANKS}{_NOTHINGS}]")
_KINDS = np.zeros(0x110000, np.uint8)
for _some, _kind in ((_BLANKS, _BLANK), (_NOTHINGS, _NOTHING)):
    for _low, _high in re.findall("(.)(?:-(.))?", _some):
        _KINDS[ord(_low) : ord(_high or _low) + 1] = _kind
_LINE_BREAK = 0x0A
_KINDS[_LINE_BREAK] = _BREAK
_COUNTS = np.array([(0, 0), (1, 0), (1, 1), (0, 0)])  # of each kind: how wide it is, and how many line breaks
_RADICALS = str.maketrans(RADICALS)
_RADICAL = re.compile("[\u2e80-\u2eff\u31c0-\u31ef]")
_NEVER = 0  # the character that is looked at before a text and behind it
_AROUND = "\0\0"


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
    return close_all([text], marks=marks)[0]


def holds(text: str, phrase: str) -> bool:
    """Whether a folded `phrase` stands in a folded text, whatever gaps either has, beside marks too."""
    phrase = close_gaps(phrase, marks=True).text
    # Closing the gaps of a whole text costs more than all else: it is done where the letters are there at least.
    if phrase in text or not _loosely(phrase).search(text):
        return phrase in text
    return phrase in close_gaps(text, marks=True).text


@lru_cache(maxsize=64)
def _loosely(phrase: str) -> re.Pattern[str]:
    """The letters and marks of a phrase with whatever could be a gap between them."""
    return re.compile(f"{_SOFT.pattern}*".join(map(re.escape, _SOFT.sub("", phrase))))


def close_all(texts: Sequence[str], *, marks: bool = False) -> list[Closed]:
    """`close_gaps` of each text, all at once."""
    if not any(map(_SOFT.search, texts)):
        return list(map(Closed, texts))
    codes = codes_of(f"{_AROUND}{_AROUND.join(texts)}{_AROUND}")
    # What few comparisons tell goes first: a table of all characters is looked at for the rest only.
    some = (codes <= 0xA0) & ((codes <= 0x20) | (codes == 0xA0))
    some |= ((codes >= 0x2000) & (codes <= 0x3000)) & ((codes <= 0x2060) | (codes == 0x3000))
    some |= codes >= 0xFE00
    soft = np.flatnonzero(some)
    kinds = _KINDS[codes[soft]]
    soft, kinds = soft[kinds > 0], kinds[kinds > 0]
    apart = np.flatnonzero(soft[1:] - soft[:-1] > 1)
    first, last = np.append(0, apart + 1), np.append(apart, len(soft) - 1)  # of each gap, among `soft`
    begins, ends = soft[first], soft[last] + 1
    before, after = codes[begins - 1], codes[ends]
    han_before, han_after = is_han(before), is_han(after)
    fits = han_before | han_after
    if marks:
        fits &= (before != _NEVER) & (after != _NEVER)
    else:
        fits &= (han_before | is_letter(before)) & (han_after | is_letter(after))
    counts = _COUNTS.take(kinds, axis=0).cumsum(axis=0)
    wide, lines = (counts[last] - counts[first] + _COUNTS[kinds[first]]).T
    outside, beyond = codes[begins - 2], codes[ends + 1]
    alone = (lines == 2) & ((outside == _NEVER) | (outside == _LINE_BREAK))
    alone &= (beyond == _NEVER) | (beyond == _LINE_BREAK)
    closed = fits & (wide <= _MAX_GAP) & ((lines <= 1) | alone)
    drop = (kinds == _NOTHING) | np.repeat(closed, last - first + 1)
    if not drop.any():
        return list(map(Closed, texts))
    return _without(texts, codes, soft[drop], ends[closed & (wide > 0)])


def _without(texts: Sequence[str], codes: NDArray[np.uint32], dropped: Places, ends: Places) -> list[Closed]:
    """The texts, which `codes` hold with what is around each, without what is `dropped`; gaps ended at `ends`."""
    begins = np.cumsum([len(_AROUND), *(len(text) + len(_AROUND) for text in texts)])
    kept = np.ones(len(codes), bool)
    kept[dropped] = False
    places = np.flatnonzero(kept)
    rest = codes[kept].tobytes().decode("utf-32-le", "surrogatepass")
    gaps, gone = np.searchsorted(places, ends), np.searchsorted(dropped, begins).tolist()
    at, first = np.searchsorted(places, begins).tolist(), np.searchsorted(ends, begins).tolist()
    found = []
    for n, (text, begin) in enumerate(zip(texts, begins.tolist(), strict=False)):
        if gone[n] == gone[n + 1]:
            found.append(Closed(text))
            continue
        low, high = at[n], at[n + 1] - len(_AROUND)
        found.append(Closed(rest[low:high], places[low:high] - begin, gaps[first[n] : first[n + 1]] - low))
    return found


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
    if _IN_LINE.search(text):
        text = "\n".join(line.text for line in close_all(text.split("\n")))
    return text.translate(_RADICALS) if _RADICAL.search(text) else text
