"""The codes of GBK, and how likely each is at a place of one article: what a search over its bytes needs to know."""

import math
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from index.analysis.characters import is_han_char
from index.analysis.fold import fold
from index.cleaning.charmodel import UNKNOWN, CharModel, load

WILD = -1  # a lead byte that is not known
WRONG_SCRIPT = -4.0  # nats: a simplified form in traditional text, or the reverse
_MAX_FILLINGS = 5  # fillings of one unknown byte that are followed up


class Codes(NamedTuple):
    """Characters of the model's vocabulary that share a byte."""

    chars: npt.NDArray[np.str_]
    ids: npt.NDArray[np.int64]
    bytes: npt.NDArray[np.int64]  # the byte that was not given


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
        ids = np.array(model.encode("".join(char for char, _ in found)), dtype=np.int64)
        chars, others = np.array([char for char, _ in found]), np.array([byte for _, byte in found], dtype=np.int64)
        return Codes(chars[ids > 0], ids[ids > 0], others[ids > 0])


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
    counts = [(char, count) for char, count in Counter(text[:2000]).items() if is_han_char(char)]
    traditional = sum(count for char, count in counts if fold(char) != char)
    simplified = sum(count for char, count in counts if _simplified_only(char))
    if traditional >= 5 and traditional > 4 * simplified:
        return "t"
    return "s" if simplified >= 5 and simplified > 4 * traditional else ""


History = tuple[int, int]  # ids of the two characters before


class Options(NamedTuple):
    """Characters that may stand at a place, their ids, and what their script costs each."""

    chars: list[str]
    ids: npt.NDArray[np.int64]
    costs: npt.NDArray[np.float64]


class Behind(NamedTuple):
    """What follows two characters: the share left for bigrams, characters (ascending) and their shares."""

    left: float
    numbers: npt.NDArray[np.int64]
    shares: npt.NDArray[np.float32]


_NOTHING = Behind(1.0, np.zeros(0, np.int64), np.zeros(0, np.float32))


@cache
def _script_cost(script: str, char: str) -> float:
    if not script or not is_han_char(char):
        return 0.0
    wrong = _simplified_only(char) if script == "t" else fold(char) != char
    return WRONG_SCRIPT if wrong else 0.0


def _with_costs(script: str, found: Codes) -> Options:
    chars = found.chars.tolist()
    return Options(chars, found.ids, np.array([_script_cost(script, char) for char in chars]))


@cache
def _sharing(script: str, byte: int, lead: bool) -> tuple[Options, list[int]] | None:
    """The characters that share a lead or a trail byte, and the other byte of each: made once for all articles."""
    found = (tables().by_lead if lead else tables().by_trail).get(byte)
    return None if found is None else (_with_costs(script, found), found.bytes.tolist())


@cache
def _codes(script: str, byte: int, lead: bool, others: frozenset[int] | None) -> Options | None:
    """The characters that may stand at a place, given one byte, or WILD, and perhaps what the other may be."""
    if byte == WILD:
        found = tables().of_leads(others or frozenset())
        return None if found is None else _with_costs(script, found)
    sharing = _sharing(script, byte, lead)
    if sharing is None or others is None:
        return sharing and sharing[0]
    (chars, ids, costs), bytes_ = sharing
    usable = np.flatnonzero([other in others for other in bytes_])
    return Options([chars[place] for place in usable.tolist()], ids[usable], costs[usable])


