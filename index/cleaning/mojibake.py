"""Mojibake: text that was decoded with the wrong table, `涓枃` or `ä¸­æ–‡` for 中文, and is decoded again.

Only runs that look like the work of a wrong table are tried, and a new decoding is taken only where the character
model finds it far better Chinese than what stands there.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Set
from functools import cache
from itertools import pairwise

import numpy as np

from index.analysis.characters import is_common_han
from index.cleaning.charmodel import load
from index.models import Change

_GAIN_THRESHOLD = 2.5  # nats per character by which the new decoding must win
_CHINESE_THRESHOLD = -7.5  # nats per character under which it is no Chinese either
_HOLE = 5.0  # nats for each character that stays lost
_SHOWN_THRESHOLD = 0.3  # below this, a character one byte of which is gone is shown as ?

# Windows-1252 as browsers read it: the five bytes it leaves out stay C1 controls.
_LATIN = {
    **{code: chr(code) for code in range(0x80, 0x100)},
    **{
        code: bytes((code,)).decode("cp1252")
        for code in range(0x80, 0xA0)
        if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    },
}
_LATIN_BYTES = {char: code for code, char in _LATIN.items()} | {chr(code): code for code in range(256)}
_LATIN_CLASS = "".join(sorted({*_LATIN.values(), *map(chr, range(0x80, 0x100))})).replace("]", r"\]")
_LATIN_RUN = re.compile(rf"[{_LATIN_CLASS}](?:[{_LATIN_CLASS}]|[ -~](?=[{_LATIN_CLASS}])){{3,}}")


@cache
def _utf8_as_gbk() -> re.Pattern[str]:
    """Two characters, near each other, such as GBK makes of the first bytes of Chinese in UTF-8."""
    chars = []
    for lead in (0xE3, 0xE4, 0xE5, 0xE6, 0xE7, 0xE8, 0xE9, 0xEF):
        for trail in range(0x80, 0xC0):
            try:
                chars.append(bytes((lead, trail)).decode("gbk"))
            except UnicodeDecodeError:
                continue
    shown = "".join(chars)
    return re.compile(f"[{shown}].{{0,2}}[{shown}].{{0,3}}[{shown}]")


# A character of three bytes of which one or two are missing, with or without a `?` in their place; or a byte too many.
_BROKEN = re.compile(
    rb"(?P<first>[\xe2-\xe9\xef])(?:(?P<second>[\x80-\xbf])\??|\?(?P<third>[\x80-\xbf])|\?\??)(?![\x80-\xbf])"
    rb"|\?(?P<tail>[\x80-\xbf]{2})(?![\x80-\xbf])|\?[\x80-\xbf]\??|[\x80-\xff]\??"
)
_LATER = [bytes((byte,)) for byte in range(0x80, 0xC0)]
_LEADS = [bytes((byte,)) for byte in (*range(0xE2, 0xEA), 0xEF)]
_BEAM = 64  # readings of a broken stretch that are followed at once
_SEEN = 2.5  # nats for two neighbours that the line holds elsewhere, unbroken: its names come again


def _fillings(match: re.Match[bytes]) -> list[str]:
    """Every character that the bytes left of one may have been; none where too many are gone."""
    first, second, third, tail = match["first"], match["second"], match["third"], match["tail"]
    found: list[bytes] = []
    if first and second:
        found += [first + second + other for other in _LATER]
        if not match.group().endswith(b"?"):
            found += [first + other + second for other in _LATER]
    elif first and third:
        found += [first + other + third for other in _LATER]
    elif first:
        found += [first + one + other for one in _LATER for other in _LATER]
    elif tail:
        found += [other + tail for other in _LEADS]
    chars = {data.decode("utf-8", "ignore") for data in found}
    return sorted(char for char in chars if char and load().common(char, 7000) and _is_usual(char))


def _is_usual(char: str) -> bool:
    """Whether an article may hold it: no other form of a character, such as ㊊ of 月, but for the full-width marks."""
    return "\uff00" <= char <= "\uff5f" or unicodedata.normalize("NFKC", char) == char or char == "…"


def _fill(data: bytes) -> str | None:
    """UTF-8 in which bytes may be missing: each is put back where the model is sure of it, `?` elsewhere."""
    places: list[list[str]] = []
    at = holes = 0
    while at < len(data):
        size = 1 if data[at] < 0x80 else 2 if data[at] < 0xE0 else 3 if data[at] < 0xF0 else 4
        broken = _BROKEN.match(data, at) if data[at] == 0x3F or data[at] >= 0x80 else None
        try:
            char = data[at : at + size].decode("utf-8")
        except UnicodeDecodeError:
            char = ""
        if char and (size > 1 or broken is None):
            places.append([char])
            at += size
        elif broken is None:
            return None
        else:
            places.append(_fillings(broken) or ["?"])
            at, holes = broken.end(), holes + 1
    return _settled(places) if holes * 2 <= len(places) + 4 else None


def _settled(places: list[list[str]]) -> str:
    """The likeliest choice at each place, given the two before and behind; `?` where it is not sure."""
    certain = load().encode("".join(options[0] if len(options) == 1 else "\n" for options in places))
    seen = set(pairwise(certain))
    out: list[str] = []
    while len(out) < len(places):
        if len(places[len(out)]) == 1:
            out += places[len(out)]
            continue
        end = len(out) + 1  # of the stretch: two characters that are certain, or the end of the line
        while end < len(places) and (len(places[end]) > 1 or len(places[end - 1]) > 1):
            end += 1
        out += _read(["\n", "\n", *out][-2:], places[len(out) : end], seen)
    return "".join(out)


def _read(before: list[str], places: list[list[str]], seen: Set[tuple[int, int]]) -> list[str]:
    """The choice at each of `places` on which the likeliest readings of them all agree most, `?` where too little.

    `seen`: pairs of neighbours, as the model numbers them, that the line surely holds.
    """
    model = load()
    first, second = model.encode("".join(before))
    beam: list[tuple[float, tuple[int, int], tuple[int, ...]]] = [(0.0, (first, second), ())]
    for options in places:
        ids = np.array(model.encode("".join(options)))
        grown = []
        for score, (one, two), chosen in beam:
            for number, gain in enumerate(model.behind(one, two, ids).tolist()):
                pair = two, int(ids[number])
                grown.append((score + gain + _SEEN * (pair in seen), pair, (*chosen, number)))
        beam = sorted(grown, key=lambda reading: -reading[0])[:_BEAM]
    weights = np.exp(np.array([score for score, _, _ in beam]) - beam[0][0])
    chars = []
    for place, options in enumerate(places):
        votes = np.bincount([chosen[place] for _, _, chosen in beam], weights, len(options))
        best = int(votes.argmax())
        chars.append(options[best] if votes[best] >= _SHOWN_THRESHOLD * weights.sum() else "?")
    return chars


def _gbk_bytes(line: str) -> bytes | None:
    try:
        return line.replace("\ufffd", "?").replace("€", "\x80").encode("gb18030").replace(b"\xc2\x80", b"\x80")
    except UnicodeEncodeError:
        return None


def _from_gbk(line: str) -> str | None:
    data = _gbk_bytes(line)
    return None if data is None else _fill(data)


def _latin_bytes(run: str) -> bytes:
    return bytes(_LATIN_BYTES[char] for char in run)


def _latin_utf8(run: str) -> str | None:
    return _fill(_latin_bytes(run))


def _latin_gbk(run: str) -> str | None:
    try:
        return _latin_bytes(run).decode("gbk")
    except UnicodeDecodeError:
        return None


def _as(shown: str, meant: str) -> Callable[[str], str | None]:
    def decode(line: str) -> str | None:
        try:
            again = line.encode(shown, "replace").decode(meant, "replace")
        except UnicodeError:
            return None
        return again.replace("\ufffd", "?") if again.count("\ufffd") * 4 <= len(again) else None

    return decode


def _better(old: str, new: str | None) -> bool:
    if not new or new == old or sum(map(is_common_han, new)) < 2:
        return False
    model = load()
    now = model.score(new) / len(new) - _HOLE * (new.count("?") - old.count("?")) / len(new)
    before = model.score(old) / len(old)
    return now > before + _GAIN_THRESHOLD and (now > _CHINESE_THRESHOLD or now > before + 2 * _GAIN_THRESHOLD)


def _odd_share(line: str) -> float:
    """Share of characters that no ordinary article holds."""
    model = load()
    wide = [char for char in line if char > "\x7f"]
    return sum(not model.common(char, 4500) for char in wide) / len(wide) if len(wide) >= 6 else 0.0


def _of_bytes(low: int, high: int) -> str:
    return "".join(re.escape(char) for char, code in _LATIN_BYTES.items() if low <= code <= high)


# What three bytes of UTF-8 for Chinese and its marks look like in Windows-1252: nobody writes this.
_TRIPLE = re.compile(rf"[{_of_bytes(0xE2, 0xE9)}\xef][{_of_bytes(0x80, 0xBF)}]{{2}}")
_TRIPLES = re.compile(rf"(?:{_TRIPLE.pattern}|[\xc2\xc3][{_of_bytes(0x80, 0xBF)}])+")
_HIGH = re.compile(rf"[{_LATIN_CLASS}]")
_LATIN_PAIRS = re.compile(r"(?:[\xa1-\xfe]{2})+")
_MIN_FOR_CERTAINTY = 4  # of them in an article


def _is_utf8(text: str) -> bool:
    """Whether the Latin letters of an article are UTF-8 for Chinese: nearly all of them fall into its triples."""
    found = _TRIPLE.findall(text)
    return len(found) >= _MIN_FOR_CERTAINTY and 3 * len(found) >= 0.7 * len(_HIGH.findall(text))


def _attempts(line: str) -> Iterator[tuple[str, str | None]]:
    if _utf8_as_gbk().search(line):
        yield line, _from_gbk(line)
    if line.isascii():
        return
    for run in _LATIN_RUN.finditer(line):
        for again in (_latin_utf8, _latin_gbk):
            yield run.group(), again(run.group())


_OTHERS = (_as("gb18030", "big5"), _as("big5", "gb18030"))


def redecode(text: str) -> tuple[str, list[Change]]:
    """`text` with its wrongly decoded lines decoded again, and one change per line or run."""
    whole = _suspects(text)
    if not whole:
        return text, []
    changes: list[Change] = []
    if _is_utf8(text):
        text = _everywhere(text, _TRIPLES, "utf-8", changes)
    lines = text.split("\n")
    for number in whole:
        line = lines[number]
        for old, new in _attempts(line):
            if old in line and _better(old, new) and new is not None:
                line = line.replace(old, new, 1)
                changes.append(Change("decoding", old[:200], new[:200]))
        if line == lines[number] and _odd_share(line) > 0.25:
            options = [new for again in _OTHERS if _better(line, new := again(line)) and new]
            if options:
                model = load()
                line = max(options, key=lambda option: model.score(option) / len(option))
                changes.append(Change("decoding", lines[number][:200], line[:200]))
        lines[number] = line
    text = "\n".join(lines)
    if any(_LATIN_PAIRS.search(change.before) for change in changes):
        text = _everywhere(text, _LATIN_PAIRS, "gbk", changes)
    return text, changes


def _everywhere(text: str, pattern: re.Pattern[str], encoding: str, changes: list[Change]) -> str:
    """Every run of `pattern`, however short, decoded again: the article is known to be full of them."""

    def again(run: re.Match[str]) -> str:
        try:
            new = _latin_bytes(run.group()).decode(encoding)
        except UnicodeDecodeError:
            return run.group()
        changes.append(Change("decoding", run.group()[:200], new[:200]))
        return new

    return pattern.sub(again, text)


def _suspects(text: str) -> list[int]:
    """Numbers of the lines worth a look; cheap, and none for sound text."""
    odd = _odd_class()
    if not (_LATIN_RUN.search(text) or odd.search(text)):
        return []
    lines = text.split("\n")
    return [i for i, line in enumerate(lines) if _LATIN_RUN.search(line) or odd.search(line)]


@cache
def _odd_class() -> re.Pattern[str]:
    """Three rare characters close together: wrong tables make little else."""
    rare = load().rare(4500) + "\u3041-\u30f6\uff61-\uff9f\ue000-\uf8ff\u2500-\u257f\u0370-\u04ff"
    return re.compile(f"[{rare}](?:[^\n]{{0,3}}[{rare}]){{2}}")  # compiling the class takes most of the time
