"""Searching the bytes a damaged line had before: a beam over GBK byte streams, judged by the character model.

The display of a damaged line is a run of *units*: bytes that are known (those of the characters shown), bytes that are
one of a few, ASCII characters, and places where a byte may be missing. A reading pairs them into characters again,
paying for every byte it must invent or leave out; the readings that cost least in all win.
"""

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from index.cleaning.gbk_codes import WILD, Context, History

BEAM = 12
EVENTS = 12  # at most in one run: where a misaligned pair was no character, too
_MAX_BEHIND = 17.0  # nats behind the best at which a reading is given up

# Nats each event costs a reading. Inventing a byte also pays for the character it makes, by the model.
LOST = -9.0  # a byte is missing, without a mark of it
GAINED = -16.0  # a byte too many
MARKED = -1.0  # a byte is missing where the display shows ? or U+FFFD
SWALLOWED = -0.5  # the mark of a lost byte took the comma behind it along
FELL_OUT = -2.5  # a pair that is no character was left out of the display
AT_BORDER = -1.0  # the last byte of a misaligned run found no partner and was left out
HALVED = -2.0  # a full-width mark, or two bytes across a border that looked like one, was halved
WAITED_FOR = 2.5  # the end of a quotation that is open
_MAX_GAIN = 2 * WAITED_FOR + 1.0  # a unit brings at most two characters that are made up; shares add up to about 1
TOO_SOON = -3.0  # a full stop behind a clause of one or two characters

_ROUNDED = 1e-6  # nats that sums of the same numbers surely do not differ by
_DAMAGE_MARKS = ("?", "\ufffd")
_CLOSES = {"”": "“", "’": "‘", "》": "《", "」": "「", "』": "『", "）": "（"}
_MARKS = frozenset("。”’》」』）")
_SHORT_CLAUSE = re.compile(r"[，,、：:；;]..?$")


class Unit(NamedTuple):
    """A step of the damaged stream: `options` are the bytes it may be (none: a character outside GBK)."""

    options: tuple[int, ...]
    char: str
    opens: bool  # whether the display begins a character here


class Invented(NamedTuple):
    """A character one byte of which is a guess: where it stands in the reading, and the byte that is known.

    `lead`: the known byte is the lead byte; -1 where neither is known. `marked`: the display showed ? or U+FFFD.
    `others`: what the unknown byte may be, where not anything.
    """

    position: int
    byte: int
    lead: bool
    marked: bool
    others: frozenset[int] | None


class Reading(NamedTuple):
    """A way to read the units: the text, its score in nats (events paid), the bytes put in or left out."""

    text: str
    score: float
    events: int
    invented: tuple[Invented, ...]


def units_of(text: str) -> list[Unit]:
    """The bytes of a display text, unit by unit."""
    units: list[Unit] = []
    for char in text:
        if char < "\x80" or char == "\ufffd":
            units.append(Unit((ord(char) if char < "\x80" else 0x3F,), char, True))
            continue
        try:
            data = char.encode("gb18030")
        except UnicodeEncodeError:
            data = b""
        if len(data) == 2:
            units.append(Unit((data[0],), char, True))
            units.append(Unit((data[1],), "", False))
        else:
            units.append(Unit((), char, True))
    return units


class _State(NamedTuple):
    pending: int  # lead byte that waits for its partner: 0 none, WILD unknown
    history: History  # ids of the two characters before
    score: float
    text: str
    events: int
    invented: tuple[Invented, ...]
    marked: bool = False  # the pending unknown lead was shown as ? or U+FFFD
    leads: frozenset[int] | None = None  # what the pending unknown lead may be, where not anything


def _gained_at_most(beam: Sequence[_State]) -> float:
    """By how much a reading can come to be better than the display, where all are at the same place of the units.

    All that follows costs the display as much as the others, or less.
    """
    display = next((state for state in beam if not state.events), None)
    if display is None or any((state.pending, state.history) != (0, display.history) for state in beam):
        return math.inf
    return max(state.score for state in beam) - display.score + _ROUNDED


