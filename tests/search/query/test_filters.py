"""Filters as people type them."""

from datetime import date

import pytest

from index.errors import BadOption
from index.models import Filters
from search.query.filters import day, make_filters


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2025-01-31", date(2025, 1, 31), date(2025, 1, 31)),
        ("2024-2-9", date(2024, 2, 9), date(2024, 2, 9)),
        (" 2024-02 ", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-02", date(2023, 2, 1), date(2023, 2, 28)),
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
    ],
)
def test_a_day_a_month_and_a_year(text, first, last):
    assert day(text, name="after") == first
    assert day(text, name="before", last=True) == last


@pytest.mark.parametrize(
    "text", ["", "昨天", "2025-13-01", "2025-02-30", "0000-01-01", "2025/01/01", "2025-01-01T00:00", "20250101", "-1"]
)
@pytest.mark.parametrize("last", [False, True])
def test_what_is_no_day_is_refused(text, last):
    with pytest.raises(BadOption, match=r"after: got .*, want a day such as 2025-01-31"):
        day(text, name="after", last=last)


def test_filters_from_all_that_was_typed():
    made = make_filters(source=["汉东日报", ""], author=["王元"], tag=[], after="2025", before="2025-06")
    assert made == Filters(("汉东日报",), ("王元",), (), date(2025, 1, 1), date(2025, 6, 30))
    assert made


def test_meta_values_are_pairs_of_key_and_value():
    assert make_filters(meta=["city=江州", "a=b=c", ""]).meta == (("city", "江州"), ("a", "b=c"))
    for text in ("city", "=江州", "city="):
        with pytest.raises(BadOption, match="want KEY=VALUE"):
            make_filters(meta=[text])


def test_nothing_typed_filters_nothing():
    assert make_filters() == Filters()
    assert not make_filters(after="", before=None)


def test_any_field_can_be_filtered_by():
    assert make_filters(meta=["issuing_body=江城市人民政府", " a = b=c "]).meta == (
        ("issuing_body", "江城市人民政府"),
        ("a", "b=c"),
    )


@pytest.mark.parametrize("text", ["a", "a=", "=b", "a= "])
def test_a_field_without_key_or_value_is_refused(text):
    with pytest.raises(BadOption, match="want KEY=VALUE"):
        make_filters(meta=[text])
