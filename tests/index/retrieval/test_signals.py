"""What speaks for an answer, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.candidates import Candidates
from index.models import Evidence
from index.retrieval.signals import (
    AT_FLOOR,
    coverage,
    dense_signal,
    idf_mass,
    most_covered,
    scale_cosine,
    strength,
    two_levels,
)

WORDS = ["电梯", "补贴", "别的"]
MATCHED = np.array([[True, False, False], [True, True, True]])
IDF = {"电梯": 2.0, "补贴": 1.0, "火星": 5.0}


def test_cosines_of_passages_and_articles_are_mixed_and_scaled_from_the_floor():
    near = two_levels(Candidates.of([Evidence("a:0", 1.0, 0.6, 0.2), Evidence("a:1", 1.0, 0.0, 0.0)]))
    assert near == pytest.approx([0.7 * 0.6 + 0.3 * 0.2, 0.0])
    assert scale_cosine(np.asarray([0.6, 0.2, 0.1, 1.0]), floor=0.2) == pytest.approx(
        [0.5, AT_FLOOR, 0.01**2 / (0.02 + 0.125), 1.0]
    )
    assert two_levels(Candidates.of([])).shape == (0,)


@given(st.lists(st.floats(-1, 1), max_size=20).map(np.asarray), st.floats(0, 0.9))
def test_scaled_cosines_keep_the_order(scores, floor):
    out = scale_cosine(scores, floor=floor)
    assert ((out > 0) & (out <= 1)).all()  # under the floor, too: nothing is dropped for it
    order = np.argsort(scores, kind="stable")
    assert (np.diff(out[order])[np.diff(scores[order]) > 1e-9] > 0).all()


def test_the_dense_signal_is_the_best_and_half_the_tenth():
    assert dense_signal(np.asarray([0.5, 0.1])) == 0.5
    assert dense_signal(np.asarray([0.2] * 9 + [0.6, 0.1])) == pytest.approx(0.6 + 0.5 * 0.2)
    assert dense_signal(np.zeros(0)) == 0.0


def test_the_lexical_signal_counts_the_idf_mass_that_is_held_and_how_strongly():
    assert max(coverage(IDF, WORDS, MATCHED)) == pytest.approx(3 / 8)
    assert strength(IDF, 8.0) == pytest.approx(1.0)
    assert coverage(IDF, WORDS, MATCHED[:0]).shape == (0,)
    assert not coverage({}, WORDS, MATCHED).any()
    assert strength({}, 1.0) == 0.0


def test_of_the_best_by_words_the_greatest_coverage_counts():
    bm25 = np.asarray([1.0, 6.0, 5.0, 4.0, 3.0, 2.0])
    assert most_covered(bm25, np.asarray([1.0, 0.1, 0.2, 0.7, 0.3, 0.4])) == 0.7
    assert most_covered(np.zeros(0), np.zeros(0)) == 0.0


def test_a_word_that_no_chunk_holds_weighs_most():
    class Counts:
        def document_frequency(self, term):
            return {"电梯": 9, "火星": 0}[term]

    mass = idf_mass({"电梯": 1.0, "火星": 2.0}, Counts(), 9)
    assert mass == pytest.approx({"电梯": math.log1p(0.5 / 9.5), "火星": 2 * math.log1p(9.5 / 0.5)})
