import numpy as np
import pytest

from index.encoders.load import load_encoder
from index.encoders.taught import Taught, joined

TAUGHT = Taught(columns=2, weight=0.5, short=8.0, long=32.0, least=0.25)


def ends(*sizes):
    return np.cumsum([0, *sizes])


def test_the_taught_part_counts_in_full_in_short_passages_and_least_in_long_ones():
    rest, part = TAUGHT.factors(ends(0, 1, 8, 16, 32, 500))
    np.testing.assert_allclose(part / part[0], [1, 1, 1, 0.625, 0.25, 0.25], rtol=1e-5)
    assert (np.diff(rest) >= 0).all()


def test_passages_that_agree_in_all_are_found_alike_whatever_their_length():
    """What a long passage cannot agree in with its taught part, the rest makes up for."""
    rest, part = TAUGHT.factors(ends(4, 12, 20, 400))
    agreeing = rest + TAUGHT.factor * part
    np.testing.assert_allclose(agreeing, agreeing[0], rtol=1e-5)


@pytest.mark.parametrize("taught", [TAUGHT, Taught(2), Taught(2, 0.8, 4.0, 9.0, 0.0), Taught(2, 0.1, 4.0, 9.0, 1.0)])
def test_no_passage_is_longer_than_one_and_the_longest_is_as_long(taught):
    lengths = np.hypot(*taught.factors(ends(*range(1, 200))))
    assert lengths.max() == pytest.approx(1, abs=1e-6)


def test_both_parts_are_brought_to_length_one_before_they_are_joined():
    rest = np.array([[0.6, 0, 0, 0.8], [0, 0, 0, 0], [1, 0, 0, 0]], np.float32)
    part = np.array([[3, 4], [0, 2], [0, 0]], np.float32)
    ones = np.array([1, 0, 1], np.float32)
    found = joined(rest.copy(), part, slice(1, 3), TAUGHT, (ones, ones), None)
    root = 0.5**0.5
    want = [[0.6 * root, 0.6 * root, 0.8 * root, 0.8 * root], [0, 0, 1, 0], [1, 0, 0, 0]]
    np.testing.assert_allclose(found, want, atol=1e-6)
    passages = joined(rest.copy(), part, slice(1, 3), TAUGHT, (ones / 2, ones / 2), TAUGHT.factors(ends(3, 3, 3)))
    of_rest, of_part = (factor[0] for factor in TAUGHT.factors(ends(3)))
    np.testing.assert_allclose(passages[0, [0, 3]], 0.5 * of_rest * rest[0, [0, 3]], atol=1e-6)
    np.testing.assert_allclose(passages[0, 1:3], 0.5 * of_part * np.array([0.6, 0.8]), atol=1e-6)


def test_the_bundled_one_knows_a_short_paraphrase_better_by_its_taught_columns():
    bundled, without = load_encoder(), load_encoder()
    asked = bundled.queries(["如何退掉昨天买的火车票"])
    near, far = "怎样退昨天买的车票", "昨天买的火车模型怎么装电池"
    words = len(bundled.tables()[0][0])
    columns = slice(words - bundled.taught.columns, words)
    whole = asked @ bundled.passages([near, far]).T
    rest = [vectors.copy() for vectors in (asked, without.passages([near, far]))]
    for vectors in rest:
        vectors[:, columns] = 0
    alone = rest[0] @ rest[1].T
    assert whole[0, 0] / whole[0, 1] > alone[0, 0] / alone[0, 1]
