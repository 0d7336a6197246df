"""Freshness moves neighbours, only when asked for, and by no more than it says."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.builder import update_index
from index.connect import open_backend
from index.errors import BadOption
from search.engine import SearchEngine
from search.models import SearchOptions
from search.ranking.recency import BOOST, freshness
from tests.conftest import PLAIN, HashEncoder, article

TODAY = date(2026, 1, 31)


def test_what_is_gained_halves_with_every_half_life():
    days = [TODAY, TODAY - timedelta(30), TODAY - timedelta(60), None, TODAY + timedelta(9)]
    gains = freshness(days, TODAY, 30.0).tolist()
    assert gains == pytest.approx([1 + BOOST, 1 + BOOST / 2, 1 + BOOST / 4, 1.0, 1 + BOOST])


@given(st.lists(st.none() | st.dates()), st.dates(), st.floats(0.01, 1e6))
def test_gains_are_mild_and_never_losses(days, today, half_life):
    assert all(1.0 <= gain <= 1.0 + BOOST for gain in freshness(days, today, half_life).tolist())


@pytest.fixture(scope="module")
def dated(tmp_path_factory):
    path = tmp_path_factory.mktemp("dated") / "index"
    text = "夜市今晚八点开门，欢迎市民光临。"
    today = date.today()
    articles = [
        article("old", text, title="夜市", published="2001-01-01"),
        article("undated", text, title="夜市"),
        article("new", text + "另有通知。", title="夜市", published=today.isoformat()),
        article(
            "other",
            "夜里的河水涨了。市里没有通知，农民在等消息，谁也没有光临那里。",
            title="河",
            published=today.isoformat(),
        ),
    ]
    update_index(articles, path, PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder()) as engine:
        yield engine


def ranked(engine, **options):
    return [(r.article_id, r.score) for r in engine.search("夜市 光临", SearchOptions(mode="bm25", **options)).results]


def test_age_is_nothing_unless_asked_for(dated):
    plain = dict(ranked(dated))
    assert plain["old"] == plain["undated"] > plain["new"]


def test_the_new_one_passes_its_neighbours_and_nothing_else_does(dated):
    plain, fresh = dict(ranked(dated)), dict(ranked(dated, recency=30.0))
    assert ranked(dated, recency=30.0)[0][0] == "new"
    assert fresh["new"] == pytest.approx(plain["new"] * (1 + BOOST), abs=1e-5)
    assert fresh["undated"] == plain["undated"]
    assert fresh["old"] == pytest.approx(plain["old"], abs=1e-5)
    assert list(fresh)[-1] == list(plain)[-1] == "other"


def test_an_explanation_names_the_boost(dated):
    results = dated.search("夜市", SearchOptions(recency=30.0, explain=True)).results
    boosts = {result.article_id: result.explain.boosts["recency"] for result in results}
    assert (boosts["new"], boosts["undated"]) == (1 + BOOST, 1.0)
    plain = dated.search("夜市", SearchOptions(explain=True)).to_json()
    assert all("boosts" not in result["explain"] for result in plain["results"])


@pytest.mark.parametrize("days", [0, -1, float("inf"), float("nan")])
def test_a_half_life_is_above_nothing(dated, days):
    with pytest.raises(BadOption, match="recency: got"):
        dated.search("夜市", SearchOptions(recency=days))
