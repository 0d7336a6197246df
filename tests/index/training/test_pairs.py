from itertools import islice

import numpy as np
import pytest

from index.encoders.load import load_encoder
from index.training.corpus import Record, tokenise
from index.training.likeness import Alike
from index.training.pairs import KIND_WEIGHTS, KINDS, PairMaker, Pairs, alike_by_rows, alike_by_words, batches
from index.training.walks import walks

TEXT = "水稻插秧前要把田面耙平。随后引水入田，保持浅水。七天以后追施分蘖肥，注意防治稻飞虱。抽穗时不能断水。"


@pytest.fixture(scope="module")
def tokenizer():
    return load_encoder().tokenizer


@pytest.fixture(scope="module")
def text(tokenizer):
    records = [Record("a", f"水稻栽培第{n}讲", "田间管理", TEXT * 3 + f"本讲编号{n}。", str(n // 2)) for n in range(40)]
    return tokenise(records, tokenizer)


def nothing_alike(tokenizer):
    size = tokenizer.get_vocab_size()
    return Alike(np.zeros((size, 2), np.int32), np.zeros((size, 2), np.float32))


def maker(text, tokenizer, weights, alike=None):
    return PairMaker(text, tokenizer, weights, alike or nothing_alike(tokenizer), np.full(len(text.first) - 1, 2.0))


def draw(text, tokenizer, weights, seed=1, alike=None):
    return maker(text, tokenizer, weights, alike).draw(np.arange(len(text.first) - 1), seed)


def rows(pairs, number):
    return (
        pairs.query[pairs.q_starts[number] : pairs.q_starts[number + 1]],
        pairs.passage[pairs.p_starts[number] : pairs.p_starts[number + 1]],
    )


def test_equal_seeds_give_equal_pairs(text, tokenizer):
    one, other = (draw(text, tokenizer, KIND_WEIGHTS) for _ in range(2))
    np.testing.assert_array_equal(one.query, other.query)
    np.testing.assert_array_equal(one.passage, other.passage)
    assert len(draw(text, tokenizer, KIND_WEIGHTS, seed=2).query) != len(one.query)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_makes_pairs_of_something(text, tokenizer, kind):
    pairs = draw(text, tokenizer, {kind: 1.0})
    assert len(pairs) > 40
    assert np.diff(pairs.q_starts).min() >= 1
    assert np.diff(pairs.p_starts).min() >= 2
    assert set(pairs.group.tolist()) <= set(range(20))


def test_a_title_is_paired_with_text_of_its_article(text, tokenizer):
    pairs = draw(text, tokenizer, {"title": 1.0})
    known = set(text.ids.tolist())
    for number in range(20):
        _, passage = rows(pairs, number)
        assert set(passage.tolist()) <= known


def test_words_are_drawn_from_the_passage_in_their_order(text, tokenizer):
    pairs = draw(text, tokenizer, {"words": 1.0})
    for number in range(20):
        query, passage = rows(pairs, number)
        places = iter(passage.tolist())
        assert all(word in places for word in query.tolist())
        assert 2 <= len(query) <= 6


def test_said_again_uses_the_likest_words(text, tokenizer):
    size = tokenizer.get_vocab_size()
    other = tokenizer.token_to_id("玉米")
    everything = Alike(np.full((size, 2), other, np.int32), np.full((size, 2), 2.0, np.float32))
    pairs = draw(text, tokenizer, {"said": 1.0}, alike=everything)
    plain = draw(text, tokenizer, {"said": 1.0})
    assert (pairs.query == other).mean() > 0.2
    assert not (plain.query == other).any()


def test_nothing_is_drawn_from_no_records(text, tokenizer):
    assert len(maker(text, tokenizer, KIND_WEIGHTS).draw(np.arange(0), 1)) == 0


def test_a_walk_meets_every_article_before_any_comes_again(text, tokenizer):
    drawer = maker(text, tokenizer, KIND_WEIGHTS)
    lots = list(islice(walks(drawer, 7, 3, 1), 6))
    for walk in (lots[:3], lots[3:]):
        assert set(np.concatenate([lot.group for lot in walk]).tolist()) == set(range(20))
    assert len(np.unique([len(lot.query) for lot in lots])) > 1


def test_several_processes_draw_what_one_draws(text, tokenizer):
    drawer = maker(text, tokenizer, KIND_WEIGHTS)
    one, several = (list(islice(walks(drawer, 7, 3, processes), 5)) for processes in (1, 2))
    for lot, other in zip(one, several, strict=True):
        np.testing.assert_array_equal(lot.query, other.query)
        np.testing.assert_array_equal(lot.p_starts, other.p_starts)


def test_an_error_in_drawing_is_passed_on(text, tokenizer):
    drawer = maker(text, tokenizer, KIND_WEIGHTS)
    drawer.per_passage = drawer.per_passage[:3]
    with pytest.raises(IndexError):
        next(walks(drawer, 7, 1, 1))


@pytest.mark.parametrize("like", [False, True])
def test_batches_hold_whole_pairs_each_once(text, tokenizer, like):
    pairs = draw(text, tokenizer, KIND_WEIGHTS)
    alike = np.random.default_rng(1).integers(0, 9, len(pairs))
    found = list(batches(pairs, 32, 1, alike if like else None, 4))
    assert len(found) == len(pairs) // 32
    known = {(tuple(query), tuple(passage)) for query, passage in map(lambda n: rows(pairs, n), range(len(pairs)))}
    for q_ids, q_starts, p_ids, p_starts, groups in found:
        assert len(groups) == len(q_starts) == len(p_starts) == 32
        queries, passages = np.split(q_ids, q_starts[1:]), np.split(p_ids, p_starts[1:])
        assert {(tuple(q), tuple(p)) for q, p in zip(queries, passages, strict=True)} <= known


@pytest.mark.parametrize("by", ["rows", "words"])
def test_like_passages_are_put_side_by_side(by):
    """Passages of three subjects, each of words of its own, and of one word that all hold."""
    rng = np.random.default_rng(1)
    subjects = rng.integers(0, 3, 120)
    passages = [np.append(rng.integers(1 + 30 * of, 31 + 30 * of, 40), 99).astype(np.int32) for of in subjects]
    starts = np.arange(121, dtype=np.int64) * 41
    flat = np.concatenate(passages)
    pairs = Pairs(flat, starts, flat, starts, np.arange(120, dtype=np.int32))
    if by == "rows":
        like = alike_by_rows(pairs, np.eye(100, dtype=np.float32), 4, 5)
    else:
        like = alike_by_words(pairs, 100, 4, 5)
    assert len(np.unique(like)) >= 3
    for pivot in np.unique(like):
        assert len(np.unique(subjects[like == pivot])) == 1
    (first, *_) = batches(pairs, 40, 1, like, 4)
    together = subjects[first[4]].reshape(-1, 4)
    assert (together == together[:, :1]).mean() > 0.75  # at random: .5


def test_the_likest_by_words_is_the_highest_bm25_score():
    from rank_bm25 import BM25Okapi

    rng = np.random.default_rng(2)
    passages = [rng.integers(1, 400, int(rng.integers(10, 40))).astype(np.int32) for _ in range(64)]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in passages])])
    pairs = Pairs(passages[0], starts[:2], np.concatenate(passages), starts, np.arange(64, dtype=np.int32))
    like = alike_by_words(pairs, 400, 1, 3)
    pivots = np.random.default_rng(3).choice(64, 32, replace=False)
    peer = BM25Okapi([passages[number].tolist() for number in pivots], k1=1.2, b=0.75)
    found_in = np.bincount(np.concatenate([np.unique(passages[number]) for number in pivots]), minlength=400)
    # Its idf is the logarithm of the odds, which ours adds one to first.
    peer.idf = {w: np.log1p((32 - n + 0.5) / (n + 0.5)) if n else 0.0 for w, n in enumerate(found_in)}
    for number, passage in enumerate(passages):
        scores = peer.get_scores(np.unique(passage).tolist())
        assert scores[like[number]] == pytest.approx(scores.max(), rel=1e-5)