class Search:
    """A beam search over the readings of one run of units."""

    def __init__(self, context: Context, before: str, *, max_events: int = EVENTS) -> None:
        """`before`: the paragraph in front of the run."""
        self._context, self._tables, self._max = context, context.tables, max_events
        self._paragraph = before
        self._start = context.history(before)
        self._floor = -_MAX_BEHIND
        self._least = -math.inf  # a state of this unit that scores less will be pruned

    def run(self, units: Sequence[Unit], *, first: int, last: int, enough: float = -math.inf) -> list[Reading]:
        """The best readings, best first; among them the display as it is (no events), where it is in the beam.

        A byte may be lost or gained in front of units `first` to `last`; the others only go along. There is none, too,
        where it shows early that none will be `enough` better than the display, which must be the units as they are.
        """
        settled = max([last, *(number for number, unit in enumerate(units) if unit.char in _DAMAGE_MARKS)])
        beam = [_State(0, self._start, 0.0, "", 0, ())]
        for number, unit in enumerate(units):
            grown: list[_State] = []
            free = first <= number <= last
            for state in beam:
                for opened in self._before(state, unit, free=free):
                    for stepped in self._step(opened, unit, free=free):
                        grown.append(stepped)
                        self._least = max(self._least, stepped.score - _MAX_BEHIND)
            beam = self._prune(grown)
            self._least = -math.inf
            if number >= settled and _gained_at_most(beam) < enough:
                return []
        ended = [end for state in beam for end in self._finish(state)]
        ended.sort(key=lambda state: -state.score)
        return [Reading(s.text, s.score, s.events, s.invented) for s in ended]

    def _prune(self, states: list[_State]) -> list[_State]:
        states.sort(key=lambda state: -state.score)
        kept: list[_State] = []
        seen: set[tuple[int, History, bool]] = set()
        literal = next((state for state in states if not state.events), None)
        self._floor = states[0].score - _MAX_BEHIND if states else 0.0
        for state in states:
            if state.score < self._floor:
                break
            mark = (state.pending, state.history, state.events == 0)
            if mark not in seen:
                seen.add(mark)
                kept.append(state)
            if len(kept) == BEAM:
                break
        if literal is not None and literal not in kept:
            kept.append(literal)
        return kept

    def _before(self, state: _State, unit: Unit, *, free: bool) -> Iterator[_State]:
        """The state itself, and those that put a lost byte in front of `unit`."""
        yield state
        if state.events >= self._max:
            return
        high = len(unit.options) > 0 and unit.options[0] >= 0x80
        if state.pending == 0:
            if free and (high or (unit.options and unit.options[0] >= 0x40)):
                score, events = state.score + LOST, state.events + 1
                yield _State(WILD, state.history, score, state.text, events, state.invented)
        elif state.pending > 0 and unit.opens:
            cost = LOST if high else AT_BORDER
            yield from self._fill_trail(state, cost, marked=False)
            yield from self._fell_out(state, border=not high)

    def _step(self, state: _State, unit: Unit, *, free: bool) -> Iterator[_State]:
        if not unit.options:
            if state.pending == 0:
                yield self._emit(state, unit.char)
            return
        for byte in unit.options:
            if byte < 0x80:
                yield from self._ascii(state, unit, byte)
            elif state.pending == 0:
                yield _State(byte, state.history, state.score, state.text, state.events, state.invented)
                if free and state.events < self._max:
                    yield state._replace(score=state.score + GAINED, events=state.events + 1)
            elif state.pending == WILD:
                yield from self._fill_lead(state, byte)
            elif char := self._tables.char.get((state.pending, byte)):
                yield self._emit(state._replace(pending=0), char)

    def _ascii(self, state: _State, unit: Unit, byte: int) -> Iterator[_State]:
        marked = unit.char in _DAMAGE_MARKS
        spare = state.events < self._max
        if state.pending == 0:
            yield self._emit(state, unit.char or chr(byte))
            if marked and spare:
                yield state._replace(pending=WILD, score=state.score + MARKED, events=state.events + 1, marked=True)
            return
        if byte >= 0x40:
            if state.pending == WILD:
                yield from self._fill_lead(state, byte)
            elif char := self._tables.char.get((state.pending, byte)):
                yield self._emit(state._replace(pending=0), char)
        if marked and spare and state.pending > 0:
            for filled in self._fill_trail(state, MARKED, marked=True):
                yield filled
                yield self._emit(filled._replace(score=filled.score + SWALLOWED), ",")
            yield from self._fell_out(state, border=True)
        if "!" <= unit.char <= "~" and spare:
            paid = state._replace(score=state.score + HALVED, events=state.events + 1)
            if state.pending == WILD:
                for filled in self._fill_lead(paid, 0xA3):
                    yield filled._replace(pending=byte + 0x80)
            elif char := self._tables.char.get((state.pending, 0xA3)):
                yield self._emit(paid, char)._replace(pending=byte + 0x80)

    def _emit(self, state: _State, char: str) -> _State:
        number = self._context.id(char)
        score = state.score + self._context.log(state.history, number)
        if state.events:  # the display may mix scripts as it likes; a repair may not
            score += self._context.script_cost(char)
        text, more = state.text + char, (state.events, state.invented, state.marked, state.leads)
        return _State(state.pending, (state.history[1], number), score, text, *more)

    def _invent(
        self, state: _State, *, byte: int, lead: bool, others: frozenset[int] | None = None, marked: bool = False
    ) -> Iterator[_State]:
        if state.score + _MAX_GAIN < self._least:
            return  # a third of them: known before anything costly
        choices = self._context.choices(state.history, byte, lead=lead, others=others)
        made = Invented(len(state.text), byte, lead, marked, others)
        for char, number, score in choices:
            total = state.score + score
            if char in _MARKS:
                total += self._fits(state.text, char)
            # The floor is of the unit before: one unit rarely costs as much again.
            if total > self._floor - _MAX_BEHIND and total + _MAX_GAIN >= self._least:
                yield _State(
                    0, (state.history[1], number), total, state.text + char, state.events, (*state.invented, made)
                )

    def confidence(self, text: str, made: Invented) -> float:
        """How probable an invented character is among all that its known byte allows, given its neighbours."""
        options = self._context.options(made.byte, made.lead, made.others)
        if options is None:
            return 1.0
        front, behind = text[: made.position], text[made.position + 1 : made.position + 3]
        first, second = self._context.history(self._paragraph[-2:] + front)
        scores = self._context.logs((first, second), options.ids) + options.costs
        following = [self._context.id(char) for char in behind]
        for place, (char, number) in enumerate(zip(options.chars, options.ids.tolist(), strict=True)):
            scores[place] += self._fits(front, char)
            history = (second, number)
            for follows in following:
                scores[place] += self._context.log(history, follows)
                history = (history[1], follows)
        weights = np.exp(scores - scores.max())
        return float(weights[options.ids == self._context.id(text[made.position])].max(initial=0.0) / weights.sum())

    def _fits(self, text: str, char: str) -> float:
        """Nats for what the bigrams cannot see: a quotation that waits for its end, a sentence of two characters."""
        if char in _CLOSES:
            so_far = self._paragraph + text
            return WAITED_FOR if so_far.count(_CLOSES[char]) > so_far.count(char) else 0.0
        if char == "。" and _SHORT_CLAUSE.search(self._paragraph[-4:] + text):
            return TOO_SOON
        return 0.0

    def _fill_lead(self, state: _State, byte: int) -> Iterator[_State]:
        yield from self._invent(state, byte=byte, lead=False, others=state.leads, marked=state.marked)

    def _fill_trail(self, state: _State, cost: float, *, marked: bool) -> Iterator[_State]:
        paid = state._replace(score=state.score + cost, events=state.events + 1)
        yield from self._invent(paid, byte=state.pending, lead=True, marked=marked)

    def _fell_out(self, state: _State, *, border: bool) -> Iterator[_State]:
        """`(pending, u1)(u2, ...)` where the display could not show the pair `(u1, u2)`."""
        if state.score + FELL_OUT < self._floor:
            return
        paid = state._replace(score=state.score + FELL_OUT, events=state.events + 1)
        for first in self._invent(paid, byte=state.pending, lead=True, others=self._tables.falls_out):
            allowed = self._tables.undefined[first.text[-1].encode("gbk")[1]]
            if border:
                yield from self._ends(first, allowed)
            else:
                yield first._replace(pending=WILD, leads=allowed)

    def _ends(self, state: _State, leads: frozenset[int]) -> Iterator[_State]:
        """A last character of a misaligned run of which nothing is shown but what its lead byte may be."""
        paid = state._replace(score=state.score + AT_BORDER)
        yield from self._invent(paid, byte=WILD, lead=True, others=leads)

    def _finish(self, state: _State) -> Iterator[_State]:
        if state.pending == 0:
            yield state
        elif state.pending > 0 and state.events < self._max:
            yield from self._fill_trail(state, AT_BORDER, marked=False)
