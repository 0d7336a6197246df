import numpy as np

from index.pairing import damped, neighbours, pair_rows, standing


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


def test_a_token_counts_once_a_text_and_less_each_time():
    ids, ends = np.array([5, 2, 5, 5, 5, 2, 7]), np.array([0, 5, 5, 7])
    once, starts, weights = damped(ids, ends, 0.5)
    assert once.tolist() == [2, 5, 2, 7]
    assert starts.tolist() == [0, 2, 2, 4]
    np.testing.assert_allclose(weights, [1, 2, 1, 1])
    assert damped(ids, ends, 1.0)[2].tolist() == [1, 4, 1, 1]


def test_texts_without_tokens_are_damped_to_nothing():
    once, starts, weights = damped(np.zeros(0, np.int64), np.array([0, 0, 0]), 0.5)
    assert (once.tolist(), starts.tolist(), weights.tolist()) == ([], [0, 0, 0], [])


def test_short_passages_count_less_and_long_ones_in_full():
    ends = np.cumsum([0, 0, 4, 64, 128, 1000])
    np.testing.assert_allclose(standing(ends, 0.1), [0, 32**-0.1, 2**-0.1, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(standing(ends, 0.0), 1)
