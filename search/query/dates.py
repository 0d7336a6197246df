"""Words for a time in a question -> days that could be filtered by. Offered, never applied: 去年 may be a title.

Pure: what day it is today is an argument.
"""

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

from index.analysis.fold import fold
from index.analysis.numerals import chinese_number
from search.models import Offer

_NUMBER = r"\d{1,3}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九]"
_YEAR = r"\d{4}年|[零一二三四五六七八九]{4}年|今年|去年|前年|明年|本年"
_RELATIVE_YEAR = {"今年": 0, "本年": 0, "去年": -1, "前年": -2, "明年": 1}
_UNITS = {"天": 1, "日": 1, "周": 7, "星期": 7, "个星期": 7}

Days = tuple[date, date]


def _number(text: str) -> int:
    """12, 十二 or 三十; ValueError where it is no number."""
    number = chinese_number(text)
    if number is None:
        raise ValueError(f"no number: {text}")
    return number


def _year(text: str, today: date) -> int:
    if text in _RELATIVE_YEAR:
        return today.year + _RELATIVE_YEAR[text]
    return _number(text.removesuffix("年"))


def _months(year: int, first: int, last: int) -> Days:
    """From the first day of one month to the last of another; months count on over the year's borders."""
    begin_year, begin = year + (first - 1) // 12, (first - 1) % 12 + 1
    end_year, end = year + (last - 1) // 12, (last - 1) % 12 + 1
    return date(begin_year, begin, 1), date(end_year, end, calendar.monthrange(end_year, end)[1])


def _calendar(match: re.Match[str], today: date) -> Days:
    """2024年, 去年下半年, 今年第三季度, 2024年3月, 去年12月5日."""
    year = _year(match["year"], today)
    if match["half"]:
        return _months(year, 1, 6) if match["half"] == "上半年" else _months(year, 7, 12)
    if match["quarter"]:
        quarter = _number(match["quarter"])
        return _months(year, 3 * quarter - 2, 3 * quarter)
    if match["month"] and match["day"]:
        day = date(year, _number(match["month"]), _number(match["day"]))
        return day, day
    if match["month"]:
        return _months(year, *2 * [date(year, _number(match["month"]), 1).month])
    return _months(year, 1, 12)


def _years(match: re.Match[str], today: date) -> Days:
    return date(int(match[1]), 1, 1), date(int(match[2]), 12, 31)


def _plan(match: re.Match[str], today: date) -> Days:
    """The five-year plans, from the sixth (六五, 1981-1985) on: the tenth (十五) began in 2001."""
    first = 2001 + 5 * (_number(match[1]) - 10)
    return date(first, 1, 1), date(first + 4, 12, 31)


def _month(match: re.Match[str], today: date) -> Days:
    month = today.month + (-1 if match[0].startswith("上") else 1 if match[0].startswith("下") else 0)
    return _months(today.year, month, month)


def _week(match: re.Match[str], today: date) -> Days:
    monday = today - timedelta(today.weekday() + (7 if match[0].startswith("上") else 0))
    return monday, monday + timedelta(6)


def _day(match: re.Match[str], today: date) -> Days:
    day = today - timedelta("今昨前".index(match[0][0]))
    return day, day


def _last(match: re.Match[str], today: date) -> Days:
    """最近三个月, 近5年, 过去两周: up to today."""
    count, unit = _number(match[1]), match[2]
    if count < 1:
        raise ValueError("no time at all")
    if unit in _UNITS:
        return today - timedelta(count * _UNITS[unit] - 1), today
    months = count * (12 if unit == "年" else 1)
    first, last = _months(today.year, today.month - months, today.month - months)
    return min(first.replace(day=min(today.day, last.day)) + timedelta(1), today), today


_MONTH = rf"(?P<month>{_NUMBER})月(?:份|(?P<day>{_NUMBER})[日号])?"
_PART = rf"(?:(?P<half>[上下]半年)|第?(?P<quarter>[一二三四1-4])季度|{_MONTH})"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Days]], ...] = (
    (re.compile(r"(?<!\d)(\d{4})年?[至到—–~-]+(\d{4})年"), _years),
    (re.compile(rf"(?<!\d)(?P<year>{_YEAR}){_PART}?"), _calendar),
    (re.compile(r"[“\"「]?((?:十[一二三四五六七八九]?|[六七八九]))五[”\"」]?(?:期间|时期)"), _plan),
    (re.compile(r"上个?月|这个月|本月|下个?月(?!亮)"), _month),
    (re.compile(r"(?:上个?|这个?|本)(?:周|星期)(?![一二三四五六日天年])"), _week),
    (re.compile(r"[今昨前](?:天|日)(?!报)"), _day),
    (re.compile(rf"(?:最近|近|过去)({_NUMBER})(天|日|周|个星期|星期|个月|年)"), _last),
)


def date_offers(text: str, today: date) -> tuple[Offer, ...]:
    """A filter for each time that `text` names, in order; a time that is no time (2024年13月) is passed over."""
    folded = fold(text)
    offers: list[Offer] = []
    found = sorted(
        ((match, rule) for pattern, rule in _RULES for match in pattern.finditer(folded)),
        key=lambda pair: (pair[0].start(), -pair[0].end()),
    )
    end = 0
    for match, rule in found:
        if match.start() < end:
            continue
        try:
            after, before = rule(match, today)
        except (ValueError, OverflowError):
            continue
        end = match.end()
        offers.append(Offer(text[match.start() : end], after.isoformat(), before.isoformat()))
    return tuple(dict.fromkeys(offers))
