"""Gibberish gets no answer but a hint; what was narrowed by hand is always shown."""

import pytest

from index.builder import update_index
from index.calibration import Border
from index.connect import open_backend
from index.models import Filters
from search.engine import SearchEngine
from search.models import SearchOptions
from search.ranking.confidence import CUT_OFF, cut_off, cut_offs
from tests.conftest import CORPUS, PLAIN, HashEncoder


def test_the_border_lies_between_chance_and_what_is_known_and_never_above_high_chance():
    assert cut_off(Border(0.5, 0.9, 0.8)) == pytest.approx(0.629)
    assert cut_off(Border(0.5, 0.6, 1.5)) == 0.6


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    path = tmp_path_factory.mktemp("verdict") / "index"
    update_index(CORPUS, path, PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder(), cut_off=0.9) as engine:
        yield engine


def test_under_the_cut_off_there_is_no_answer_but_the_nearest_is_named(strict):
    answer = strict.search("qzxv wkjp")
    assert (answer.results, answer.total) == ((), 0)
    answer = strict.search("年糕 火星 冰川")
    assert answer.results == ()
    assert answer.nearest is not None
    assert answer.to_json()["nearest"]["article_id"] == answer.nearest.article_id


def test_over_it_and_where_it_was_narrowed_or_one_leg_was_asked_for_the_answer_is_shown(strict):
    assert strict.search("老小区加装电梯").nearest is None
    assert "nearest" not in strict.search("老小区加装电梯").to_json()
    for options in (
        SearchOptions(mode="bm25"),
        SearchOptions(mode="dense"),
        SearchOptions(filters=Filters(source=("码农周刊",))),
    ):
        assert strict.search("检索 火星 冰川", options).results


def test_a_small_index_has_one_border_for_the_bundled_encoder(strict, samples_index):
    assert cut_offs(strict._backend) == {}
    assert strict._cut_offs == {"hybrid": 0.9}
    with SearchEngine.open(samples_index) as engine:
        assert engine._cut_offs == {"hybrid": CUT_OFF}


@pytest.fixture
def judged(measured_path, monkeypatch):
    """Judged by what was measured, though it is small."""
    monkeypatch.setattr("search.ranking.confidence.ENOUGH", 0)
    with SearchEngine(open_backend(measured_path), HashEncoder()) as engine:
        yield engine


def test_each_leg_and_both_have_the_cut_off_that_was_measured(judged):
    cuts = cut_offs(judged._backend)
    assert set(cuts) == {"bm25", "hybrid", "dense"}
    assert 0 < cuts["bm25"] < cuts["hybrid"]
    assert 0 < cuts["dense"] < cuts["hybrid"]
    assert judged.search("既有住宅加装电梯办事指引").results
    assert not judged.search("龘爨齉癵鼃").results


def test_vectors_alone_are_judged_by_their_own_cut_off(judged, monkeypatch):
    monkeypatch.setattr(judged, "_cut_offs", {"hybrid": 0.0, "dense": 9.0})
    answer = judged.search("住宅加装电梯", SearchOptions(mode="dense"))
    assert (answer.results, answer.total) == ((), 0)
    assert answer.nearest is not None
    assert judged.search("住宅加装电梯").results


def test_words_are_judged_by_words_alone(judged, monkeypatch):
    options = SearchOptions(mode="bm25")
    assert judged.search("既有住宅加装电梯办事指引", options).results
    monkeypatch.setattr(judged, "_cut_offs", {"bm25": 0.25, "dense": 0.0})
    answer = judged.search("电梯 龘爨齉癵鼃", options)  # one word of many stands there, and the vectors are not asked
    assert (answer.results, answer.total) == ((), 0)
    assert answer.nearest is not None
    assert judged.search("住宅加装电梯", options).results
