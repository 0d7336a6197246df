"""The best of many scores against a full sort."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.retrieval.topk import BLOCK, Known, nth_highest, rows_from, top_floor

SIZES = st.sampled_from([0, 1, 100, 4 * BLOCK, 4 * BLOCK + 1, 9_000, 20_001])


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    n=SIZES,
    k=st.sampled_from([1, 2, 10, 50, 1_000]),
    levels=st.sampled_from([2, 5, 1_000_000]),
    filled=st.sampled_from([0.001, 0.1, 1.0]),
)
def test_floor_and_rows_are_those_of_a_full_sort(seed, n, k, levels, filled):
    rng = np.random.default_rng(seed)
    scores = (rng.integers(0, levels, n) * (rng.random(n) < filled)).astype(np.float32)
    positive = np.sort(scores[scores > 0])[::-1]
    floor = top_floor(scores, k)
    assert floor == (positive[k - 1] if len(positive) >= k else 0)
    assert rows_from(scores, max(floor, 1e-30)).tolist() == np.flatnonzero(scores >= max(floor, 1e-30)).tolist()


@pytest.mark.parametrize("k", [0, -1])
def test_there_is_no_floor_without_k(k):
    assert top_floor(np.ones(5, np.float32), k) == 0


def test_the_nth_highest_needs_more_than_n():
    scores = np.asarray([3.0, 1.0, 2.0])
    assert [nth_highest(scores, n) for n in (0, 1, 2, 3)] == [-np.inf, 3.0, 2.0, -np.inf]


def test_only_what_is_not_known_is_asked_for():
    known = Known.of(np.asarray([7, 2, 5]), np.asarray([0.7, 0.2, 0.5]))
    asked = []

    def score(rows):
        asked.extend(rows.tolist())
        return rows / 100

    assert known.and_of(np.asarray([9, 5, 1, 7]), score).tolist() == [0.09, 0.5, 0.01, 0.7]
    assert asked == [9, 1]
    assert known.and_of(np.asarray([2, 7]), score).tolist() == [0.2, 0.7]
    assert Known.of(np.zeros(0, int), np.zeros(0)).and_of(np.asarray([4]), score).tolist() == [0.04]
    assert asked == [9, 1, 4]
