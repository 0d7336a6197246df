"""The ways Chinese text is damaged on its way through copying sites, done on purpose. Used by `cleaning.py` and
`inventions.py`.

Each mechanism takes a sound text, a random generator and a rate, and gives `(sound, damaged)`: what a perfect repair
would give (the mechanism may also change something harmless, such as the width of marks) and what there is to repair.
"""

import random
import re
from collections.abc import Callable
from functools import cache

from index.analysis.characters import is_common_han
from index.analysis.fold import fold
from index.cleaning.pinyin_annotations import base

Damaged = tuple[str, str]
_FULL = {code: bytes((code - 0x80,)) for code in (0xA1, 0xAC, 0xBF, 0xBB, 0xBA, 0xA8, 0xA9)}  # ！，？；：（）


@cache
def _reading(char: str) -> str:
    from pypinyin import Style, pinyin

    return str(pinyin(char, style=Style.TONE)[0][0])


@cache
def _convert(name: str) -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC(name).convert
    return convert


def traditional(text: str) -> str:
    """The text in traditional script, without what GBK cannot hold."""
    return in_gbk(_convert("s2t")(text))


def in_gbk(text: str) -> str:
    """The text without characters outside GBK."""
    return text.encode("gbk", "ignore").decode("gbk")


def _half(text: str) -> str:
    return text.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)})


def annotation(text: str, rng: random.Random, rate: float, *, marks: bool = True) -> Damaged:
    """Readings behind `rate` of the characters whose traditional form differs."""
    sound = traditional(text)
    chosen = {char for char in sorted(set(sound)) if _annotated(char) and rng.random() < rate}
    with_reading = {char: f"{char}({_reading(char) if marks else base(_reading(char))})" for char in chosen}
    return sound, "".join(with_reading.get(char, char) for char in sound)


def _annotated(char: str) -> bool:
    return is_common_han(char) and fold(char) != char


def annotated_bytes(text: str, rng: random.Random, rate: float) -> Damaged:
    """The same in GBK bytes: a reading also goes between two characters whose touching bytes look like one."""
    sound = traditional(text)
    data = sound.encode("gbk")
    annotated = sorted({char for char in sound if _annotated(char)} | set("節驗當數驅領據專項機開關發"))
    rng.shuffle(annotated)
    for char in annotated[: max(1, int(rate * len(annotated)))]:
        code = char.encode("gbk")
        data = data.replace(code, code + f"({_reading(char)})".encode("gb18030"))
    return sound, _shown(data, swallow=True)


def _shown(data: bytes, *, swallow: bool, mark: str = "?") -> str:
    """What a decoder shows of broken GBK: a mark for what is no character, which may swallow the byte behind it."""
    out: list[str] = []
    at = 0
    while at < len(data):
        if data[at] < 0x80:
            out.append(chr(data[at]))
            at += 1
            continue
        pair = data[at : at + 2]
        try:
            out.append(pair.decode("gb18030"))
            at += 2
        except UnicodeDecodeError:
            out.append(mark)
            at += 2 if swallow and len(pair) == 2 and pair[1] < 0x80 else 1
    return re.sub("[\ue000-\uf8ff]", "", "".join(out))


def halved_marks(text: str, rng: random.Random, rate: float) -> Damaged:
    """Full-width marks halved in the bytes, wherever A3 xx stands: `。”` loses a byte, and what follows its pairing."""
    sound = traditional(text)
    data = sound.encode("gbk")
    out = bytearray()
    at = 0
    damage = rng.random() < rate
    while at < len(data):
        if data[at] == 0xA3 and data[at + 1 : at + 2] and data[at + 1] in _FULL and (damage or _aligned(out)):
            out += _FULL[data[at + 1]]
            at += 2
        else:
            out.append(data[at])
            at += 1
    return _half(sound), _half(_shown(bytes(out), swallow=False, mark=rng.choice(["", "?"])))


def _aligned(data: bytes) -> bool:
    try:
        data.decode("gbk")
    except UnicodeDecodeError:
        return False
    return True


def _at_bytes(change: Callable[[bytearray, int, random.Random], None]) -> Callable[..., Damaged]:
    def damage(text: str, rng: random.Random, rate: float) -> Damaged:
        sound = _half(in_gbk(text))  # crawled text has ASCII marks, which is where a misaligned run ends
        data = bytearray(sound.encode("gbk"))
        positions = [at for at, byte in enumerate(data) if byte >= 0x80 and rng.random() < rate]
        for at in reversed(positions):
            change(data, at, rng)
        return sound, _shown(bytes(data), swallow=False, mark=rng.choice(["", "?", "\ufffd"]))

    return damage


def _lose(data: bytearray, at: int, _: random.Random) -> None:
    del data[at]


def _gain(data: bytearray, at: int, rng: random.Random) -> None:
    data.insert(at, rng.randrange(0x81, 0xFF))


lost_byte = _at_bytes(_lose)
gained_byte = _at_bytes(_gain)


def lossy_table(meant: str, shown: str, mark: str) -> Callable[..., Damaged]:
    """Text in the encoding `meant`, read as `shown` by a decoder that puts `mark` for each byte it cannot show."""

    def damage(text: str, rng: random.Random, rate: float) -> Damaged:
        sound = text.encode(meant, "ignore").decode(meant)
        return sound, sound.encode(meant).decode(shown, "replace").replace("\ufffd", mark)

    return damage


