import numpy as np
import pytest

pytest.importorskip("torch")

from index.encoders.load import load_encoder
from index.encoders.static import StaticEncoder
from index.encoders.static_table import Table, save
from index.encoders.token_pairs import Reach, two_apart
from index.training.model import Options, StaticModel, composition, contrast, product, shares_of, train

WORDS = {"[UNK]": 0, "经": 1, "济": 2, "经济": 3, "学": 4, "经济学": 5, "abc": 6, "a": 7}
OPTIONS = Options(dim=6, pairs=16, pair_dim=4, prefixes=(3,), rate=0.05, scale=5.0)


def batch(n=8, seed=0):
    """Queries of two tokens, passages that hold these and two more; every pair an article of its own."""
    rng = np.random.default_rng(seed)
    queries = rng.integers(1, 8, (n, 2)).astype(np.int32)
    passages = np.concatenate([queries, rng.integers(1, 8, (n, 2)).astype(np.int32)], axis=1)
    groups = np.arange(n, dtype=np.int32)
    groups[1] = groups[0]  # two of one article
    return queries.ravel(), np.arange(n) * 2, passages.ravel(), np.arange(n) * 4, groups


def model(**changed):
    from dataclasses import replace

    return StaticModel(WORDS, np.zeros(8, np.int64), replace(OPTIONS, **changed))


def test_a_word_is_made_of_itself_and_of_what_stands_inside_it():
    matrix = composition(WORDS, 0.5).toarray()
    row = matrix[WORDS["经济学"]]
    assert row[WORDS["经济学"]] == 1
    inner = [WORDS[word] for word in ("经", "济", "学", "经济")]
    np.testing.assert_allclose(row[inner], 0.5 * 4**-0.5)
    assert matrix[WORDS["abc"]].tolist() == [0, 0, 0, 0, 0, 0, 1, 0]
    assert not matrix[0].any()
    assert np.count_nonzero(composition(WORDS, 0.0).toarray()) == 7
    assert composition({"[UNK]": 0, "经济": 1}, 0.5).toarray().tolist() == [[0, 0], [0, 1]]


def test_the_product_is_the_matrix_product():
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((8, 5)).astype(np.float32)
    np.testing.assert_allclose(product(composition(WORDS, 0.5), rows), composition(WORDS, 0.5) @ rows, atol=1e-6)
    assert product(composition(WORDS, 0.5)[:0], rows).shape == (0, 5)


def test_shares_follow_lengths_and_make_lengths():
    tokens = np.zeros((3, 4), np.float32)
    tokens[:, 0] = [1, 4, 16]
    shares = shares_of(tokens)
    assert shares[0] < shares[1] < shares[2]
    roots = (np.array([1, 4, 16]) * 7) ** 0.25
    assert shares[1] ** 2 == pytest.approx(1.3 * roots[1] ** 2 * (roots[1] / roots.mean()) ** 1.4)


def test_the_loss_is_the_symmetric_cross_entropy_and_the_gradient_its_own():
    import torch

    rng = np.random.default_rng(2)
    vectors = torch.tensor(rng.standard_normal((10, 4)), dtype=torch.float64, requires_grad=True)
    same = (torch.tensor([0, 1]), torch.tensor([1, 0]))
    loss, slope = contrast(vectors.detach().clone(), same, 5.0)
    queries, passages = torch.nn.functional.normalize(vectors, dim=1).chunk(2)
    scores = 5.0 * queries @ passages.T
    scores = scores.masked_fill(torch.zeros_like(scores, dtype=torch.bool).index_put(same, torch.tensor(True)), -1e9)
    right = torch.arange(5)
    entropy = torch.nn.functional.cross_entropy
    wanted = (entropy(scores, right) + entropy(scores.T, right)) / 2
    wanted.backward()
    assert loss == pytest.approx(float(wanted.detach()), abs=1e-9)
    np.testing.assert_allclose(slope.numpy(), vectors.grad.numpy(), atol=1e-9)


