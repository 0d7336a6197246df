"""Gibberish gets no answer but a hint; what was narrowed by hand is always shown."""

import pytest

from index.backend import Evidence
from index.builder import update_index
from index.connect import open_backend
from index.models import Filters
from search.engine import SearchEngine
from search.models import SearchOptions
from search.verdict import confidence
from tests.conftest import CORPUS, PLAIN, HashEncoder


def test_confidence_by_hand():
    best = [Evidence("a:0", 6.0, 0.1, 0.1, {"电梯": 4.0}), Evidence("b:0", 8.0, 0.1, 0.1, {"电梯": 4.0, "补贴": 4.0})]
    idf = {"电梯": 2.0, "补贴": 1.0, "火星": 5.0}
    assert confidence(0.3, idf, best) == pytest.approx(0.3 + 0.2 * 3 / 8 + 0.1 * 8 / 8)
    assert confidence(0.3, idf, []) == 0.3
    assert confidence(0.3, {}, best) == 0.3


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


def test_without_a_cut_off_whatever_there_is_is_shown(tmp_path):
    update_index(CORPUS, tmp_path / "index", PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(tmp_path / "index"), HashEncoder()) as engine:
        assert engine.search("年糕 火星 冰川").results
