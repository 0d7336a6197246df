import numpy as np

from index.pairing import neighbours, pair_rows


def test_order_matters_and_rows_stay_in_the_table():
    rng = np.random.default_rng(1)
    left, right = rng.integers(0, 48000, 5000), rng.integers(0, 48000, 5000)
    rows, back = pair_rows(left, right, 1000), pair_rows(right, left, 1000)
    assert rows.min() >= 0
    assert rows.max() < 1000
    assert (rows == back).mean() < 0.01
    # The type of the ids makes no difference: training has them shorter.
    np.testing.assert_array_equal(rows, pair_rows(left.astype(np.int32), right.astype(np.int32), 1000))


def test_pairs_spread_evenly_even_with_one_word_in_common():
    rows = pair_rows(np.full(16000, 7), np.arange(16000), 1000)
    counts = np.bincount(rows, minlength=1000)
    assert counts.max() < 16 + 8 * 4  # eight deviations of a Poisson of mean 16


def test_neighbours_never_cross_from_one_text_to_the_next():
    assert neighbours(np.array([0, 3, 3, 4, 6])).tolist() == [0, 1, 4]
    assert neighbours(np.array([0, 0, 0])).tolist() == []
    assert neighbours(np.array([0])).tolist() == []
