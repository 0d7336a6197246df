"""BM25 of one segment's chunks, under the idf and the lengths of the whole commit.

    score(chunk) = sum over the terms of its own fields (words, bigrams) + sum over those of its article's (title, body)

Both sums are in double precision and in the order of the plan, so that equal texts score equally to the last bit in
whatever segment they lie, and whichever leg named them. What stands here in NumPy is the definition, and what runs
where nothing was compiled; kernel.c gives the same numbers, and skips what cannot be among the best.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import CHUNK_FIELDS
from index.retrieval.bm25 import Bm25
from index.segments.segment import Segment

try:
    from index.retrieval import _kernel
except ImportError:  # no compiler where this was installed
    _kernel = None  # type: ignore[assignment]

# How much each field's BM25 counts. Chunk words are the measure; the title and the whole article each count as
# much again, which lifts headlines and costs nothing elsewhere; bigrams are a light net under the words.
FIELD_WEIGHTS: Mapping[str, float] = {"words": 1.0, "bigrams": 0.3, "title": 1.0, "body": 1.0}
FIELD_NAMES = tuple(FIELD_WEIGHTS)

KERNEL_VERSION = 1  # of kernel.c; one that was compiled from another is left alone
_MAX_DOCUMENT_TERMS = 1 << 26  # terms of a document, at most
_MAX_ROWS_ONE_BY_ONE = 1_000  # chunks that are scored each for itself: all postings would be gone through else
_MIN_SCORE = 5e-324  # above 0
_FOUND = np.dtype([("row", np.int64), ("score", np.float64)])

Scores = NDArray[np.float64]
Rows = NDArray[np.integer]


class Plan(NamedTuple):
    """The terms of a question, those first that could add most: each in one field.

    `fields` are numbers of FIELD_NAMES, (terms,); `weights` a term's weight times its idf, (terms,); `numbers` its
    number in each segment or -1, (segments, terms).
    """

    names: Sequence[str]
    fields: NDArray[np.uint8]
    weights: Scores
    numbers: NDArray[np.int64]


def nth_highest(scores: NDArray[np.floating], n: int) -> float:
    """The `n`-th highest of `scores`; -inf where there are not more than `n`."""
    return float(np.partition(scores, len(scores) - n)[len(scores) - n]) if len(scores) > n > 0 else -np.inf


def compiled() -> bool:
    """Whether kernel.c runs here, rather than NumPy."""
    return _kernel is not None and KERNEL_VERSION == _kernel.VERSION


class SegmentScorer:
    """Scores chunks of segment number `s`. Safe to use from several threads."""

    def __init__(self, s: int, segment: Segment, bm25: Bm25, averages: Mapping[str, float]) -> None:
        """`averages`: field -> its documents' average length in terms, over the whole commit."""
        self._s = s
        self._bm25 = bm25
        self._store = segment.store
        self._postings = [segment.fields[name] for name in FIELD_NAMES]
        self._norms = [_norms(bm25, segment.fields[name].lengths, averages[name]) for name in FIELD_NAMES]
        self._whole = [name not in CHUNK_FIELDS for name in FIELD_NAMES]
        each = zip(self._postings, self._norms, self._whole, strict=True)
        self._fields = tuple((own.starts, own.docs, own.tfs, norms, whole) for own, norms, whole in each)

    def best(self, plan: Plan, k: int, allowed: NDArray[np.bool_] | None, floor: float) -> tuple[Rows, Scores]:
        """The `k` best chunks that hold a term, and those that tie, as far as they reach `floor`: rows, ascending, and
        scores. `allowed`, (chunks,), or None for all.
        """
        if allowed is not None and np.count_nonzero(allowed) <= _MAX_ROWS_ONE_BY_ONE:
            rows = np.flatnonzero(allowed)
            scores = self.parts(plan, rows)[-1]
            kept = scores >= max(floor, nth_highest(scores, k), _MIN_SCORE)
            return rows[kept], scores[kept]
        if compiled():
            arguments = self._store.chunk_starts, plan.fields, plan.numbers[self._s], plan.weights
            found = np.frombuffer(_kernel.best(self._fields, self._bm25.formula, *arguments, k, floor, allowed), _FOUND)
            return found["row"], found["score"]
        sums = np.zeros(self._store.chunks), np.zeros(self._store.articles)
        for field, number, weight in zip(plan.fields, plan.numbers[self._s], plan.weights, strict=True):
            documents, tfs = self._postings[field].of(int(number))
            sums[self._whole[field]][documents] += self._part(field, documents, tfs, weight)
        scores = sums[False] + sums[True][self._store.chunk_articles]
        if allowed is not None:
            scores *= allowed
        rows = np.flatnonzero(scores >= max(floor, nth_highest(scores, k), _MIN_SCORE))
        return rows, scores[rows]

    def parts(self, plan: Plan, rows: Rows) -> Scores:
        """What each term adds to each of the chunks `rows`, and in the last line their scores, (terms + 1, rows)."""
        rows = np.ascontiguousarray(rows, np.int64)
        out = np.zeros((len(plan.names) + 1, len(rows)))
        if compiled():
            arguments = self._store.chunk_articles, plan.fields, plan.numbers[self._s], plan.weights
            _kernel.parts(self._fields, self._bm25.formula, *arguments, rows, out.ravel())
            return out
        articles = self._store.chunk_articles[rows]
        sums = np.zeros(len(rows)), np.zeros(len(rows))
        for i, (field, number, weight) in enumerate(zip(plan.fields, plan.numbers[self._s], plan.weights, strict=True)):
            documents = articles if self._whole[field] else rows
            tfs = self._postings[field].frequencies(int(number), documents)
            out[i] = self._part(field, documents, np.maximum(tfs, 1), weight) * (tfs > 0)
            sums[self._whole[field]][:] += out[i]
        out[-1] = sums[False] + sums[True]
        return out

    def _part(self, field: int, documents: Rows, tfs: NDArray[np.integer], weight: float) -> Scores:
        """What a term adds to each of the `documents` of a field, in which it stands `tfs` >= 1 times."""
        norms = self._norms[field][documents].astype(np.float64)
        return np.asarray(self._bm25.saturation(tfs.astype(np.float64), norms) * weight, np.float64)


def _norms(bm25: Bm25, lengths: NDArray[np.int32], average: float) -> NDArray[np.float32]:
    """BM25's K of each document of a field, (documents,), worked out once for each length there is."""
    longest = int(lengths.max(initial=0))
    if longest > _MAX_DOCUMENT_TERMS:  # which a damaged file may say: a table of that would take all memory
        raise ValueError(f"a document of {longest} terms")
    return bm25.norms(np.arange(longest + 1), average).take(lengths)
