"""Times in a question are offered as days, relative to a given today."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.engine import SearchEngine
from search.models import Offer, SearchOptions
from search.query.dates import date_offers

TODAY = date(2026, 3, 31)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("去年的报告", [("去年", "2025-01-01", "2025-12-31")]),
        ("今年3月", [("今年3月", "2026-03-01", "2026-03-31")]),
        ("前年十二月五日", [("前年十二月五日", "2024-12-05", "2024-12-05")]),
        ("2024年上半年经济", [("2024年上半年", "2024-01-01", "2024-06-30")]),
        ("２０２４年下半年", [("２０２４年下半年", "2024-07-01", "2024-12-31")]),
        ("2023年第三季度", [("2023年第三季度", "2023-07-01", "2023-09-30")]),
        ("2024年2月通知", [("2024年2月", "2024-02-01", "2024-02-29")]),
        ("二〇二四年", [("二〇二四年", "2024-01-01", "2024-12-31")]),
        ("“十四五”期间", [("“十四五”期间", "2021-01-01", "2025-12-31")]),
        ("十一五時期", [("十一五時期", "2006-01-01", "2010-12-31")]),
        ("“十五”期间", [("“十五”期间", "2001-01-01", "2005-12-31")]),
        ("上个月 停水", [("上个月", "2026-02-01", "2026-02-28")]),
        ("下月", [("下月", "2026-04-01", "2026-04-30")]),
        ("上周的会", [("上周", "2026-03-23", "2026-03-29")]),
        ("本周", [("本周", "2026-03-30", "2026-04-05")]),
        ("昨天", [("昨天", "2026-03-30", "2026-03-30")]),
        ("最近三个月", [("最近三个月", "2026-01-01", "2026-03-31")]),
        ("近两年", [("近两年", "2024-04-01", "2026-03-31")]),
        ("最近7天", [("最近7天", "2026-03-25", "2026-03-31")]),
        ("2020至2023年", [("2020至2023年", "2020-01-01", "2023-12-31")]),
        (
            "去年和2024年的比较",
            [("去年", "2025-01-01", "2025-12-31"), ("2024年", "2024-01-01", "2024-12-31")],
        ),
        ("2024年13月", []),
        ("0000年", []),
        ("近0周 最近0个月", []),
        ("今日头条", [("今日", "2026-03-31", "2026-03-31")]),
        ("今日报", []),  # a paper's name
        ("十四五", []),
        ("上周一 下个月亮", []),
        ("电梯", []),
    ],
)  # fmt: skip
def test_times(text, want):
    assert date_offers(text, TODAY) == tuple(Offer(*one) for one in want)


def test_the_month_before_january_is_last_years():
    assert date_offers("上月", date(2026, 1, 15)) == (Offer("上月", "2025-12-01", "2025-12-31"),)
    assert date_offers("最近一个月", date(2026, 3, 31)) == (Offer("最近一个月", "2026-03-01", "2026-03-31"),)


@given(st.text(alphabet="上下个月周年去今近最三0129十四五期间第季度半至-“”", max_size=24), st.dates(date(1900, 1, 1)))
def test_whatever_is_offered_is_a_span_of_days(text, today):
    for offer in date_offers(text, today):
        assert offer.text in text
        assert date.fromisoformat(offer.after) <= date.fromisoformat(offer.before)


def test_an_answer_offers_and_does_not_apply(engine: SearchEngine):
    answer = engine.search("2023年的电梯", SearchOptions(k=20))
    assert answer.offers == (Offer("2023年", "2023-01-01", "2023-12-31"),)
    assert {result.published for result in answer.results} - {"2023-05-28"}
    assert list(answer.to_json()["offers"]) == [{"text": "2023年", "after": "2023-01-01", "before": "2023-12-31"}]
