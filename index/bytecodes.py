"""The codes of GBK, and how likely each is at a place of one article: what a search over its bytes needs to know."""

from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.charmodel import CharModel, load
from index.fold import fold

WILD = -1  # a lead byte that is not known
WRONG_SCRIPT = -4.0  # nats: a simplified form in traditional text, or the reverse
_TOP = 7  # fillings of one unknown byte that are followed up


class Codes(NamedTuple):
    """Characters that share a byte."""

    chars: npt.NDArray[np.str_]
    ids: npt.NDArray[np.int64]
    bytes: npt.NDArray[np.int64]  # the byte that was not given

    def narrowed(self, others: frozenset[int]) -> "Codes":
        """Those whose other byte is one of `others`."""
        usable = np.array([other in others for other in self.bytes.tolist()], dtype=bool)
        return Codes(self.chars[usable], self.ids[usable], self.bytes[usable])


class Tables:
    """Every two-byte code of GBK, by lead and by trail byte."""

    def __init__(self, model: CharModel) -> None:
        self.char: dict[tuple[int, int], str] = {}
        leads: dict[int, list[tuple[str, int]]] = {}
        trails: dict[int, list[tuple[str, int]]] = {}
        self.undefined: dict[int, frozenset[int]] = {}
        for lead in range(0x81, 0xFF):
            missing = []
            for trail in (*range(0x40, 0x7F), *range(0x80, 0xFF)):
                try:
                    char = bytes((lead, trail)).decode("gbk")
                except UnicodeDecodeError:
                    missing.append(trail)
                    continue
                self.char[lead, trail] = char
                leads.setdefault(lead, []).append((char, trail))
                trails.setdefault(trail, []).append((char, lead))
            self.undefined[lead] = frozenset(missing)
        self.by_lead = {lead: self._codes(model, found) for lead, found in leads.items()}
        self.by_trail = {trail: self._codes(model, found) for trail, found in trails.items()}

        self.falls_out = frozenset(lead for lead, missing in self.undefined.items() if missing)
        self.of_leads = cache(self._of_leads)

    def _of_leads(self, leads: frozenset[int]) -> Codes | None:
        options = [self.by_lead[lead] for lead in sorted(leads) if lead in self.by_lead]
        return Codes(*(np.concatenate(parts) for parts in zip(*options, strict=True))) if options else None

    @staticmethod
    def _codes(model: CharModel, found: list[tuple[str, int]]) -> Codes:
        chars = [char for char, _ in found]
        ids = np.array(model.encode("".join(chars)), dtype=np.int64)
        return Codes(np.array(chars), ids, np.array([byte for _, byte in found], dtype=np.int64))


@cache
def tables() -> Tables:
    """The tables, made once (about 50 ms) when first needed."""
    return Tables(load())


@cache
def _to_traditional() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("s2t").convert
    return convert


@cache
def _simplified_only(char: str) -> bool:
    return _to_traditional()(char) != char


def script_of(text: str) -> str:
    """`t`, `s` or `` for text that is plainly traditional, plainly simplified, or neither."""
    sample = text[:2000]
    traditional = sum("\u3400" <= char <= "\u9fff" and fold(char) != char for char in sample)
    simplified = sum("\u3400" <= char <= "\u9fff" and _simplified_only(char) for char in sample)
    if traditional >= 5 and traditional > 4 * simplified:
        return "t"
    return "s" if simplified >= 5 and simplified > 4 * traditional else ""


class Context:
    """The character model, told what else the article says: a name that stands there ten times is no surprise."""

    _SHARE = 0.25  # of the probability that the article's own bigrams get

    def __init__(self, text: str, script: str) -> None:
        """`text`: the sound parts of the article; `script`: as `script_of` says."""
        self.model, self.tables, self.script = load(), tables(), script
        self._own: dict[int, Counter[int]] = {}
        for first, second in pairwise(self.model.encode(text)):
            if first and second:
                self._own.setdefault(first, Counter())[second] += 1
        self._choices: dict[tuple[int, int, bool, frozenset[int] | None], list[tuple[str, int, float]]] = {}
        self.after = lru_cache(maxsize=512)(self._after)

    def id(self, char: str) -> int:
        """The model's id of a character."""
        return self.model.encode(char)[0]

    def _after(self, before: int) -> npt.NDArray[np.float32]:
        row = self.model.after(before)
        own = self._own.get(before)
        if own is None:
            return row
        total = sum(own.values())
        share = self._SHARE * total / (total + 2)
        mixed = np.exp(row) * np.float32(1 - share)
        for number, count in own.items():
            mixed[number] += share * count / total
        return np.asarray(np.log(mixed), dtype=np.float32)

    def score(self, text: str, before: str) -> float:
        """Log probability of `text` behind `before`, in nats."""
        numbers = [self.id(char) for char in (before[-1:] or "\n") + text]
        return sum(float(self.after(one)[two]) for one, two in pairwise(numbers))

    def script_cost(self, char: str) -> float:
        """What a form of the other script costs in this article."""
        if not "\u3400" <= char <= "\u9fff" or not self.script:
            return 0.0
        wrong = _simplified_only(char) if self.script == "t" else fold(char) != char
        return WRONG_SCRIPT if wrong else 0.0

    def codes(self, byte: int, *, lead: bool, leads: frozenset[int] | None = None) -> Codes | None:
        """Every character with this lead (or trail) byte; `leads` narrows down those with a given trail."""
        if byte == WILD:
            return self.tables.of_leads(leads or frozenset())
        found = (self.tables.by_lead if lead else self.tables.by_trail).get(byte)
        return found if found is None or leads is None else found.narrowed(leads)

    def _ranked(self, previous: int, codes: Codes) -> list[tuple[str, int, float]]:
        scores = self.after(previous)[codes.ids]
        best = np.argsort(-scores, kind="stable")[: 3 * _TOP]
        ranked = []
        for place in best.tolist():
            char, number = str(codes.chars[place]), int(codes.ids[place])
            if number:
                ranked.append((char, number, float(scores[place]) + self.script_cost(char)))
        ranked.sort(key=lambda choice: -choice[2])
        return ranked[:_TOP]

    def choices(
        self, previous: int, byte: int, *, lead: bool, others: frozenset[int] | None = None
    ) -> list[tuple[str, int, float]]:
        """The likeliest `(char, id, nats)` behind a character, given one byte and perhaps what the other may be."""
        key = (previous, byte, lead, others)
        if key not in self._choices:
            codes = self.codes(byte, lead=lead, leads=others)
            self._choices[key] = self._ranked(previous, codes) if codes is not None else []
        return self._choices[key]
