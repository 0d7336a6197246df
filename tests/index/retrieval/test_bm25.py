"""The formulas, one term and one document at a time, and the refusal of what has no meaning."""

import math

import numpy as np
import pytest

from index.errors import BadOption
from index.retrieval.bm25 import Bm25

N, DF = 100, np.asarray([1, 30, 70, 100])


@pytest.mark.parametrize(
    ("variant", "formula"),
    [
        ("okapi", lambda df: math.log((N - df + 0.5) / (df + 0.5))),
        ("lucene", lambda df: math.log(1 + (N - df + 0.5) / (df + 0.5))),
        ("plus", lambda df: math.log((N + 1) / df)),
        ("l", lambda df: math.log((N + 1) / (df + 0.5))),
    ],
)
def test_idf(variant, formula):
    assert Bm25(variant).idf(DF, N) == pytest.approx([formula(df) for df in DF.tolist()])


@pytest.mark.parametrize("variant", ["lucene", "okapi"])
def test_part_of_okapi_and_lucene(variant):
    bm25 = Bm25(variant, k1=1.5, b=0.5)
    norm = bm25.norms(np.asarray([10]), 20.0)
    assert norm == pytest.approx([1.5 * (0.5 + 0.5 * 0.5)])
    assert bm25.saturation(np.asarray([3]), norm) == pytest.approx([3 * 2.5 / (3 + 1.125)])


def test_part_of_plus_and_l():
    plus, low = Bm25("plus", delta=1.0), Bm25("l", delta=0.5)
    norm = plus.norms(np.asarray([10]), 20.0)
    k = 1.2 * (0.25 + 0.75 * 0.5)
    assert plus.saturation(np.asarray([2]), norm) == pytest.approx([1.0 + 2 * 2.2 / (2 + k)])
    c = 2 / (0.25 + 0.75 * 0.5) + 0.5
    assert low.saturation(np.asarray([2]), norm) == pytest.approx([2.2 * c / (1.2 + c)])


def test_only_okapi_has_a_floor_under_its_idf():
    negative = np.asarray([-2.0, 3.0])
    assert Bm25("okapi", epsilon=0.25).floor(negative, 4.0).tolist() == [1.0, 3.0]
    assert Bm25("lucene").floor(negative, 4.0).tolist() == [-2.0, 3.0]


def test_an_empty_index_has_norms_without_a_warning():
    assert Bm25().norms(np.zeros(0, np.int32), 0.0).tolist() == []
    assert Bm25(k1=1.2, b=0.75).norms(np.zeros(2, np.int32), 0.0) == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize(("k1", "b"), [(-0.1, 0.5), (1.2, -0.1), (1.2, 1.1), (math.nan, 0.5), (1.2, math.nan)])
def test_parameters_without_meaning_are_refused(k1, b):
    with pytest.raises(BadOption, match=r"want k1 >= 0 and b in 0\.\.1"):
        Bm25(k1=k1, b=b)


def test_an_unknown_variant_is_refused_and_the_known_ones_named():
    with pytest.raises(BadOption, match=r"got 'bm26', want one of lucene, okapi, plus, l"):
        Bm25("bm26")  # type: ignore[arg-type]


def test_with_k1_of_zero_every_variant_still_gives_numbers():
    for variant in ("lucene", "okapi", "plus", "l"):
        bm25 = Bm25(variant, k1=0.0)
        parts = bm25.saturation(np.asarray([1, 5]), bm25.norms(np.asarray([3, 4]), 3.5))
        assert np.isfinite(parts).all(), variant
