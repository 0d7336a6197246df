"""Misaligned GBK bytes: readable but wrong characters that stand where bytes of a GBK text were lost, gained or pasted
between.

One lost byte shifts the pairing of all that follow it up to the next ASCII byte: `”該區` becomes `痹搮^`. The repair
puts the bytes back, which is exact where they are known (a reading pasted inside a character names the byte it
displaced) and a search with the character model where they are not. Only what is clearly better is accepted, and a
character that cannot be known again is left as `?`.
"""

import math
import re
from functools import cache
from typing import NamedTuple

from index.analysis.characters import COMMON_HAN, is_common_han
from index.cleaning import gbk_misaligned
from index.cleaning.charmodel import load
from index.cleaning.gbk_beam import Reading, Search, Unit, units_of
from index.cleaning.gbk_codes import Context, script_of, tables
from index.cleaning.gbk_misaligned import Stretch
from index.cleaning.pinyin_annotations import SYLLABLE, base, readings
from index.models import Change

_SPLIT = re.compile(rf"[?？\ufffd][(（]?({SYLLABLE})[)）]")
# What a misaligned run looks like: letters of other alphabets, private or replacement characters among Chinese, a lone
# ASCII character behind one, marks of a lost byte between two.
_ODD = re.compile(
    rf"(?<=[{COMMON_HAN}])[?？]{{1,2}}(?=[A-Za-z]?[{COMMON_HAN}])|(?<=[{COMMON_HAN}])[@-~](?=[{COMMON_HAN}(“‘])"
)
_ALIEN = r"\u0370-\u04ff\u3105-\u3129\u2500-\u257f\ue000-\uf8ff\ufffd"
_MARKED = re.compile(rf"(?<=[{COMMON_HAN}])(?:[?？]{{2}}|\ufffd)(?=[A-Za-z]?[{COMMON_HAN}])")
_MARKS = "，。、；：？！（）《》“”‘’…—"
_RUN = re.compile(
    rf"[^\x00-\x7f\s{_MARKS}]{{2,16}}[@-~]?"
)  # what a misaligned run is made of, and the byte that ends it
_INTACT = re.compile(f"[{_MARKS}]")
_MARK = re.compile(rf"[!?！？’”](?=[{COMMON_HAN}])")
_CONTEXT_CHARS = 10  # characters in front of a damage mark that give the search its footing
_MAX_DAMAGED_CHARS = 5  # of these, the last few that may be damaged themselves
_MAX_RUN_CHARS = 160  # characters behind a damage mark after which a misaligned run is given up
_MAX_CHARS_BEYOND = 2  # characters behind a stretch that is over where a sound article may still have lost a byte
_GAIN, _GAIN_DAMAGED, _GAIN_MARKED = 12.0, 6.0, 2.5  # nats by which a repair must beat the display
_DAMAGED_THRESHOLD = 9.0  # nats by which a stretch must read better one byte off in an article known to be damaged
_GAIN_INVENTED = 2.5  # more, for each character made up in an article that shows no other damage
_MAX_REGIONS = 30  # regions of a short article; one more for every 60 characters
_SHOWN_THRESHOLD = 0.6  # below this, an invented character is shown as ?
_WEAK_THRESHOLD = -19.0  # nats of a character and the next after which a damaged article is looked at more closely


@cache
def _rare() -> re.Pattern[str]:
    """Characters that an article hardly holds, and misaligned bytes make at every turn."""
    return re.compile(f"[{_ALIEN}{load().rare(4200)}]")


class _Region(NamedTuple):
    """Text `[start, end)` to search; from a little before `damage_mark` up to `last`, bytes may be lost or gained."""

    start: int
    damage_mark: int
    end: int
    last: int