def browser_gbk(text: str, rng: random.Random, rate: float) -> Damaged:
    """UTF-8 read as GBK as browsers do: 0x80 is €, a pair that is no character becomes one mark for both bytes."""
    data, out, at = text.encode("utf-8"), [], 0
    while at < len(data):
        pair = data[at : at + 2]
        if data[at] <= 0x80 or len(pair) < 2:
            out.append("€" if data[at] == 0x80 else chr(data[at]) if data[at] < 0x80 else "\ufffd")
            at += 1
            continue
        try:
            out.append(pair.decode("gb18030"))
            at += 2
        except UnicodeDecodeError:
            out.append("\ufffd")
            at += 1 if pair[1] < 0x80 else 2
    return text, "".join(out)


def java_gbk(text: str, rng: random.Random, rate: float) -> Damaged:
    """UTF-8 read as GBK by a decoder that shows one mark for a pair it has no character for."""
    data, out, at = text.encode("utf-8"), [], 0
    while at < len(data):
        pair = data[at : at + 2]
        try:
            out.append(pair[:1].decode("ascii") if data[at] < 0x80 else pair.decode("gbk"))
            at += 1 if data[at] < 0x80 else 2
        except UnicodeDecodeError:
            out.append("\ufffd")
            at += 2 if len(pair) == 2 and data[at] > 0x80 and pair[1] >= 0x40 else 1
    return text, "".join(out)


def _thinned(damage: Callable[..., Damaged]) -> Callable[..., Damaged]:
    """The same, and some of the wrong characters get lost besides, without a mark or with one."""

    def thinned(text: str, rng: random.Random, rate: float) -> Damaged:
        sound, shown = damage(text, rng, rate)
        mark = rng.choice(["", "?", "\ufffd"])
        return sound, "".join(mark if char > "\x7f" and rng.random() < 0.03 else char for char in shown)

    return thinned


def wrong_table(meant: str, shown: str) -> Callable[..., Damaged]:
    """Text in the encoding `meant`, read as if it were in `shown`."""

    def damage(text: str, rng: random.Random, rate: float) -> Damaged:
        sound = text.encode(meant, "ignore").decode(meant)
        data = sound.encode(meant)
        if shown != "cp1252":
            return sound, data.decode(shown, "replace")
        return sound, "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in data)

    return damage


MECHANISMS: dict[str, tuple[Callable[..., Damaged], tuple[float, ...]]] = {
    "pinyin annotations": (annotation, (0.05, 0.3, 0.9)),
    "pinyin annotations without tones": (lambda text, rng, rate: annotation(text, rng, rate, marks=False), (0.3,)),
    "pinyin annotations in bytes": (annotated_bytes, (0.3, 0.9)),
    "halved marks": (halved_marks, (1.0,)),
    "lost byte": (lost_byte, (0.001, 0.004)),
    "gained byte": (gained_byte, (0.001, 0.004)),
    "UTF-8 read as GBK": (wrong_table("utf-8", "gbk"), (1.0,)),
    "UTF-8 read as Windows-1252": (wrong_table("utf-8", "cp1252"), (1.0,)),
    "GBK read as Latin-1": (wrong_table("gbk", "latin-1"), (1.0,)),
    "GBK read as Big5": (wrong_table("gbk", "big5"), (1.0,)),
}

# Wrong tables that lose bytes on the way: what `inventions.py` asks for characters that were never there.
LOSSY: dict[str, Callable[..., Damaged]] = {
    "UTF-8 as GBK, a mark a byte": lossy_table("utf-8", "gbk", "\ufffd"),
    "UTF-8 as GBK, ?": lossy_table("utf-8", "gbk", "?"),
    "UTF-8 as GBK, lost bytes dropped": lossy_table("utf-8", "gbk", ""),
    "UTF-8 as GB18030": lossy_table("utf-8", "gb18030", "\ufffd"),
    "UTF-8 as GBK in a browser": browser_gbk,
    "UTF-8 as GBK, a mark a pair": java_gbk,
    "UTF-8 as GBK, thinned": _thinned(lossy_table("utf-8", "gbk", "\ufffd")),
    "UTF-8 as Windows-1252, a mark a byte": lossy_table("utf-8", "cp1252", "\ufffd"),
    "UTF-8 as Windows-1252, lost bytes dropped": lossy_table("utf-8", "cp1252", ""),
    "UTF-8 as Windows-1252, thinned": _thinned(wrong_table("utf-8", "cp1252")),
    "UTF-8 as Latin-1": wrong_table("utf-8", "latin-1"),
    "GBK as Latin-1": wrong_table("gbk", "latin-1"),
    "GBK as Windows-1252, a mark a byte": lossy_table("gbk", "cp1252", "\ufffd"),
    "GBK as Big5": lossy_table("gbk", "big5", "\ufffd"),
    "GBK as Big5, lost bytes dropped": lossy_table("gbk", "big5", ""),
    "Big5 as GBK": lossy_table("big5", "gbk", "\ufffd"),
}
