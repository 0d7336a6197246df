"""Mojibake: text that was decoded with the wrong table, `涓枃` or `ä¸­æ–‡` for 中文, and is decoded again.

Only runs that look like the work of a wrong table are tried, and a new decoding is taken only where the character
model finds it far better Chinese than what stands there.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise

from index.analysis.characters import is_common_han
from index.cleaning.charmodel import load
from index.cleaning.lost_bytes import LOST, UNSHOWN, fill, signed
from index.models import Change

_MIN_CHARS_FOR_DROPPED_BYTES = (
    100  # characters of an article in which a decoder that drops bytes would have dropped some
)
_WINDOW = 4  # characters that are judged together where bytes may be paired wrongly
_POOR = -8.5  # nats per character of such a window under which they are
_GAIN_THRESHOLD = 2.5  # nats per character by which the new decoding must win
_CHINESE_THRESHOLD = -7.5  # nats per character under which it is no Chinese either
_HOLE = 5.0  # nats for each character that stays lost

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
_LATIN_RUN = re.compile(rf"[{_LATIN_CLASS}](?:[{_LATIN_CLASS}\ufffd]|[ -~](?=[{_LATIN_CLASS}])){{3,}}")


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


def _gbk_bytes(line: str) -> bytes | None:
    """The bytes that a decoder of GBK showed as `line`, `UNSHOWN` for each that it had no character for."""
    if "\x1a" in line:
        return None
    out = []
    for at, char in enumerate(line):
        if char == "€":
            out.append(_euro(line[at + 1 : at + 2]))
            continue
        try:
            code = b"\x80" if char == "\x80" else b"\x1a" if char == LOST else char.encode("gb18030")
        except UnicodeEncodeError:
            return None
        if len(code) == 4:
            return None  # not of that table
        out.append(code)
    return signed(b"".join(out))


def _euro(behind: str) -> bytes:
    """What was shown as €: the byte 80 alone, which ends a character, or two bytes that end one and begin the next."""
    if behind in ("", LOST, "€"):
        return b"\x1a"
    first = behind.encode("gb18030", "replace")[0]
    return b"\xa2\xe3" if 0x80 <= first < 0xC0 else b"\x80"


def _from_gbk(line: str) -> str | None:
    data = _gbk_bytes(line)
    return None if data is None else fill(data)


def _latin_bytes(run: str) -> bytes:
    return bytes(UNSHOWN if char == LOST else _LATIN_BYTES[char] for char in run)


def _latin_line(decode: Callable[[bytes], str | None]) -> Callable[[str], str | None]:
    """A line in which Latin letters are bytes, signs for bytes among them; None where one stretch of them is not."""

    def line_again(line: str) -> str | None:
        out: list[str] = []
        for stretch in _LATIN_STRETCH.findall(line):
            again = decode(_latin_bytes(stretch)) if _HIGH.search(stretch) else stretch
            if again is None:
                return None
            out.append(again)
        return "".join(out)

    return line_again


def _from_pairs(data: bytes, meant: str) -> str | None:
    """Text in the two-byte encoding `meant`: a sign counts as the byte it stands for, and a pair with a sign in it is
    `LOST`. None where a pair is no character or too much is missing.
    """
    out: list[str] = []
    at = 0
    while at < len(data):
        alone = data[at] < 0x80 and data[at] != UNSHOWN
        pair = data[at : at + (1 if alone else 2)]
        at += len(pair)
        try:
            out.append(LOST if UNSHOWN in pair else pair.decode(meant))
        except UnicodeDecodeError:
            return None
    new = "".join(out)
    return new if new.count(LOST) * 4 <= len(new) else None


def _reads_on(text: str) -> bool:
    """Whether every stretch of `text` reads like Chinese: where a byte is gone without a sign, all behind it is paired
    anew, up to the next letter that is one byte.
    """
    model = load()
    wide = [part for part in _WIDE.findall(text) if len(part) >= 2]
    for part in wide:
        ids = model.encode("\n" + part)
        logs = [float(model.after(one)[two]) for one, two in pairwise(ids)]
        for at in range(max(1, len(logs) - _WINDOW + 1)):
            some = logs[at : at + _WINDOW]
            if sum(some) < _POOR * len(some):
                return False
    return True


_TWICE = "／＼十卅"  # characters that stand at two places of Big5: which bytes they were, nobody can tell


def _as(shown: str, meant: str) -> Callable[[str], str | None]:
    """Text in the two-byte encoding `meant` that was read as `shown`."""

    def decode(line: str) -> str | None:
        known = {LOST: b"\x1a", **dict.fromkeys(_TWICE, b"\x1a\x1a")} if shown == "big5" else {LOST: b"\x1a"}
        try:
            return _from_pairs(b"".join(known.get(char) or char.encode(shown) for char in line), meant)
        except UnicodeEncodeError:
            return None

    return decode


def _better(old: str, new: str | None) -> bool:
    if not new or new == old or sum(map(is_common_han, new)) < 2:
        return False
    model = load()
    lost = max(0, new.count(LOST) - old.count(LOST))
    now = (model.score(new.replace(LOST, "")) - _HOLE * lost) / len(new)
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
_BETWEEN = re.compile(rb"[\x80-\xff]\?[\x80-\xff]")
_WIDE = re.compile(r"[^\x00-\x7f\ufffd]+")
_LATIN_STRETCH = re.compile(rf"[{_LATIN_CLASS} -~\t\ufffd]+|[^{_LATIN_CLASS} -~\t\ufffd]+")
_LATIN_PAIRS = re.compile(r"(?:[\xa1-\xfe]{2})+")
_MIN_FOR_CERTAINTY = 4  # of them in an article
_SURE_UTF8_THRESHOLD = 0.7  # share of an article's Latin letters that are in triples where it is UTF-8
_UTF8_THRESHOLD = 0.3  # share of a line's from which it is no GBK, however much of it is lost


def _is_utf8(text: str) -> bool:
    """Whether the Latin letters of an article are UTF-8 for Chinese: nearly all of them fall into its triples."""
    return len(_TRIPLE.findall(text)) >= _MIN_FOR_CERTAINTY and _share_of_triples(text) >= _SURE_UTF8_THRESHOLD


def _share_of_triples(text: str) -> float:
    """Which part of the Latin letters of `text` falls into triples of UTF-8; in GBK it is some hundredths by chance."""
    return 3 * len(_TRIPLE.findall(text)) / max(1, len(_HIGH.findall(text)))


def _utf8_in_latin(data: bytes) -> str | None:
    return fill(signed(data), latin=True)


def _gbk_in_latin(data: bytes) -> str | None:
    if _BETWEEN.search(data):
        return None  # a sign perhaps, and then all behind it would be paired anew
    return _from_pairs(data, "gbk")


def _attempts(line: str) -> Iterator[str | None]:
    if _utf8_as_gbk().search(line):
        yield _from_gbk(line)
    if _LATIN_RUN.search(line):
        once = _latin_line(_utf8_in_latin)(line)
        yield once
        if once and _LATIN_RUN.search(once):
            yield _latin_line(_utf8_in_latin)(once)  # shown wrongly, stored as shown, and shown wrongly again
        if _share_of_triples(line) < _UTF8_THRESHOLD:
            yield _latin_line(_gbk_in_latin)(line)


_BIG5_IN_GBK = _as("gb18030", "big5")
# Big5 has no characters for many codes of GBK: without a sign for them, bytes are gone that nobody can tell.
_GBK_IN_BIG5 = _as("big5", "gb18030")


def redecode(text: str) -> tuple[str, list[Change]]:
    """`text` with its wrongly decoded lines decoded again, and one change per line or run.

    A line is decoded as a whole or left as it is. `LOST` stands for what cannot be told.
    """
    whole = _suspects(text)
    if not whole:
        return text, []
    changes: list[Change] = []
    utf8 = _is_utf8(text)
    lines = text.split("\n")
    found = {number: new for number in whole if (new := _again(lines[number])) is not None}
    odd = [number for number in whole if number not in found and _odd_share(lines[number]) > 0.25]
    pairs = {number: new for number in odd if (new := _other_table(lines[number], LOST in text)) is not None}
    told = LOST in text or (len(pairs) == len(odd) and sum(map(len, pairs.values())) >= _MIN_CHARS_FOR_DROPPED_BYTES)
    if LOST in text or (told and all(map(_reads_on, pairs.values()))):
        found |= pairs  # else bytes may be gone without a sign, here and there, and what is paired anew is made up
    for number, new in sorted(found.items()):
        changes.append(Change("decoding", lines[number][:200], new[:200]))
        lines[number] = new
    if utf8:
        lines = [_everywhere(line, _TRIPLES, "utf-8", changes) for line in lines]
    elif any(_LATIN_PAIRS.search(change.before) for change in changes):
        lines = [_everywhere(line, _LATIN_PAIRS, "gbk", changes) for line in lines]
    return "\n".join(lines), changes


def _again(line: str) -> str | None:
    return next((new for new in _attempts(line) if _better(line, new)), None)


def _other_table(line: str, marked: bool) -> str | None:
    """The better of a line's readings as Big5 that was shown as GBK, or, in a text that shows where
    bytes are `marked` as lost, the reverse; None where neither is one.
    """
    tables = (_BIG5_IN_GBK, _GBK_IN_BIG5) if marked else (_BIG5_IN_GBK,)
    options = [option for again in tables if _better(line, option := again(line)) and option]
    return max(options, key=lambda option: load().score(option) / len(option), default=None)


def holds_bytes(text: str) -> bool:
    """Whether a run of Latin letters in `text` looks like bytes."""
    return _LATIN_RUN.search(text) is not None


def garbled(text: str) -> bool:
    """Whether lines of `text` still look like the work of a wrong table."""
    lines = text.split("\n")
    return any(_odd_share(lines[number]) > 0.25 for number in _suspects(text))


def _everywhere(line: str, pattern: re.Pattern[str], encoding: str, changes: list[Change]) -> str:
    """Every run of `pattern`, however short, decoded again: the article is known to be full of them. The line stays as
    it is where that leaves a letter of another kind.
    """
    runs = [(run.group(), _latin_bytes(run.group()).decode(encoding, "replace")) for run in pattern.finditer(line)]
    if not runs or _HIGH.search(pattern.sub("", line)) or any(LOST in new for _, new in runs):
        return line
    changes += [Change("decoding", old[:200], new[:200]) for old, new in runs]
    found = iter(runs)
    return pattern.sub(lambda _: next(found)[1], line)


def _suspects(text: str) -> list[int]:
    """Numbers of the lines worth a look; cheap, and none for sound text."""
    odd = _odd_class()
    if not (_LATIN_RUN.search(text) or odd.search(text) or LOST in text):
        return []
    lines = text.split("\n")
    return [
        i
        for i, line in enumerate(lines)
        if _LATIN_RUN.search(line) or odd.search(line) or (LOST in line and _utf8_as_gbk().search(line))
    ]


@cache
def _odd_class() -> re.Pattern[str]:
    """Three rare characters close together: wrong tables make little else."""
    rare = load().rare(4500) + "\u3041-\u30f6\uff61-\uff9f\ue000-\uf8ff\u2500-\u257f\u0370-\u04ff"
    return re.compile(f"[{rare}](?:[^\n]{{0,3}}[{rare}]){{2}}")  # compiling the class takes most of the time
