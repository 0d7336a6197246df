"""Days as people write them -> ISO dates."""

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime

from index.analysis.fold import fold
from index.analysis.numerals import chinese_number

_CN = "零〇○一二三四五六七八九十百廿卅元两"
_YMD = re.compile(
    r"(?P<y>(?:19|20)\d\d)\s*(?:[-/.]|年)\s*(?P<m>1[0-2]|0?[1-9])\s*(?:[-/.]|月)\s*"
    r"(?P<d>3[01]|[12]\d|0?[1-9])(?!\d)\s*[日号]?"
)
_CN_DATE = re.compile(
    rf"(?P<roc>(?:中华)?民国)?\s*(?P<y>[{_CN}]{{2,6}}|元|\d{{1,4}})\s*年\s*(?P<m>[{_CN}]{{1,3}}|\d{{1,2}})\s*月\s*"
    rf"(?P<d>[{_CN}]{{1,3}}|\d{{1,2}})\s*[日号]"
)
_ENGLISH = re.compile(
    r"(?:(?P<d1>\d{1,2})\s+)?(?P<mon>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s*"
    r"(?:(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<y>(?:19|20)\d\d)"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _iso(year: int | None, month: int | None, day: int | None) -> str | None:
    if year is None or month is None or day is None:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def find_date(folded: str) -> tuple[str, int, int] | None:
    """The first full date in folded text: ISO form, start, end."""
    found: list[tuple[int, int, str]] = []
    for match in _YMD.finditer(folded):
        if iso := _iso(int(match["y"]), int(match["m"]), int(match["d"])):
            found.append((match.start(), match.end(), iso))
            break
    for match in _CN_DATE.finditer(folded):
        year = chinese_number(match["y"])
        if match["roc"]:
            year = None if year is None else year + 1911
        elif year is not None and not 1000 <= year <= 2200:
            continue  # a year of the Republic without its name, or an age: not surely a date
        if iso := _iso(year, chinese_number(match["m"]), chinese_number(match["d"])):
            found.append((match.start(), match.end(), iso))
            break
    if not found:
        return None
    start, end, iso = min(found)
    return iso, start, end


def parse_date(value: object) -> str | None:
    """The day `value` names, as `YYYY-MM-DD`; None where it names none, or less than a day.

    Understands ISO 8601, `2024/1/9`, `2024.1.9`, `20240109`, `2024年1月9日`, `二〇二四年一月九日`, 民國 years with
    either kind of numeral, English and RFC 2822 dates, and Unix time in seconds or milliseconds (as a number).
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        seconds = value / 1000 if abs(value) >= 1e11 else float(value)
        if not 1e8 <= seconds < 4.2e9:
            return None if not 1_00_00_00 <= value <= 2200_12_31 else parse_date(str(int(value)))
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    if isinstance(value, date):
        return value.isoformat()[:10]
    if not isinstance(value, str) or len(value) > 200:
        return None
    text = fold(value).strip()
    if re.fullmatch(r"\d{8}(?:\d{6})?", text):
        return _iso(int(text[:4]), int(text[4:6]), int(text[6:8]))
    if found := find_date(text):
        return found[0]
    if match := re.match(r"(\d{4})-(\d\d)-(\d\d)", text):
        return _iso(int(match[1]), int(match[2]), int(match[3]))
    if match := _ENGLISH.search(text):
        day = match["d2"] or match["d1"]
        return _iso(int(match["y"]), _MONTHS.index(match["mon"]) + 1, int(day)) if day else None
    try:
        return parsedate_to_datetime(value).date().isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
