"""Maximal marginal relevance, by hand and over an index."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import BadOption
from search.models import SearchOptions
from search.ranking.mmr import mmr
from tests.conftest import article, hashed_engine

VECTORS = np.asarray([[1, 0], [1, 0], [0, 1]], np.float32)


def test_a_twin_gives_way_to_what_is_new():
    scores = np.asarray([1.0, 0.9, 0.5])
    assert mmr(scores, VECTORS, 0.0) == [0, 1, 2]
    assert mmr(scores, VECTORS, 0.5) == [0, 2, 1]
    assert mmr(np.zeros(0), np.zeros((0, 2), np.float32), 0.5) == []


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=12), st.floats(0, 1))
def test_every_result_comes_once_and_the_best_first(scores, diversity):
    ordered = np.asarray(sorted(scores, reverse=True))
    vectors = np.random.default_rng(len(scores)).standard_normal((len(scores), 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    order = mmr(ordered, vectors, diversity)
    assert sorted(order) == list(range(len(scores)))
    assert order[0] == 0


@pytest.fixture(scope="module")
def bridges(tmp_path_factory):
    path = tmp_path_factory.mktemp("bridges") / "index"
    texts = [f"望江大桥今天合龙，大桥全长{n}公里。" for n in range(2, 7)] + [
        "大桥收费办法：小客车每次十元，货车按轴计收。"
    ]
    with hashed_engine([article(f"b{n}", text, title="") for n, text in enumerate(texts)], path) as engine:
        yield engine


def test_results_differ_where_it_is_asked_for_and_pages_join(bridges):
    plain = [r.article_id for r in bridges.search("望江大桥").results]
    spread = [r.article_id for r in bridges.search("望江大桥", SearchOptions(diversity=0.7)).results]
    assert sorted(plain) == sorted(spread)
    assert plain.index("b5") > 1 == spread.index("b5")
    paged = [
        r.article_id
        for offset in range(6)
        for r in bridges.search("望江大桥", SearchOptions(k=1, offset=offset, diversity=0.7)).results
    ]
    assert paged == spread


@pytest.mark.parametrize("diversity", [-0.1, 1.1])
def test_a_bad_diversity_is_refused(bridges, diversity):
    with pytest.raises(BadOption, match="diversity"):
        bridges.search("大桥", SearchOptions(diversity=diversity))
