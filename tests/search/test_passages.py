"""Passages of an article that overlap or touch are one; it begins at a sentence and keeps its lines."""

import pytest

from index.models import Article, Filters, StoredArticle
from search.models import SearchOptions
from search.passages import stretches
from search.query.filters import make_filters, never
from search.ranking.group import Ranked

TEXT = "渡口早上六点开。船票两元。\n乘船要穿救生衣。大风停航，退票不收费，余下的人改乘汽车。\n\n夜里没有船。"


def stored(*spans):
    return StoredArticle(Article("a", "渡口", TEXT), tuple((start, end, "") for start, end in spans), "")


def shown(article, *scores):
    chunks = [Ranked(f"a:{n}", score, n) for n, score in enumerate(scores) if score]
    return [(TEXT[s.start : s.end], s.chunk_id, s.score) for s in stretches(article, chunks)]


def test_what_overlaps_or_touches_is_one_passage_of_the_better_score():
    article = stored((0, 14), (8, 22), (22, len(TEXT)))
    assert shown(article, 0.4, 0.6, 0.0) == [("渡口早上六点开。船票两元。\n乘船要穿救生衣。", "a:1", 0.6)]
    assert shown(article, 0.4, 0.6, 0.5) == [(TEXT, "a:1", 0.6)]


def test_what_stands_apart_stays_apart_best_first():
    article = stored((0, 8), (8, 22), (22, len(TEXT)))
    assert [text for text, _, _ in shown(article, 0.4, 0.0, 0.5)] == [TEXT[22:], "渡口早上六点开。"]


def test_a_passage_begins_where_its_sentence_does():
    at = TEXT.index("退票")
    article = stored((at, len(TEXT)))
    assert shown(article, 0.5)[0][0] == TEXT[TEXT.index("大风") :]


def test_a_title_that_alone_matches_is_marked(engine):
    result = next(r for r in engine.search("停水通知", SearchOptions(mode="bm25")).results if r.article_id == "water")
    assert [result.title[a:b] for a, b in result.title_highlights] == ["停水通知"]
    assert engine.search("停水").to_json()["results"][0]["title_highlights"]


def test_by_date_the_newest_come_first_on_either_side_of_the_line(engine):
    for text in ("的 电梯 干部 飞机 馒头", "停水通知"):
        answer = engine.search(text, SearchOptions(k=50, sort="date"))
        marks = [result.chance for result in answer.results]
        assert marks == sorted(marks)
        assert marks.count(False) == answer.total >= 1
        for side in (False, True):
            days = [result.published or "" for result in answer.results if result.chance is side]
            assert days == sorted(days, reverse=True)
        by_relevance = engine.search(text, SearchOptions(k=50)).results
        assert {r.article_id for r in answer.results} == {r.article_id for r in by_relevance}
        best = by_relevance[0].score
        assert all((result.score > 0.4 * best) is not result.chance for result in answer.results)


@pytest.mark.parametrize("source", ["汉东日报", "漢東日報", "漢东日报"])
def test_a_filter_and_a_field_mean_the_same_in_both_scripts(engine, source):
    beside = engine.search("的 通知", SearchOptions(filters=Filters(source=(source,))))
    within = engine.search(f"的 通知 source:{source}")
    assert {r.article_id for r in beside.results} == {r.article_id for r in within.results} == {"train", "water"}


def test_days_the_wrong_way_round_are_told(engine):
    filters = make_filters(after="2025-03", before="2025-01")
    answer = engine.search("通知", SearchOptions(filters=filters))
    assert answer.results == ()
    assert (
        answer.warnings
        == never(filters)
        == ("after 2025-03-01 is later than before 2025-01-31: nothing is published between them",)
    )
    assert never(make_filters(after="2025-01", before="2025-03")) == ()


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("停水通知 after:2025-03 before:2025-01", {}),
        ("停水通知 before:2025-01", {"after": "2025-03"}),
        ("before:2025-01 停水通知 +通知", {"after": "2025-03"}),
    ],
)
def test_days_the_wrong_way_round_are_told_wherever_they_stand(engine, text, filters):
    warnings = engine.search(text, SearchOptions(filters=make_filters(**filters))).warnings
    assert "after 2025-03-01 is later than before 2025-01-31" in warnings[0]
    assert not any("later" in one for one in engine.search("停水通知 after:2025-01 before:2025-03").warnings)
