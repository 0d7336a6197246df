"""Numerals, Chinese and Arabic: their values, and the terms by which either spelling is found.

第一千二百五十四条 and 第1254条, 二〇二四年七月一日 and 2024-07-01, 三千八百万元 and 3800万元 give equal terms, which
stand beside the words that the text itself gives, on the characters of the numeral.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "元": 1}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_TEN_THOUSANDS = {"万": 10**4, "亿": 10**8}


def chinese_number(text: str) -> int | None:
    """`二〇二四` -> 2024, `一千二百五十四` -> 1254, `廿九` -> 29, `29` -> 29; None where it is no number.

    `三千八` is 3800, as people say it; `三四百` and `七八十` are no numbers.
    """
    if text.isdecimal():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not any(unit in text for unit in "十百千万亿"):
        digits = [_DIGITS.get(char) for char in text]
        if not digits or None in digits:
            return None
        return int("".join(str(digit) for digit in digits))
    return _with_units(text)


def _with_units(text: str) -> int | None:
    total = section = 0
    current: int | None = None
    last = largest = 10**16  # the unit before, and the large one: they only get smaller
    for at, char in enumerate(text):
        if char in _DIGITS:
            if current:
                return None  # two digits in a row: about so many
            current = _DIGITS[char]
        elif char in _UNITS:
            unit = _UNITS[char]
            if unit >= last or (current is None and not (char == "十" and not section)):
                return None
            section, current, last = section + (1 if current is None else current) * unit, None, unit
        elif char in _TEN_THOUSANDS:
            unit = _TEN_THOUSANDS[char]
            section += current or 0
            if unit >= largest or not section:
                return None
            total, section, current, last, largest = total + section * unit, 0, None, 10**16, unit
        else:
            return None
        if at == len(text) - 1 and current and at and text[at - 1] in "百千万亿":
            current *= (_UNITS | _TEN_THOUSANDS)[text[at - 1]] // 10  # 三千八
    return total + section + (current or 0)


HAN_DIGITS = "零○一二三四五六七八九"
"""Chinese digits of folded text, for within the brackets of a pattern."""
HAN_NUMERALS = HAN_DIGITS + "十百千万亿两廿卅"
"""All characters of Chinese numerals in folded text, likewise."""
_COUNTED = "条章节款项目编卷篇集部届次期号页批回课讲届季轮"  # what 第 numbers
_UNIT = "[十百千]?[万亿]|[百千](?![克米瓦伏卡赫帕])"
# Each alternative is one kind of numeral, on folded text. What stands in it is told by its groups.
_KINDS = (
    rf"第(?P<nth>\d{{1,6}}|[{HAN_NUMERALS}]{{1,9}})(?P<counted>[{_COUNTED}])"
    rf"|百分之(?P<percent>[{HAN_NUMERALS}]{{1,9}}(?:点[{HAN_DIGITS}]{{1,4}})?)"
    rf"|(?P<year>[{HAN_DIGITS}]{{4}})年(?:(?P<month>[{HAN_NUMERALS}元]{{1,3}})月(?:(?P<day>[{HAN_NUMERALS}]{{1,3}})[日号])?)?"
    rf"|(?P<month2>[{HAN_NUMERALS}]{{1,3}})月(?P<day2>[{HAN_NUMERALS}]{{1,3}})日"
    r"|(?<!\d)(?P<y>(?:1\d|20)\d\d)[-/.年](?P<m>1[0-2]|0?[1-9])[-/.月](?P<d>3[01]|[12]\d|0?[1-9])(?![\d.-])日?"
    rf"|(?<![\d.])(?:(?P<parted>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?)(?P<unit>{_UNIT})?"
    rf"|(?P<digits>\d{{1,12}}(?:\.\d{{1,6}})?)(?P<unit2>{_UNIT}))"
    rf"|(?P<number>[一二三四五六七八九十两廿卅][{HAN_NUMERALS}]+)"
)
# Classes of its first two characters come first, which is what makes a search quick.
_SECOND = rf"[\d,.月分{HAN_NUMERALS}]"
_NUMERAL = re.compile(rf"[第百{HAN_DIGITS}十两廿卅\d](?={_SECOND})(?<=(?=(?P<all>{_KINDS})).)", re.S)
_GIVEN = re.compile(rf"\d|^[第年月日{_COUNTED}]$")  # what numerals give holds a digit, or is a counter alone
_MAX_VALUE = 10**16


def numeral_terms(folded: str) -> Iterator[tuple[str, int, int]]:
    """The terms that numerals give beside their words, and the characters `[start, end)` they stand on; from left to
    right. `folded`: index.analysis.fold, without gaps.
    """
    at = 0
    while match := _NUMERAL.search(folded, at):
        start, at = match.span("all")
        for term in _terms(match.groups("")):
            yield term, start, at


def may_give(terms: Iterable[str]) -> bool:
    """Whether one of `terms` could be what `numeral_terms` gives, wherever: quickly told, and no for most words."""
    return any(map(_GIVEN.search, terms))


def in_digits(folded: str) -> str:
    """`folded` with its Chinese numerals in digits, for a question: texts with either spelling have these terms."""
    out, done = [], 0
    for term, start, end in numeral_terms(folded):
        if start >= done and not any(char.isdecimal() for char in folded[start:end]):
            out += [folded[done:start], term]
            done = end
    return "".join([*out, folded[done:]])


@lru_cache(maxsize=8192)  # the same come again and again
def _terms(groups: tuple[str, ...]) -> list[str]:
    """The terms of a numeral, of which these are all groups of `_NUMERAL`."""
    told = dict(zip(_NUMERAL.groupindex, groups, strict=True))
    if told["counted"]:
        return _nth(told["nth"], told["counted"])
    if told["percent"]:
        return _percent(told["percent"])
    if told["year"] or told["month2"]:
        return _han_date(told["year"], told["month"] or told["month2"], told["day"] or told["day2"])
    if told["y"]:
        date = f"{int(told['y'])}年{int(told['m'])}月{int(told['d'])}日"
        return [date] if date != told["all"] else []
    if digits := told["parted"] or told["digits"]:
        return _digits(digits, told["unit"] or told["unit2"])
    text = told["number"]
    if not any(unit in text for unit in "十百千万亿廿卅") and not re.search("[零○]", text):
        return []  # 一一, 三五, 一二三
    value = chinese_number(text)
    return [str(value)] if value is not None and 10 <= value < _MAX_VALUE else []


def _nth(number: str, counted: str) -> list[str]:
    value = chinese_number(number)
    if value is None:
        return []
    # What the words of 第23条 are, for those of 第二十三条 may be cut otherwise.
    own = [] if number.isdecimal() else ["第", str(value), counted]
    return [f"第{value}{counted}", *own]


def _percent(text: str) -> list[str]:
    whole, _, rest = text.partition("点")
    value = chinese_number(whole)
    if value is None:
        return []
    return [f"{value}.{''.join(str(_DIGITS[char]) for char in rest)}%" if rest else f"{value}%"]


def _han_date(year: str, month: str, day: str) -> list[str]:
    parts = [(year, "年"), (month, "月"), (day, "日")]
    told = [(chinese_number(text), name) for text, name in parts if text]
    if any(value is None for value, _ in told):
        return []
    whole = "".join(f"{value}{name}" for value, name in told)
    return [whole, *(term for value, name in told for term in (str(value), name))]


def _digits(text: str, unit: str) -> list[str]:
    factor = 1
    for char in unit:
        factor *= (_UNITS | _TEN_THOUSANDS)[char]
    value = Decimal(text.replace(",", "")) * factor
    if value >= _MAX_VALUE or value != value.to_integral_value():
        return [] if "," not in text else [str(value.normalize())]
    return [str(int(value))]
