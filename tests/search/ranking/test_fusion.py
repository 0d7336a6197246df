"""The mix: anchored minima, values by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.ranking.fusion import (
    RRF_K,
    adapt,
    convex,
    dense_z_score,
    lexical_spread,
    ranks,
    reciprocal_rank,
    scale_bm25,
)

SCORES = st.lists(st.floats(-1, 50), max_size=20).map(np.asarray)


def test_bm25_is_scaled_from_zero_to_the_best():
    assert scale_bm25(np.asarray([10.0, 8.0, 0.0])) == pytest.approx([1.0, 0.8, 0.0])
    assert scale_bm25(np.zeros(3)).tolist() == [0.0] * 3
    assert scale_bm25(np.zeros(0)).tolist() == []


def test_bm25_is_scaled_to_what_holds_all_of_the_question_where_the_best_holds_less():
    assert scale_bm25(np.asarray([10.0, 5.0]), full=20.0) == pytest.approx([0.5, 0.25])
    assert scale_bm25(np.asarray([30.0, 15.0]), full=20.0) == pytest.approx([1.0, 0.5])


@given(SCORES, st.floats(0, 100))
def test_scaled_scores_keep_the_order_and_lie_between_zero_and_one(scores, full):
    scores = np.maximum(scores, 0.0)
    out = scale_bm25(scores, full=full)
    assert ((out >= 0) & (out <= 1)).all()
    assert (np.diff(out[np.argsort(scores, kind="stable")]) >= 0).all()


def test_the_best_dense_z_score_by_deviations_above_chance():
    assert dense_z_score(0.6, (0.1, 0.1)) == pytest.approx(0.5)  # 5 of them: half way from 2 to 8
    assert dense_z_score(0.95, (0.1, 0.1)) == 1.0
    assert dense_z_score(0.2, (0.1, 0.1)) == 0.0
    assert dense_z_score(0.2, (0.0, 0.0)) == 1.0  # too few chunks to say
    assert dense_z_score(0.2, (0.1, 0.1), None) == 1.0  # nor is it known what counts


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(0.01, 0.5))
def test_what_lies_higher_never_dense_z_score_less(one, other, deviation):
    low, high = sorted((one, other))
    assert dense_z_score(low, (0.0, deviation)) <= dense_z_score(high, (0.0, deviation))


def test_words_tell_apart_by_the_tenth_best_article():
    flat = np.asarray([10.0] + [9.1] * 11)
    assert lexical_spread(flat) == pytest.approx(0.09 / 0.4)
    assert lexical_spread(flat[:9]) == 1.0
    assert lexical_spread(np.asarray([1.0] + [0.4] * 11)) == 1.0
    assert lexical_spread(np.ones(12)) == 0.0
    assert lexical_spread(np.zeros(12)) == 1.0


def test_the_weight_moves_with_the_trust():
    assert adapt(0.5, 1.0) == pytest.approx(0.5)
    assert adapt(0.5, 0.5) == pytest.approx(2 / 3)
    assert adapt(0.5, 0.0) == 1.0
    assert adapt(0.0, 0.0) == 1.0


def test_the_mix_is_convex():
    mixed = convex(np.asarray([1.0, 0.0]), np.asarray([0.5, 1.0]), weight=0.6)
    assert mixed == pytest.approx([0.8, 0.4])


def test_ranks_count_from_one_and_ties_keep_their_order():
    assert ranks(np.asarray([0.2, 0.9, 0.2, 0.5])).tolist() == [3, 1, 4, 2]
    assert ranks(np.zeros(0)).tolist() == []


def test_a_chunk_good_in_both_legs_wins_over_either_first_place():
    fused = reciprocal_rank([np.asarray([9.0, 8.0, 0.0]), np.asarray([0.0, 8.0, 9.0])], weights=[1.0, 1.0])
    assert fused == pytest.approx([1 / 61 + 1 / 63, 2 / 62, 1 / 63 + 1 / 61])
    weighted = reciprocal_rank([np.asarray([1.0]), np.asarray([1.0])], weights=[0.25, 0.75], k=RRF_K)
    assert weighted == pytest.approx([1 / 61])
