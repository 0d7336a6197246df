import numpy as np

from index.encoders.token_pairs import Reach, damped, length_norms, neighbours, pair_rows, passage_scales, two_apart


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
    assert neighbours(np.array([0, 3, 3, 4, 6, 10]), 2).tolist() == [0, 6, 7]


def test_pairs_two_apart_count_in_sentences_alone():
    reach = Reach(far=2.0, octaves=1.0, fall=0.5)
    ends = np.cumsum([0, 0, 12, 24, 34, 96])
    np.testing.assert_allclose(reach.near(ends), [1, 1, 1, (24 / 34) ** 0.5, 0.5], rtol=1e-6)
    np.testing.assert_allclose(reach.apart(ends), [0, 0, 2, 2 * (1 - np.log2(34 / 24)), 0], rtol=1e-6)
    assert not Reach().apart(ends).any()
    assert (Reach().near(ends) == 1).all()


def test_pairs_two_apart_stay_within_their_text_and_have_rows_of_their_own():
    ids = np.arange(12 + 24 + 3)
    shares = np.full(len(ids), 0.5, np.float32)
    texts, rows, starts, weights = two_apart(ids, np.array([0, 12, 36, 39]), shares, 1000, Reach(2.0, 1.0))
    assert texts.tolist() == [1]
    assert starts.tolist() == [0, 22]
    np.testing.assert_array_equal(rows, pair_rows(ids[12:34], ids[14:36], 1000, 2))
    assert (rows == pair_rows(ids[12:34], ids[14:36], 1000)).mean() < 0.1
    np.testing.assert_allclose(weights, 0.5)
    assert len(two_apart(ids, np.array([0, 12, 39]), shares, 1000, Reach())[0]) == 0


def test_pairs_two_apart_come_on_top_of_a_passage_up_to_length_one():
    sums, lengths = np.array([[3.0, 4.0], [3.0, 4.0], [0.0, 0.0]], np.float32), np.array([4.0, 4.0, 0.0], np.float32)
    scales, after = passage_scales(sums, lengths, np.array([0.4, 0.9, 0.0], np.float32))
    rows = sums * scales[:, None]
    np.testing.assert_allclose(after, np.linalg.norm(rows, axis=1), atol=1e-6)
    np.testing.assert_allclose(rows, [[0.3, 0.4], [0.6, 0.8], [0, 0]], rtol=1e-6)


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
    np.testing.assert_allclose(length_norms(ends, 0.1), [0, 32**-0.1, 2**-0.1, 1, 1], rtol=1e-6)
    np.testing.assert_allclose(length_norms(ends, 0.0), 1)