def repair(text: str, *, damaged: bool = False, stretches: list[Stretch] | None = None) -> tuple[str, list[Change]]:
    """`text` with its misaligned GBK bytes read again, and one change per place.

    `damaged`: the article is known to have been mangled (it held pinyin annotations), so weaker damage marks are
    followed and believed. `stretches`: what `gbk_misaligned.find` says of the text, where that is known.
    """
    if damaged or _SPLIT.search(text):
        damaged, stretches = True, gbk_misaligned.find(text, _DAMAGED_THRESHOLD)
    elif stretches is None:
        stretches = gbk_misaligned.find(text)
    regions = _regions(text, stretches, damaged=damaged)
    if not regions or len(regions) > _MAX_REGIONS + len(text) // 60:
        return text, []  # sound, or so full of damage marks that there is nothing to hold on to
    context = Context(_sound_parts(text, regions), script_of(text))
    parts: list[str] = []
    changes: list[Change] = []
    last = 0
    for start, damage_mark, end, final in regions:
        if damage_mark < last:  # inside what was just repaired
            continue
        start = max(start, last)
        old = text[start:end]
        before = text[max(text.rfind("\n", 0, start) + 1, start - 400) : start]
        new = _read_again(context, before, old, damage_mark - start, final - start, damaged=damaged)
        if new is None or new == old:
            continue
        same = _shared(old[::-1], new[::-1])
        parts += [text[last:start], new[: len(new) - same]]
        changes.append(_change(old, new))
        last = end - same
    if not changes:
        return text, []
    return "".join([*parts, text[last:]]), changes


def _shared(one: str, two: str) -> int:
    """Length of the common beginning."""
    length = 0
    while length < min(len(one), len(two)) and one[length] == two[length]:
        length += 1
    return length


def _change(old: str, new: str) -> Change:
    """The change, without what is equal at either end but for two characters of context."""
    head = _shared(old, new)
    tail = _shared(old[head:][::-1], new[head:][::-1])
    head, tail = max(0, head - 2), max(0, tail - 2)
    return Change("misaligned_gbk", old[head : len(old) - tail], new[head : len(new) - tail])


def _sound_parts(text: str, regions: list[_Region]) -> str:
    parts, last = [], 0
    for region in regions:
        parts.append(text[last : max(last, region.damage_mark - _MAX_DAMAGED_CHARS)])
        last = max(last, region.end)
    return "\n".join([*parts, text[last:]])


def _regions(text: str, stretches: list[Stretch], *, damaged: bool) -> list[_Region]:
    """Stretches worth searching: from a little before each damage mark to the next sure border behind it."""
    damage_marks = {
        match.start(): match.end() for match in _rare().finditer(text) if _reads_better_aligned(text, match.start())
    }
    # In a sound article a byte is lost near a stretch or nowhere: the search is slow wherever one may be.
    over = {
        one.start: one.over + _MAX_CHARS_BEYOND for one in stretches if not damaged and one.start not in damage_marks
    }
    damage_marks |= {stretch.start: stretch.start + 1 for stretch in stretches}
    if damaged:
        damage_marks |= {match.start(): match.end() for match in _ODD.finditer(text)}
        damage_marks |= _weak(text)
        damage_marks |= {match.start(): match.end() for match in _SPLIT.finditer(text)}  # only a damaged text has one
    regions: list[_Region] = []
    for start, end in sorted(damage_marks.items()):
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", end)
        line_end = len(text) if line_end < 0 else line_end
        stop = _border(text, start, min(line_end, end + _MAX_RUN_CHARS))
        last = min(stop, over.get(start, stop))
        if regions and stop == regions[-1].end and start - regions[-1].damage_mark < _MAX_RUN_CHARS:
            regions[-1] = regions[-1]._replace(last=max(last, regions[-1].last))
            continue  # the search from the damage mark before covers this one
        regions.append(_Region(max(line_start, start - _CONTEXT_CHARS), start, stop, last))
    return regions


def _border(text: str, start: int, limit: int) -> int:
    """Where a misaligned run that goes on at `start` has surely ended: a few characters behind the next ASCII one."""
    at, stop = start, 0
    while at < limit and (not stop or at < stop):
        if match := _SPLIT.match(text, at):
            at, stop = match.end(), 0
            continue
        if not stop and text[at] < "\x80" and text[at] not in "?":
            stop = at + 4
        at += 1
    return max(at, start)


