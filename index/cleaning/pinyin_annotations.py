"""Pinyin annotations: readings that a copying site pasted behind characters, `創(chuàng)新` -> `創新`.

Pinyin annotation breaks every word it touches in two, for both legs of the search. It is told from text that means it
(`卡拉OK(karaoke)`, `汉语拼音“fāng”`, a textbook's `妈(mā)`, a rare character's `犇(bēn)`) by three things: the reading
must be one of the character's own, the character must be one nobody needs a reading for, and no word about
pronunciation may stand near, unless the whole article is full of pinyin annotation.
"""

import re
import unicodedata
from functools import cache
from typing import NamedTuple

from index.analysis.characters import HAN
from index.analysis.fold import fold
from index.cleaning.charmodel import load
from index.models import Change

_VOWELS = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüêńňǹḿɑɡ\u0300\u0301\u0304\u0308\u030c"
SYLLABLE = rf"[a-z{_VOWELS}]{{1,9}}"
# The bracket is looked for first, which is what makes a search quick.
_ANNOTATION = re.compile(rf"[(（](?<=[{HAN}@-~].)({SYLLABLE})[)）]")
# What any reading looks like without its tone: to ask for those of a character, pypinyin is read, which takes .4 s.
_READING = re.compile(r"(?!i)(?:[bpmfdtnlgkjqxryw]|[zcs]?h|[zcs])?[aeiou]{1,3}(?:ng?|r)?|h?m|h?ng|n")
# Words of a text that speaks about how characters are read.
_ABOUT = re.compile(
    r"拼音|读音|读作|读成|读为|念作|念成|念做|注音|声调|声母|韵母|多音字|发音|音节|生字|识字|四声|轻声|平声|上声|去声|音同|同音|汉字|部首|笔画|"
    r"普通话|方言|音译|本音|又音|异读|误读|错读|正音|字典|词典|韵书|反切"
)
_ALONE = re.compile(rf"(?:^|[^{HAN})）])[{HAN}]$")
_WORD = re.compile(rf"[{HAN}]")
_MAX_DISTANCE = 60  # characters on either side that such a word reaches
_STRONG, _PLAIN, _POLYPHONE = 2.0, 1.0, 0.5
_ANNOTATION_THRESHOLD = 1.0
_FULL_THRESHOLD = 6.0  # an article with this much pinyin annotation elsewhere is full of it


class _Hit(NamedTuple):
    start: int
    end: int
    char: str
    weight: float
    about: bool  # a word about pronunciation stands near
    alone: bool  # the character is no part of a longer word: an entry of a glossary, or one of a list


def base(reading: str) -> str:
    """A reading without its tone, `ü` as `u`: what two spellings of one syllable share."""
    if reading.isascii():
        return reading.replace("v", "u")
    flat = unicodedata.normalize("NFD", reading.replace("ɑ", "a").replace("ɡ", "g"))
    return "".join(c for c in flat if not unicodedata.combining(c)).replace("v", "u")


@cache
def readings(char: str) -> frozenset[str]:
    """Every reading of a character, without tones; those of its simplified form too."""
    from pypinyin import Style, pinyin

    found: set[str] = set()
    for form in {char, fold(char)}:
        for options in pinyin(form, style=Style.NORMAL, heteronym=True, errors="ignore"):
            found.update(base(option) for option in options)
    return frozenset(found)


@cache
def _toned(char: str) -> int:
    from pypinyin import Style, pinyin

    return sum(len(options) for options in pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore"))


def _weight(char: str) -> float:
    """How surely a reading behind `char` annotates it: nobody explains 創 or 国, but 犇 and 六(lù)安 are explained."""
    if not load().common(char):
        return 0.0
    if fold(char) != char:
        return _STRONG
    return _POLYPHONE if _toned(char) > 1 else _PLAIN


def _carrier(text: str, end: int) -> str:
    """The character that ends at `end`: the one shown, or the one its last two bytes make across a shifted border.

    Where a byte was lost, `區` is shown as the last byte of one character and a `^`: its reading stands behind that.
    """
    shown = text[end - 1]
    if shown > "\x7f":
        return shown
    try:
        lead = text[end - 2 : end - 1].encode("gbk")[-1:]
        char = (lead + shown.encode()).decode("gbk")
    except UnicodeError:
        return ""
    return char if len(char) == 1 else ""


def find(text: str) -> list[tuple[int, int]]:
    """Spans of the brackets that are pinyin annotation, in order."""
    hits: list[_Hit] = []
    for match in _ANNOTATION.finditer(text):
        char = _carrier(text, match.start())
        plain = base(match[1])
        if char and _READING.fullmatch(plain) and plain in readings(char):
            near = fold(text[max(0, match.start() - _MAX_DISTANCE) : match.end() + _MAX_DISTANCE])
            alone = bool(_ALONE.search(text, max(0, match.start() - 2), match.start())) and not _WORD.match(
                text, match.end()
            )
            hits.append(_Hit(*match.span(), char, _weight(char), bool(_ABOUT.search(near)), alone))
    if not hits:
        return []
    away = {hit.char: hit.weight for hit in hits if not hit.about and not hit.alone}
    total = sum(away.values())
    flooded = total >= _FULL_THRESHOLD
    explained = sum(hit.alone or hit.weight == 0 for hit in hits)
    if total < _ANNOTATION_THRESHOLD or (
        not flooded and 2 * explained >= len(hits)
    ):  # a glossary: it explains hard words
        return []
    return [(hit.start, hit.end) for hit in hits if _goes(hit, flooded=flooded)]


def _goes(hit: _Hit, *, flooded: bool) -> bool:
    if hit.about:
        return flooded and hit.weight == _STRONG
    return flooded or (hit.weight > 0 and not hit.alone)


def remove(text: str) -> tuple[str, list[Change]]:
    """`text` without its pinyin annotation, and one change per piece."""
    spans = find(text)
    if not spans:
        return text, []
    parts, changes, last = [], [], 0
    for start, end in spans:
        parts.append(text[last:start])
        changes.append(Change("pinyin_annotations", text[start - 1 : end], text[start - 1]))
        last = end
    parts.append(text[last:])
    return "".join(parts), changes