@pytest.mark.parametrize("prefix", [None, 3])
def test_gradients_are_those_of_the_loss(prefix, monkeypatch):
    # Shares are kept fixed while a step is taken, as the gradient has it.
    learned = model()
    fixed = shares_of(learned.tokens())
    monkeypatch.setattr("index.training.model.shares_of", lambda tokens: fixed)
    _, own, pairs = learned.gradients(batch(), prefix)
    for values, slope in ((learned.own, own), (learned.pairs, pairs)):
        order = np.argsort(-np.abs(slope), axis=None)[:4]
        for place in zip(*np.unravel_index(order, slope.shape), strict=True):
            kept, step, losses = values[place], 1e-2, []
            for sign in (1, -1):
                values[place] = kept + sign * step
                losses.append(learned.gradients(batch(), prefix)[0])
            values[place] = kept
            assert (losses[0] - losses[1]) / (2 * step) == pytest.approx(slope[place], rel=0.05, abs=2e-3)


def test_training_lowers_the_loss_and_equal_seeds_give_equal_rows():
    tables, losses = [], []
    for _ in range(2):
        learned = model()
        losses.append(learned.gradients(batch(), None)[0])
        train(learned, (batch() for _ in range(60)), 60)
        losses.append(learned.gradients(batch(), None)[0])
        tables.append(learned.table())
    assert losses[1] < losses[0] - 0.05
    for one, other in zip(*tables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert not tables[0].tokens[0].any()


def test_a_token_that_comes_again_counts_less():
    ids = np.array([3, 3, 3, 3, 4], np.int32)
    pairs = (ids[[0, 4, 0, 0]], np.array([0, 2]), ids, np.array([0, 4]), np.arange(2))
    often, once = (model(power=power).gradients(pairs, None)[0] for power in (1.0, 0.0))
    assert often != pytest.approx(once)
    reach = Reach(0.5, 1.0, 0.25)
    assert model(power=0.25, length_exponent=0.5, reach=reach).table()[3:6] == (0.25, 0.5, reach)


def test_pairs_two_apart_count_in_training_as_in_use():
    ids, ends = np.random.default_rng(4).integers(1, 8, 24 + 100).astype(np.int32), np.array([0, 24, 124])
    shares = np.arange(8, dtype=np.float32)
    near, both = (model(reach=reach)._beside(ids, ends, shares).toarray() for reach in (Reach(), Reach(1.0, 1.0, 0.5)))
    _, rows, _, weights = two_apart(ids, ends, shares, 16, Reach(1.0, 1.0))
    apart = np.bincount(rows, weights, 16)
    np.testing.assert_allclose(both[0], near[0] + apart, rtol=1e-5)
    np.testing.assert_allclose(both[1], near[1] * 0.24**0.5, rtol=1e-5)


def test_training_goes_on_from_given_rows():
    start = model().table()
    same = StaticModel(WORDS, np.ones(8, np.int64), OPTIONS, start).table()
    for one, other in zip(start, same, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    bare = Table(start.tokens, np.zeros((0, 0), np.float32), np.zeros(0, np.float32))
    fresh = StaticModel(WORDS, np.ones(8, np.int64), OPTIONS, bare)
    assert fresh.table().pairs.shape == (16, 4)
    assert np.linalg.norm(fresh.pairs, axis=1).mean() == pytest.approx(OPTIONS.pair_length, rel=0.2)


def test_the_rate_of_a_run_ends_at_zero_and_steps_are_told():
    learned, messages = model(), []
    train(learned, (batch(seed=number) for number in range(100)), 50, log=messages.append)
    assert len(messages) == 1
    assert messages[0].startswith("step 50/50 loss")


def test_what_is_trained_is_what_is_used(tmp_path):
    """Texts with tokens that come again, which once put the pairs in another order."""
    tokenizer = load_encoder().tokenizer
    options = Options(dim=8, pairs=64, pair_dim=4, power=0.5, reach=Reach(1.2, 1.3, 0.15))
    learned = StaticModel(tokenizer.get_vocab(), np.ones(tokenizer.get_vocab_size(), np.int64), options)
    save(tmp_path, tokenizer, learned.table())
    encoder = StaticEncoder(tmp_path, "saved")
    tokens, pairs, _ = encoder.tables()
    learned._base, learned.own, learned.pairs = tokens - learned.tokens() + learned._base, learned.own, pairs
    texts = ["从北京到上海的高铁和从上海到北京的高铁，高铁", "国务院办公厅关于印发通知的通知", "经济经济经济学"]
    ids, ends = encoder._cut(texts)
    np.testing.assert_allclose(learned.encode(ids.astype(np.int32), ends), encoder.queries(texts), atol=3e-3)