def _reads_better_aligned(text: str, at: int) -> bool:
    """Whether the text around a rare character reads far better when its bytes are paired one off.

    Cheap, and false for nearly every rare character of sound text.
    """
    model = load()
    for start in range(max(0, at - 2), at + 1):
        run = _RUN.match(text, start)
        if run is None or run.end() <= at or _INTACT.match(text, run.end()):
            continue  # a misaligned run swallows the marks of its text and ends at an ASCII byte
        if run.group()[-1] > "\x7f" and 5 * len(_rare().findall(run.group())) < max(10, run.end() - start):
            continue
        misaligned = _misaligned(run.group())
        if len(misaligned) < (2 if run.group()[-1] < "\x80" else 3):
            continue  # two characters are no evidence, unless the ASCII byte behind completes the second
        if len(misaligned) < 0.6 * len(run.group()):
            continue
        shown = model.score(run.group(), text[start - 1 : start]) / len(run.group())
        other = model.score(misaligned[1:], misaligned[0]) / (len(misaligned) - 1)
        if other > -7.5 and other > shown + (2.5 if len(misaligned) > 2 else 5.0):
            return True
    return False


def _misaligned(run: str) -> str:
    """The characters a run of GBK text makes when each second byte is read with the first of the next character."""
    codes = tables().char
    data = run.encode("gbk", "ignore")
    return "".join(codes.get(pair, "") for pair in zip(data[1::2], data[2::2], strict=False))


def _weak(text: str) -> dict[int, int]:
    """Places behind a mark, in a damaged article, where a character fits neither that nor what follows it."""
    model = load()
    ids = model.encode(text)
    return {
        at: at + 1
        for at in (match.end() for match in _MARK.finditer(text, 0, len(text) - 2))
        if model.after(ids[at - 1])[ids[at]] + model.after(ids[at])[ids[at + 1]] < _WEAK_THRESHOLD
    }


def _units(old: str, damage_mark: int) -> tuple[list[Unit], int]:
    """Units of a region, and the first that may be damaged: a reading pasted inside a character becomes its byte."""
    units: list[Unit] = []
    first = last = 0
    for match in [*_SPLIT.finditer(old), None]:
        end = match.start() if match else len(old)
        if last <= damage_mark - _MAX_DAMAGED_CHARS < end or (not units and damage_mark < _MAX_DAMAGED_CHARS):
            first = len(units) + len(units_of(old[last : max(0, damage_mark - _MAX_DAMAGED_CHARS)]))
        units += units_of(old[last:end])
        if match is None:
            break
        before = units[-1] if units else None
        leads = (*before.options, *(byte + 0x80 for byte in before.options if 0x21 <= byte < 0x7F)) if before else ()
        found = {byte for lead in leads for byte in _displaced(lead, match[1])}
        units += [Unit(tuple(sorted(found)), "", False)] if found else units_of(match.group())
        last = match.end()
    return units, first


def _displaced(lead: int, syllable: str) -> list[int]:
    """Bytes that make, behind `lead`, a character read `syllable`: one of them was cut off from its partner."""
    codes = tables().by_lead.get(lead)
    if codes is None:
        return []
    wanted = base(syllable)
    return [
        int(byte)
        for char, byte in zip(codes.chars.tolist(), codes.bytes.tolist(), strict=True)
        if byte >= 0x80 and is_common_han(char) and wanted in readings(char)
    ]


def _read_again(context: Context, before: str, old: str, damage_mark: int, last: int, *, damaged: bool) -> str | None:
    """The repaired region, or None where no reading is clearly better than the display."""
    search = Search(context, before)
    units, first = _units(old, damage_mark)
    last = len(units) if last == len(old) else len(units_of(old[:last]))
    found = search.run(units, first=first, last=last, enough=-math.inf if damaged else _GAIN)
    best = next((reading for reading in found if reading.text != old), None)
    if best is None:
        return None
    gain = best.score - context.score(old, before)
    if damaged:
        enough = _GAIN_MARKED if _MARKED.search(old) else _GAIN_DAMAGED
    else:
        enough = _GAIN + _GAIN_INVENTED * len(best.invented)
    if gain < enough:
        return None
    return _settled(search, best)


def _settled(search: Search, reading: Reading) -> str:
    chars = list(reading.text)
    for made in reading.invented:
        if made.byte > 0 and search.confidence(reading.text, made) < _SHOWN_THRESHOLD:
            chars[made.position] = "?"
    return "".join(chars)
