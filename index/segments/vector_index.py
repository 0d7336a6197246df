"""The dense leg of one segment: vectors, kept as float16, searched by inner product with FAISS.

On disk: `vectors.npy` (chunks, dim) float16, the definition of every score; and for segments of
`INDEX_FROM` chunks and more `dense.faiss`, product-quantised codes of 4 bits for every 2 dimensions (128 bytes a
vector of 512), which FAISS scans in registers, all of them; the best are scored again from `vectors.npy`. Smaller
segments are searched exactly.

Measured on 125,444 passages of recombined sentences and 200 questions, 512 dimensions, one thread, recall@10 after
scoring the best 256 again: this scan .76 ms, .998; codes of 4 dimensions .52 ms, .936; of 2 of the first 256 or 384
principal components .46 and .56 ms, .871 and .960. On 200,000, codes of 4 dimensions to which the principal components
are dealt out evenly find .939, and .992 where 1,000 are scored again: four times the random reading. With 256
dimensions inverted lists (8 bits) needed half of all lists, 1.5 ms, for .964, because passages of mixed content form
no clusters, and HNSW (50,000 passages) gave .83 at .5 ms.

Of the nearest 64, which the other leg is mixed with, codes of 2 dimensions hold .960 among the best 256; codes of 4
dimensions .905 among the best 1,000 (.42 ms) and .963 among 2,000 (.51 ms), RaBitQ .870 among 1,000 (1.4 ms). Of 8,200
to 12,500 passages of three corpora the best 1,000 by codes of 2 dimensions held all 64 for every one of 774 questions,
in .14 ms, and of 12,544 the best 600 .999 of them for 200 questions, in .12: a plain scan of single precision takes
1.5 ms, of half .37 ms, and 1 ms where other work has had the caches.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.models import Vectors
from index.storage.arrays import RowFile, map_array

try:
    from index.segments._halves import decode as _decode
    from index.segments._halves import products as _products
except ImportError:  # no compiler where this was installed
    _decode = _products = None  # type: ignore[assignment]

Index = Any  # faiss.Index: FAISS's own annotations lack what SWIG adds at run time

INDEX_FROM = 8_000  # chunks; below it an exact scan reads no more than the caches hold
_OVERFETCH = 4  # candidates of the quantised index per wanted hit, before they are scored exactly
_MIN_CANDIDATES = 200  # candidates at least
_MAX_CHUNKS_FOR_ALL = 20_000  # among so many chunks
_MIN_CANDIDATES_FOR_ALL = 600  # so many candidates hold every one of the nearest 64
_MAX_ROWS_WITHOUT_FAISS = 2_000  # rows that are scored without FAISS
_MAX_MAPPED_BYTES = 200_000_000  # bytes of vectors that may be looked at in memory; of more, rows are read
# Vectors that the codes are learned from, and rounds of k-means. Learned of 60,000 in 25 rounds, three times as long,
# they find as many: of the ten nearest of 125,444 passages .9995 among the best 200 against .9985, and .9495 among the
# best 40 against .95.
_SAMPLE_ROWS = 20_000
_ROUNDS = 10
_MAX_TIES = 4096  # rows beyond k that may come back because they tie with the k-th
_LANES, _BLOCK = 4, 16  # sums of an inner product that are added up side by side, and numbers a round, the last first
_BATCH_ROWS = 8_192  # rows compared at a time where recall is measured
_ESTIMATE_ERROR = 1e-5  # FAISS adds up a product in another order than `scores`


class DenseIndex:
    """Vectors of one segment's chunks, by row, of length 1 or less."""

    def __init__(self, vectors: NDArray[np.float16], codes: _Codes | None = None, file: RowFile | None = None) -> None:
        """`vectors`: (n, dim); `codes`: a trained FAISS index over them, or None to search exactly; `file`: where a few
        of many are better read from.
        """
        self.vectors = vectors
        self.codes = codes
        self._file = file

    @classmethod
    def build(cls, vectors: NDArray[np.floating]) -> DenseIndex:
        """Keep `vectors` (n, dim), of length 1 or less, in half precision; train a FAISS index where there are many."""
        half = np.ascontiguousarray(vectors, dtype=np.float16)
        return cls(half, _Codes(index=_train(half)) if len(half) >= INDEX_FROM else None)

    def save(self, folder: Path) -> None:
        """Write `vectors.npy` and, where there is one, `dense.faiss`."""
        np.save(folder / "vectors.npy", self.vectors)
        if self.codes is not None:
            faiss = _faiss()

            faiss.write_index(self.codes.index(), str(folder / "dense.faiss"))

    @classmethod
    def load(cls, folder: Path) -> DenseIndex:
        """Map the vectors; the FAISS index, if the segment has one, is read when it is first needed."""
        vectors = map_array(folder / "vectors.npy")
        path = folder / "dense.faiss"
        if not path.exists():
            return cls(vectors)
        large = vectors.nbytes > _MAX_MAPPED_BYTES and hasattr(os, "pread")
        return cls(vectors, _Codes(path), RowFile(folder / "vectors.npy") if large else None)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    @property
    def exact(self) -> bool:
        """Whether a search looks at every vector."""
        return self.codes is None

    @cached_property
    def _flat(self) -> Index:
        faiss = _faiss()

        index = faiss.IndexScalarQuantizer(self.dim, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
        _add(index, self.vectors)
        return index

    def scores(self, vector: Vectors, rows: NDArray[np.integer]) -> NDArray[np.float32]:
        """Exact inner products of `vector`, (dim,), with the vectors of `rows`: (rows,)."""
        file = self._file if len(rows) <= _MAX_ROWS_WITHOUT_FAISS else None
        return products(file.take(rows), vector, np.arange(len(rows))) if file else products(self.vectors, vector, rows)

    def search(
        self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None = None, *, exact: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `k` rows nearest to `vector` with their inner products, best first; fewer if there are fewer.

        Rows that tie with the last one come too (up to `_MAX_TIES` of them), so that the caller may choose by name.
        `allowed`, (n,), keeps the search to some rows; it narrows the search itself, so that `k` rows come
        back however few are allowed.
        """
        if exact and len(self.vectors) and k > 0:
            return self._nearest(vector, k, allowed)
        rows, _ = self.nominate(vector, k, allowed)
        return _best(rows, self.scores(vector, rows), k)

    def nominate(
        self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rows that hold the `k` nearest to `vector`, as surely as the index finds them, and what it estimates their
        inner products to be; at most about `enough(k, n)` of them and those that tie. `allowed` as in `search`.
        """
        n = len(self.vectors)
        if n == 0 or k <= 0:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        live = n
        if allowed is not None:
            live = int(np.count_nonzero(allowed))
            if live <= max(4 * k, _MAX_ROWS_WITHOUT_FAISS):
                rows = np.flatnonzero(allowed)
                return _best(rows, self.scores(vector, rows), k)
        if self.codes is None:
            return self._nearest(vector, k, allowed)
        # The codes are scanned whole; what a filter leaves of the best is enough, or the exact scan is asked.
        rows, rough = _ask(self.codes.index(), vector, min(int(enough(k, n) * n / live) + 1, n))
        if allowed is not None:
            kept = allowed[rows]
            rows, rough = rows[kept], rough[kept]
            if len(rows) < min(enough(k, n) // 2, live):
                return self._nearest(vector, k, allowed)
        return rows, rough

    def _nearest(
        self, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Exactly the nearest rows: FAISS is asked for more until what it leaves out is surely worse."""
        n = len(self.vectors)
        asked = k + 6
        while True:
            rows, rough = _ask(self._flat, vector, min(asked, n), allowed)
            best, scores = _best(rows, self.scores(vector, rows), k)
            if (
                len(rows) < min(asked, n)
                or asked >= n
                or asked > k + _MAX_TIES
                or rough[-1] < scores[-1] - _ESTIMATE_ERROR
            ):
                return best, scores
            asked *= 4

    def recall(self, *, k: int = 10, sample: int = 200, seed: int = 0) -> float | None:
        """recall@k of the quantised index against exact search, None if that is what it is.

        Asked with `sample` of its own vectors, each blurred as much as it is long, so that it is about as far from
        its own passage as a question is. A row as near as the k-th nearest counts, whichever of equals it is.
        """
        if self.codes is None:
            return None
        rng = np.random.default_rng(seed)
        n, k = len(self.vectors), min(k, len(self.vectors))
        asked = self.vectors[rng.choice(n, size=min(sample, n), replace=False)].astype(np.float32)
        asked += rng.standard_normal(asked.shape).astype(np.float32) / np.float32(np.sqrt(self.dim))
        asked /= np.linalg.norm(asked, axis=1, keepdims=True)
        best = np.full((len(asked), 0), -np.inf, np.float32)
        for start in range(0, n, _BATCH_ROWS):  # exact products with all rows, for all questions at once
            block = asked @ _wide(self.vectors[start : start + _BATCH_ROWS]).T
            best = np.concatenate([best, block], axis=1)
            best = np.partition(best, best.shape[1] - k, axis=1)[:, -k:] if best.shape[1] > k else best
        nearest = best.min(axis=1) - _ESTIMATE_ERROR
        found = [(self.search(vector, k)[1][:k] >= floor).sum() for vector, floor in zip(asked, nearest, strict=True)]
        return float(np.sum(found)) / (k * len(asked))


def prefetch(legs: Sequence[DenseIndex]) -> None:
    """Begin to read the FAISS indexes in a thread beside: the caller has a model to load meanwhile.

    Their files are opened at once, so that a writer may delete them. Raises RuntimeError where that was done before.
    """
    codes = [leg.codes for leg in legs if leg.codes is not None]
    for one in codes:
        one.open()
    # One thread, and FAISS is loaded before: what works in Python, or asks for memory, is in the caller's way. Not a
    # daemon, which would be stopped in the midst of FAISS where the process ends before it.
    threading.Thread(target=_read, args=(codes,)).start()


def _read(codes: Sequence[_Codes]) -> None:
    for one in codes:
        with contextlib.suppress(Exception):  # damage is told to who asks for it
            one.index()


class _Codes:
    """The FAISS index of a segment: read from its file once, whichever thread needs it first."""

    def __init__(self, path: Path | None = None, index: Index | None = None) -> None:
        self._path, self._index = path, index
        self._reader: Any = None
        self._lock = threading.Lock()

    def open(self) -> None:
        """Open the file. Raises RuntimeError where there is none."""
        self._reader = _faiss().FileIOReader(str(self._path))

    def index(self) -> Index:
        """The index. Raises RuntimeError where the file is gone or damaged."""
        with self._lock:
            if self._index is None:
                reader, self._reader = self._reader, None
                self._index = _faiss().read_index(reader or str(self._path))  # lets other threads go on
            return self._index


def products(vectors: NDArray[np.float16], vector: Vectors, rows: NDArray[np.integer]) -> NDArray[np.float32]:
    """Inner products of the `rows` of `vectors`, (n, dim), with `vector`, (dim,): (rows,).

    Each row is added up alone and in one order, in four lanes: a matrix product rounds by how many rows there are, and
    equal texts in segments of different size must not differ in the last bit.
    """
    out = np.zeros(len(rows), np.float32)
    if not len(rows) or not vectors.size:
        return out
    if _products is not None:
        _products(vectors, np.ascontiguousarray(rows, np.int64), np.ascontiguousarray(vector, np.float32), out)
        return out
    parts = _wide(vectors, rows) * vector.astype(np.float32)
    parts = np.pad(parts, ((0, 0), (0, -vectors.shape[1] % _BLOCK))).reshape(len(rows), -1, _BLOCK // _LANES, _LANES)
    lanes = np.zeros((len(rows), _LANES), np.float32)
    for block in range(parts.shape[1]):
        for group in reversed(range(parts.shape[2])):
            lanes += parts[:, block, group]
    return np.asarray((lanes[:, 0] + lanes[:, 1]) + (lanes[:, 2] + lanes[:, 3]))


def _wide(vectors: NDArray[np.float16], rows: NDArray[np.integer] | None = None) -> Vectors:
    """Those `rows`, or all, in single precision: by halves.c, or by FAISS, three times as fast as NumPy."""
    if _decode is None:
        some = vectors if rows is None else vectors[rows]
        wide: Vectors = _faiss_halves(vectors.shape[1]).decode(np.ascontiguousarray(some).view(np.uint8))
        return wide
    rows = np.arange(len(vectors)) if rows is None else np.ascontiguousarray(rows, np.int64)
    out = np.empty((len(rows), vectors.shape[1]), np.float32)
    _decode(vectors, rows, out)
    return out


@cache
def _faiss_halves(dim: int) -> Any:
    faiss = _faiss()

    return faiss.ScalarQuantizer(dim, faiss.ScalarQuantizer.QT_fp16)


def enough(k: int, n: int) -> int:
    """How many candidates of a quantised index surely hold the `k` nearest of `n`, in all segments together."""
    return max(k * _OVERFETCH, _MIN_CANDIDATES_FOR_ALL if n <= _MAX_CHUNKS_FOR_ALL else _MIN_CANDIDATES)


def _faiss() -> Any:
    import faiss  # on demand: half a second that only a search or a build should pay

    return faiss


@dataclass(frozen=True, slots=True)
class _Bitmap:
    """Keeps the packed bits alive for as long as FAISS holds a pointer to them."""

    bits: NDArray[np.uint8]
    selector: Any


def _selector(allowed: NDArray[np.bool_]) -> _Bitmap:
    faiss = _faiss()

    bits = np.packbits(allowed, bitorder="little")
    return _Bitmap(bits, faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits)))


def _ask(
    index: Index, vector: Vectors, k: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    faiss = _faiss()

    params = None
    if allowed is not None:
        bitmap = _selector(allowed)
        params = faiss.SearchParameters(sel=bitmap.selector)
    faiss.omp_set_num_threads(1)  # one question is less work than waking a second thread; it counts for this thread
    scores, rows = index.search(np.ascontiguousarray(vector[None, :], dtype=np.float32), k, params=params)
    found = rows[0] >= 0
    return rows[0][found], scores[0][found]


def _best(
    rows: NDArray[np.integer], scores: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    order = np.lexsort((rows, -scores))
    if len(order) > k > 0:
        order = order[: int(np.searchsorted(-scores[order], -scores[order[k - 1]], side="right"))]
    order = order[: max(k, 0) + _MAX_TIES]
    return rows[order].astype(np.int64), scores[order]


def _train(half: NDArray[np.float16]) -> Index:
    faiss = _faiss()

    # The codes of two dimensions are so little work that threads only wait for each other: 1.5 s alone, 48 s by two.
    faiss.omp_set_num_threads(1)
    n, dim = half.shape
    index = faiss.IndexPQFastScan(dim, max(dim // 2, 1), 4, faiss.METRIC_INNER_PRODUCT)
    index.pq.cp.niter = _ROUNDS
    picks = np.random.default_rng(0).choice(n, size=min(n, _SAMPLE_ROWS), replace=False)
    picks.sort()
    index.train(half[picks].astype(np.float32))
    _add(index, half)
    return index


def _add(index: Index, half: NDArray[np.float16]) -> None:
    for start in range(0, len(half), 50_000):
        index.add(_wide(half[start : start + 50_000]))
