"""Other spellings of a quoted phrase: its numerals in digits or in Chinese, its days as people write them.

Words without quotes need none: index.analysis.numerals gives either spelling equal terms. A phrase is looked for by its
characters, so each spelling is a phrase of its own.
"""

import re
from collections.abc import Iterator
from itertools import product, zip_longest

from index.analysis.gaps import close_gaps
from index.analysis.numerals import HAN_DIGITS, HAN_NUMERALS, chinese_number
from index.sources.numbering import counted

MAX_SPELLINGS = 8  # of one phrase
_NUMBER = rf"(?:\d{{1,2}}|[{HAN_NUMERALS}]{{1,3}})"
_MEASURES = "名个位人只头户亩条章节款项届次期号天日周月年岁元块角分层楼栋组班级队批页本卷篇册吨斤里米趟辆台座间所家"
_NUMERAL = re.compile(
    rf"(?P<year>(?<!\d)\d{{4}}|(?<![{HAN_NUMERALS}])[{HAN_DIGITS}]{{4}})年(?:(?P<month>{_NUMBER})月(?:(?P<day>{_NUMBER})(?P<named>[日号]))?)?"
    rf"|(?<![\d{HAN_NUMERALS}])(?P<month2>{_NUMBER})月(?P<day2>{_NUMBER})(?P<named2>[日号])"
    r"|(?<![\d.])(?P<y>(?:1\d|20)\d\d)[-/.](?P<m>1[0-2]|0?[1-9])[-/.](?P<d>3[01]|[12]\d|0?[1-9])(?![\d.-])"
    rf"|百分之(?P<share>[{HAN_NUMERALS}]{{1,9}}(?:点[{HAN_DIGITS}]{{1,4}})?)|(?<![\d.])(?P<percent>\d{{1,9}}(?:\.\d{{1,4}})?)%"
    r"|(?<![\d.,a-z-])(?P<digits>\d{1,3}(?:,\d{3})+|\d{1,9})(?P<unit>[百千]?[万亿])?(?![\d.,:a-z-])"
    rf"|(?P<han>[{HAN_NUMERALS}]{{2,}}|[{HAN_NUMERALS}](?=[{_MEASURES}]))"
)
_MAX_VALUE = 10**12


def spellings(folded: str) -> tuple[str, ...]:
    """Other spellings of a folded phrase, without gaps, at most `MAX_SPELLINGS`; the likeliest first."""
    phrase = close_gaps(folded).text
    fixed: list[str] = []
    ways: list[list[str]] = []
    done = 0
    for match in _NUMERAL.finditer(phrase):
        others = [other for other in dict.fromkeys(_others(match)) if other != match[0]]
        if others:
            fixed.append(phrase[done : match.start()])
            ways.append([match[0], *others])
            done = match.end()
    if not ways:
        return ()
    rest = phrase[done:]
    # One text spells all its numerals alike, most likely; then come those that mix.
    alike = (
        [way[n] if n is not None and n < len(way) else way[-1] for way, n in zip(ways, [n] * len(ways), strict=True)]
        for n in range(1, max(map(len, ways)))
    )
    found: dict[str, None] = {}
    for chosen in (*alike, *_mixed(ways)):
        found["".join(part for pair in zip_longest(fixed, chosen) for part in pair) + rest] = None
        if len(found) > MAX_SPELLINGS:
            break
    found.pop(phrase, None)
    return tuple(found)[:MAX_SPELLINGS]


def _mixed(ways: list[list[str]]) -> Iterator[tuple[str, ...]]:
    yield from product(*(way[:2] for way in ways))


def _others(match: re.Match[str]) -> Iterator[str]:
    """How else a numeral is written, itself perhaps among them."""
    groups = match.groupdict()
    if groups["y"]:
        yield from _days(int(groups["y"]), int(groups["m"]), int(groups["d"]), "日")
    elif groups["year"] or groups["month2"]:
        told = [groups["year"], groups["month"] or groups["month2"], groups["day"] or groups["day2"]]
        values = [chinese_number(text) if text else None for text in told]
        if all(value is not None or not text for text, value in zip(told, values, strict=True)):
            year, month, day = values
            yield from _days(year, month, day, groups["named"] or groups["named2"] or "日")
    elif groups["share"]:
        whole, _, part = groups["share"].partition("点")
        value = chinese_number(whole)
        if value is not None:
            yield f"{value}{'.' if part else ''}{''.join(str(chinese_number(digit)) for digit in part)}%"
    elif groups["percent"]:
        whole, _, part = groups["percent"].partition(".")
        yield f"百分之{counted(int(whole))}{'点' if part else ''}{_one_by_one(part)}"
    elif groups["digits"]:
        yield from _of_digits(groups["digits"], groups["unit"] or "")
    else:
        yield from _of_chinese(groups["han"])


def _one_by_one(digits: str) -> str:
    """`2024` -> 二零二四."""
    return "".join(counted(int(digit)) for digit in digits)


def _days(year: int | None, month: int | None, day: int | None, named: str) -> Iterator[str]:
    """A year, a month in it or a day, in digits and in Chinese; as numbers alone where it is whole."""
    of_year = "" if year is None else f"{year}年"
    yield of_year + (f"{month}月" if month else "") + (f"{day}{named}" if day else "")
    spelled = _one_by_one(str(year)) + "年" if year is not None else ""
    rest = (f"{counted(month)}月" if month else "") + (f"{counted(day)}{named}" if day else "")
    yield spelled + rest
    if year is not None and not 1_000 <= year < 2_200 and not rest:
        yield f"{counted(year)}年"  # 三千年
    if "零" in spelled:
        yield spelled.replace("零", "○") + rest
    if month:
        yield f"{of_year}{month:02d}月" + (f"{day:02d}{named}" if day else "")
    if year is not None and month and day:
        yield f"{year}-{month:02d}-{day:02d}"
        yield f"{year}.{month}.{day}"
        yield f"{year}/{month}/{day}"


def _of_digits(digits: str, unit: str) -> Iterator[str]:
    value = int(digits.replace(",", ""))
    if digits.startswith("0") or value >= _MAX_VALUE:
        return
    spelled = counted(value) if value < 10**8 else ""
    if spelled:
        yield spelled + unit
        if spelled[0] == "二" and (spelled == "二" or spelled[1] in "百千万亿"):
            yield f"两{spelled[1:]}{unit}"
    yield f"{value}{unit}"
    if value >= 1_000:
        yield f"{value:,}{unit}"


def _of_chinese(text: str) -> Iterator[str]:
    plain = len(text) > 1 and not re.search("[十百千万亿廿卅]", text)  # 三五, 一二三
    value = None if plain else chinese_number(text)
    if value is None or value >= _MAX_VALUE:
        return
    for unit, size in (("亿", 10**8), ("万", 10**4)):
        if text.endswith(unit) and value % size == 0:
            yield f"{value // size}{unit}"
            if value // size >= 1_000:
                yield f"{value // size:,}{unit}"
    yield str(value)
    if value >= 1_000:
        yield f"{value:,}"
