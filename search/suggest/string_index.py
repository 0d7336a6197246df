"""Strings, searched by what each character may be. Made for a few million characters in memory.

A pattern is a list of slots, each with the characters that may stand there. The positions of
every character are kept, so that a search costs what its rarest slot occurs, not what the text is long. Only
letters, digits and Chinese characters count: marks and blanks between them are passed over.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import codes_of
from index.analysis.fold import fold

Positions = NDArray[np.int32]
_WORD = re.compile(r"\w")


class Slot(NamedTuple):
    """The characters that may stand at one slot of a pattern, by number, and how often they occur together."""

    chars: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    total: int


class StringIndex:
    """Some strings as they are displayed, and their folded word characters one after another."""

    def __init__(self, strings: Iterable[str]) -> None:
        """Take `strings`; line breaks within them become blanks."""
        self.strings = [line.replace("\n", " ") for line in strings]
        text = fold("\n" + "".join(f"{line}\n" for line in self.strings))
        codes = codes_of(text)
        seen = np.zeros(0x110000, bool)
        seen[codes] = True
        counted = np.array([code for code in np.flatnonzero(seen).tolist() if code == 10 or _WORD.match(chr(code))])
        number = np.full(0x110000, -1, np.int32)
        number[counted] = np.arange(len(counted))
        self._origin = np.flatnonzero(number[codes] >= 0).astype(np.int32)  # half of the memory of wider ones
        self.ids: NDArray[np.int32] = number[codes[self._origin]]
        self.folded = codes[self._origin].tobytes().decode("utf-32-le", "surrogatepass")
        self.alphabet = [chr(code) for code in counted.tolist()]
        self.number = {char: i for i, char in enumerate(self.alphabet)}
        self._order = np.argsort(self.ids, kind="stable").astype(np.int32)
        self.counts = np.bincount(self.ids, minlength=len(counted))
        self._ends = np.cumsum(self.counts)
        breaks = np.flatnonzero(self.ids == self.number["\n"])
        self.starts: Positions = breaks[:-1].astype(np.int32) + 1
        """Where each line begins."""
        self._begins = self._origin[breaks[:-1]] + 1  # the same, counting marks

    @cached_property
    def anything(self) -> Slot:
        """Any character of a line."""
        allowed = np.ones(len(self.alphabet), bool)
        allowed[self.number["\n"]] = False
        return self._slot(allowed)

    def slot(self, chars: Iterable[str]) -> Slot:
        """A slot where one of `chars`, folded, may stand."""
        allowed = np.zeros(len(self.alphabet), bool)
        allowed[[self.number[char] for char in chars if char in self.number]] = True
        return self._slot(allowed)

    def _slot(self, allowed: NDArray[np.bool_]) -> Slot:
        chars = np.flatnonzero(allowed)
        return Slot(chars, allowed, int(self.counts[chars].sum()))

    def find(self, pattern: Sequence[Slot]) -> Positions:
        """Where `pattern` stands, ascending; nothing for an empty one."""
        if not pattern:
            return np.zeros(0, np.int32)
        rare = min(range(len(pattern)), key=lambda i: pattern[i].total)
        some = [self._order[self._ends[c] - self.counts[c] : self._ends[c]] for c in pattern[rare].chars]
        at = np.concatenate(some) - rare if some else np.zeros(0, np.int32)
        at = at[(at > 0) & (at + len(pattern) < len(self.ids))]
        return np.sort(self._keep(at, pattern))

    def begin(self, pattern: Sequence[Slot]) -> Positions:
        """As `find`, at the beginning of a line."""
        return self._keep(self.starts[self.starts + len(pattern) < len(self.ids)], pattern)

    def _keep(self, at: Positions, pattern: Sequence[Slot]) -> Positions:
        for offset in sorted(range(len(pattern)), key=lambda i: pattern[i].total):
            if not len(at):
                break
            at = at[pattern[offset].allowed[self.ids[at + offset]]]
        return at

    def line(self, position: int) -> int:
        """Number of the line that `position` lies in."""
        return int(np.searchsorted(self.starts, position, side="right")) - 1

    def span(self, position: int, length: int) -> tuple[int, int, int]:
        """Line, start and end, as displayed, of `length` characters from `position`, which must lie in one line."""
        number = self.line(position)
        begin = int(self._begins[number])
        start, last = int(self._origin[position]), int(self._origin[position + length - 1])
        return number, start - begin, last + 1 - begin

    def text(self, position: int, length: int) -> str:
        """These characters as displayed, with the marks between them."""
        number, start, end = self.span(position, length)
        return self.strings[number][start:end]

    def whole(self, position: int, length: int) -> bool:
        """Whether these characters are all of their line."""
        return self.folded[position - 1] == "\n" == self.folded[position + length]
