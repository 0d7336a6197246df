"""Candidates in columns say what they say one by one."""

import numpy as np
import pytest

from index.candidates import Candidates, joined
from index.models import Evidence

ROWS = [
    Evidence("稻:0", 2.5, 0.5, 0.25, {"育秧": 2.5}, ("育秧", "水稻")),
    Evidence("茶:3", 1.0, 0.1, 0.2, {"茶园": 1.0}, ("茶园",)),
    Evidence("稻:2", 0.0, 0.3, 0.25),
]


def test_columns_and_rows_are_the_same():
    found = Candidates.of(ROWS)
    assert [*found] == ROWS
    assert (len(found), found[1], found[-1]) == (3, ROWS[1], ROWS[2])
    assert (found.article_ids, found.articles.tolist()) == (["稻", "茶"], [0, 1, 0])
    with pytest.raises(IndexError):
        found[3]


def test_taken_in_another_order_each_keeps_what_is_its_own():
    assert [*Candidates.of(ROWS).taken([2, 0])] == [ROWS[2], ROWS[0]]
    assert [*Candidates.of(ROWS).by_id()] == sorted(ROWS)
    assert [*Candidates.of(ROWS).taken([])] == []


def test_joined_they_share_articles_and_words():
    more = [Evidence("茶:1", 3.0, 0.0, 0.2, {}, ("水稻", "采摘"))]
    found = joined([Candidates.of(ROWS), Candidates.of(more)])
    assert [item._replace(matched=set(item.matched), terms={}) for item in found] == [
        item._replace(matched=set(item.matched), terms={}) for item in [*ROWS, *more]
    ]
    assert found.article_ids == ["稻", "茶"]
    assert joined([]) == Candidates.of([])


def test_the_best_of_each_article_is_no_less_than_nothing():
    found = Candidates.of(ROWS)
    assert found.best_of_articles(np.asarray([0.2, -0.5, 0.7])).tolist() == [0.7, 0.0]


def test_other_values_are_not_the_same():
    assert Candidates.of(ROWS) != Candidates.of(ROWS[:2])
    assert Candidates.of(ROWS) != Candidates.of([ROWS[0]._replace(bm25=9.0), *ROWS[1:]])
    assert Candidates.of(ROWS) != ROWS