class Context:
    """The character model, told what else the article says: a name that stands there ten times is no surprise."""

    _SHARE = 0.25  # of the probability that the article's own bigrams get, and again its own trigrams

    def __init__(self, text: str, script: str) -> None:
        """`text`: the sound parts of the article; `script`: as `script_of` says."""
        self.model, self.tables, self.script = load(), tables(), script
        self._text = [*self.model.encode(text), UNKNOWN, UNKNOWN]
        self._places: dict[int, list[int]] = {}
        for place, number in enumerate(self._text):
            self._places.setdefault(number, []).append(place)
        self._choices: dict[tuple[History, int, bool, frozenset[int] | None], list[tuple[str, int, float]]] = {}
        self._shares = lru_cache(maxsize=1024)(self._mixed)
        self._third = lru_cache(maxsize=4096)(self._mixed_third)
        self.options = partial(_codes, script)
        self.script_cost = partial(_script_cost, script)

    def id(self, char: str) -> int:
        """The model's id of a character."""
        return self.model.encode(char)[0]

    def history(self, text: str) -> History:
        """What stands before the next character of a paragraph that begins with `text`."""
        first, second = self.model.encode(("\n\n" + text)[-2:])
        return first, second

    def _weight(self, total: int) -> float:
        return self._SHARE * total / (total + 2)

    def _own(self, *before: int) -> dict[int, int]:
        """How often each character stands behind these in the article; nothing is told of unknown ones."""
        wanted, own = list(before), dict[int, int]()
        for place in self._places.get(wanted[0], ()) if all(wanted) else ():
            end = place + len(wanted)
            if self._text[place:end] == wanted and (number := self._text[end]):
                own[number] = own.get(number, 0) + 1
        return own

    def _mixed(self, before: int) -> npt.NDArray[np.float32]:
        """Bigrams of the model and of the article."""
        row = self.model.shares(before)
        own = self._own(before)
        if not own:
            return row
        total = sum(own.values())
        weight = self._weight(total)
        mixed = row * np.float32(1 - weight)
        for number, count in own.items():
            mixed[number] += weight * count / total
        return mixed

    def _mixed_third(self, history: History) -> Behind:
        """Trigrams of the model and of the article, and what is left for the bigrams."""
        found = self.model.third(*history)
        own = self._own(*history)
        if not own and found is None:
            return _NOTHING
        if own:
            total = sum(own.values())
            weight = self._weight(total)
            known = {number: weight * count / total for number, count in own.items()}
            for number, share in zip(*(part.tolist() for part in found), strict=True) if found else ():
                known[number] = known.get(number, 0.0) + (1 - weight) * share
            found = np.array(sorted(known)), np.array([known[number] for number in sorted(known)], dtype=np.float32)
        assert found is not None
        return Behind(max(1.0 - float(found[1].sum()), 0.02), *found)

    def log(self, history: History, number: int) -> float:
        """Log probability of a character behind two others, in nats."""
        left, numbers, shares = self._third(history)
        share = left * float(self._shares(history[1])[number])
        if len(numbers):
            at = int(numbers.searchsorted(number))
            if at < len(numbers) and numbers[at] == number:
                share += float(shares[at])
        return math.log(share)

    def logs(self, history: History, wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """`log` of many characters: (len(wanted),)."""
        left, numbers, shares = self._third(history)
        found = left * self._shares(history[1]).take(wanted).astype(np.float64)
        if len(numbers):
            at = numbers.searchsorted(wanted)
            known = np.flatnonzero(numbers.take(at, mode="clip") == wanted)
            found[known] += shares.take(at.take(known))
        return np.asarray(np.log(found))

    def score(self, text: str, before: str) -> float:
        """Log probability of `text` behind `before`, in nats."""
        first, second = self.history(before)
        total = 0.0
        for number in self.model.encode(text):
            total += self.log((first, second), number)
            first, second = second, number
        return total

    def _ranked(self, history: History, options: Options) -> list[tuple[str, int, float]]:
        scores = self.logs(history, options.ids) + options.costs
        best = (
            np.argsort(-scores)
            if len(scores) <= _MAX_FILLINGS
            else np.argpartition(-scores, _MAX_FILLINGS)[:_MAX_FILLINGS]
        )
        numbers, nats = options.ids.take(best).tolist(), scores.take(best).tolist()
        return [
            (options.chars[n], number, score) for n, number, score in zip(best.tolist(), numbers, nats, strict=True)
        ]

    def choices(
        self, history: History, byte: int, *, lead: bool, others: frozenset[int] | None = None
    ) -> list[tuple[str, int, float]]:
        """The likeliest `(char, id, nats)` behind two characters, given one byte and perhaps what the other may be."""
        key = (history, byte, lead, others)
        if key not in self._choices:
            options = self.options(byte, lead, others)
            self._choices[key] = self._ranked(history, options) if options is not None else []
        return self._choices[key]
