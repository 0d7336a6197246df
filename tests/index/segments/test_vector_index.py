"""The dense leg is exact on small segments and close to it on large ones, filters or not."""

import threading
import time

import numpy as np
import pytest

from index.segments import vector_index
from index.segments.vector_index import DenseIndex, prefetch


def unit(n: int, dim: int = 16, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def brute(index: DenseIndex, vector: np.ndarray, k: int, allowed: np.ndarray | None = None) -> list[int]:
    scores = index.vectors.astype(np.float32) @ vector
    rows = np.arange(len(scores)) if allowed is None else np.flatnonzero(allowed)
    return rows[np.argsort(-scores[rows], kind="stable")][:k].tolist()


@pytest.fixture(scope="module")
def index() -> DenseIndex:
    return DenseIndex.build(unit(500))


@pytest.fixture(scope="module")
def trained() -> DenseIndex:
    """As a segment of 20,000 chunks has, over fewer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector_index, "INDEX_FROM", 3_000)
        return DenseIndex.build(unit(4_000))


@pytest.mark.parametrize("k", [1, 10, 499, 500, 9_999])
def test_a_small_index_is_searched_exactly(index, k):
    for vector in unit(5, seed=1):
        rows, scores = index.search(vector, k)
        assert rows.tolist() == brute(index, vector, k)
        assert scores == pytest.approx(index.scores(vector, rows), abs=1e-6)
    assert index.exact
    assert index.recall() is None
    assert index.dim == 16


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_a_filter_narrows_the_search_itself(index, share):
    allowed = np.random.default_rng(2).random(500) < share
    for vector in unit(3, seed=3):
        rows, _ = index.search(vector, 10, allowed)
        assert rows.tolist() == brute(index, vector, 10, allowed)
        assert len(rows) == min(10, allowed.sum())


@pytest.mark.parametrize("k", [1, 5, 19, 20, 60, 300])
def test_every_row_that_ties_with_the_last_comes_too(k):
    """One vector stands in 300 rows, another in 20 that are nearer: which of them count is the caller's to say."""
    near, far, vectors = *unit(2, seed=8), unit(1_000, seed=9)
    vectors[5:305] = far
    vectors[400:420] = near
    index = DenseIndex.build(vectors)
    rows, scores = index.search(near, k)
    every = np.argsort(-index.scores(near, np.arange(1_000)), kind="stable")
    border = index.scores(near, every[k - 1 : k])[0]
    assert set(rows.tolist()) == set(np.flatnonzero(index.scores(near, np.arange(1_000)) >= border).tolist())
    assert (np.diff(scores) <= 0).all()
    assert len(index.search(far, 5)[0]) == 300


def test_scores_are_inner_products_of_the_stored_halves(index):
    vector = unit(1, seed=4)[0]
    rows = np.asarray([3, 499, 3])
    want = [float(np.float32(index.vectors[row]) @ vector) for row in rows]
    assert index.scores(vector, rows) == pytest.approx(want, abs=1e-6)
    assert index.vectors.dtype == np.float16


def test_no_vectors_and_no_k_find_nothing(index):
    none = DenseIndex.build(np.zeros((0, 16), np.float32))
    for rows, scores in (none.search(unit(1)[0], 5), index.search(unit(1)[0], 0)):
        assert rows.tolist() == scores.tolist() == []


def test_what_is_saved_is_what_is_loaded(index, tmp_path):
    index.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npy"]
    loaded = DenseIndex.load(tmp_path)
    vector = unit(1, seed=5)[0]
    assert loaded.search(vector, 7)[0].tolist() == index.search(vector, 7)[0].tolist()


def test_a_large_index_is_trained_and_measured(trained, tmp_path):
    assert not trained.exact
    recall = trained.recall()
    assert recall is not None
    assert 0.8 < recall <= 1.0  # vectors without any structure, the worst case
    trained.save(tmp_path)
    loaded = DenseIndex.load(tmp_path)
    assert loaded.recall() == pytest.approx(recall)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dense.faiss", "vectors.npy"]


@pytest.mark.parametrize("late", [True, False])
def test_a_file_may_be_deleted_once_reading_it_has_begun(trained, tmp_path, monkeypatch, late):
    trained.save(tmp_path)
    loaded = DenseIndex.load(tmp_path)
    few = DenseIndex.build(unit(5))
    if late:
        monkeypatch.setattr(threading.Thread, "start", lambda self: None)  # as if the thread came late
    began = threading.active_count()
    prefetch([loaded, few])
    while threading.active_count() > began:
        time.sleep(0.01)
    (tmp_path / "dense.faiss").unlink()
    vector = unit(1, seed=5)[0]
    assert loaded.search(vector, 7)[0].tolist() == trained.search(vector, 7)[0].tolist()


def test_a_file_that_is_gone_is_told_before_reading_begins(trained, tmp_path):
    trained.save(tmp_path)
    loaded = DenseIndex.load(tmp_path)
    (tmp_path / "dense.faiss").unlink()
    with pytest.raises(RuntimeError, match=r"dense\.faiss"):
        prefetch([loaded])


def test_a_large_index_gives_exact_scores_and_can_be_searched_exactly(trained):
    for vector in unit(3, seed=6):
        rows, scores = trained.search(vector, 10)
        assert scores == pytest.approx(trained.scores(vector, rows), abs=1e-6)
        assert (np.diff(scores) <= 0).all()
        assert trained.search(vector, 10, exact=True)[0].tolist() == brute(trained, vector, 10)


def test_a_large_index_keeps_to_a_filter_and_fills_k(trained):
    every_third = np.arange(4_000) % 3 == 0
    few = np.arange(4_000) < 20
    for vector in unit(3, seed=7):
        rows, _ = trained.search(vector, 10, every_third)
        assert len(rows) == 10
        assert (rows % 3 == 0).all()
        assert trained.search(vector, 10, few)[0].tolist() == brute(trained, vector, 10, few)


@pytest.mark.parametrize("dim", [1, 7, 8, 64])
@pytest.mark.parametrize("decode", [vector_index._decode, None])
def test_every_half_is_the_same_number_in_single_precision(dim, decode, monkeypatch):
    monkeypatch.setattr(vector_index, "_decode", decode)
    every = np.arange(65_536 // dim * dim, dtype=np.uint16).view(np.float16).reshape(-1, dim)
    rows = np.random.default_rng(dim).permutation(len(every))[: 5_000 // dim]
    assert np.array_equal(vector_index._wide(every), every.astype(np.float32), equal_nan=True)
    assert np.array_equal(vector_index._wide(every, rows), every[rows].astype(np.float32), equal_nan=True)


@pytest.mark.skipif(vector_index._decode is None, reason="nothing was compiled here")
@pytest.mark.parametrize("row", [-1, 5, 2**40])
def test_rows_that_are_not_there_are_not_decoded(row):
    halves, rows = np.zeros((5, 8), np.float16), np.array([0, row])
    with pytest.raises(ValueError, match="not there"):
        vector_index._wide(halves, rows)
    with pytest.raises(ValueError, match="not there"):
        vector_index.products(halves, np.zeros(8, np.float32), rows)


@pytest.mark.parametrize("dim", [1, 16, 17, 300])
def test_inner_products_are_the_same_to_the_last_bit_compiled_or_not_and_in_any_company(dim, monkeypatch):
    rng = np.random.default_rng(dim)
    halves, vector = rng.standard_normal((40, dim)).astype(np.float16), rng.standard_normal(dim).astype(np.float32)
    rows = rng.integers(0, 40, 9)
    found = vector_index.products(halves, vector, rows).tolist()
    assert found == pytest.approx((halves[rows].astype(np.float64) @ vector).tolist(), abs=1e-4)
    assert found == [vector_index.products(halves, vector, rows[i : i + 1])[0] for i in range(9)]
    monkeypatch.setattr(vector_index, "_products", None)
    assert found == vector_index.products(halves, vector, rows).tolist()
