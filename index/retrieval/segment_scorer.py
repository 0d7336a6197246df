"""BM25 of one segment's chunks, under the idf and the lengths of the whole commit.

Two steps. `nominate` finds the few chunks that can be among the best, by MaxScore (Turtle & Flood, 1995) over whole
arrays: the postings of the telling terms are added up in float32; the common terms, which hold most postings and could
add little, are only looked up for the chunks that still have a chance. `scores` then is the one definition of a
chunk's score: float64, terms in the same order everywhere, so that equal texts score equally to the last bit in
whatever segment they lie, and whichever leg named them.

Measured on 125,444 passages in one segment and 120 questions of 26 terms and 141,000 postings each, for the best 64:
.83 ms, where 1.19 ms pass with nothing matched back.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import CHUNK_FIELDS
from index.retrieval.bm25 import Bm25
from index.retrieval.topk import ANY, rows_from, top_floor
from index.segments.postings import Postings
from index.segments.segment import Segment

# How much each field's BM25 counts. Chunk words are the measure; the title and the whole article each count as
# much again, which lifts headlines and costs nothing elsewhere; bigrams are a light net under the words.
FIELD_WEIGHTS: Mapping[str, float] = {"words": 1.0, "bigrams": 0.3, "title": 1.0, "body": 1.0}

Scores = NDArray[np.float64]
Rows = NDArray[np.integer]

_MAX_EXHAUSTIVE = 2_000  # allowed chunks, or postings in all, that are scored without choosing among them first
_COMMON_TERM_RATIO = 32  # a term that one document in so many holds is looked up in a column of its frequencies
_COLUMN_FILL_RATE = 8  # documents of a term that are put into a column in the time in which one is searched for
_MAX_COLUMN_BYTES = 32_000_000  # of such columns that a field of a segment keeps at most, about
_FIRST_NON_ESSENTIAL = 0.03  # terms that could add so much of what all could are left out of the first pass
_NEXT_NON_ESSENTIAL = (
    0.5  # and so much of what a place among the best takes, of later ones; at once where that is known
)
_SPARSE_RATIO = 16  # where one chunk in so many could be among the best, all are looked at
_MAX_DOCUMENT_TERMS = 1 << 26  # terms of a document, at most
_ROUNDING = 2e-7  # of a sum in float32, a term: what it may be off by


class Term(NamedTuple):
    """One term of a question in one field: its weight times its idf, and its number in each segment or -1."""

    field: str
    name: str
    weight: float
    numbers: Sequence[int]


def _norms(bm25: Bm25, lengths: NDArray[np.int32], average: float) -> NDArray[np.float32]:
    """BM25's K of each document of a field, (documents,), worked out once for each length there is."""
    longest = int(lengths.max(initial=0))
    if (
        longest > _MAX_DOCUMENT_TERMS
    ):  # which a damaged file may say of a document: a table of that would take all memory
        raise ValueError(f"a document of {longest} terms")
    return bm25.norms(np.arange(longest + 1), average).take(lengths)


class SegmentScorer:
    """Scores chunks of segment number `s`. Safe to ask from several threads."""

    def __init__(self, s: int, segment: Segment, bm25: Bm25, averages: Mapping[str, float]) -> None:
        """`averages`: field -> its documents' average length in terms, over the whole commit."""
        self._s = s
        self._bm25 = bm25
        self._fields = segment.fields
        self._norms = {f: _norms(bm25, segment.fields[f].lengths, average) for f, average in averages.items()}
        self._home = segment.store.chunk_articles.astype(np.intp)  # NumPy would make it so for every question
        self._chunk_starts = segment.store.chunk_starts
        self._chunks_each = np.diff(self._chunk_starts)
        documents = max(segment.store.chunks, segment.store.articles, 1)
        self._columns = _Columns(segment.fields, max(16, _MAX_COLUMN_BYTES * len(averages) // documents))

    def scores(self, terms: Sequence[Term], rows: Rows, by_term: dict[str, Scores] | None = None) -> Scores:
        """Exact scores of the chunks `rows`, (rows,), for `terms` in their order; what each adds goes into
        `by_term`.
        """
        asked = rows if len(rows) != 1 else np.repeat(rows, 2)  # NumPy adds up a lone column in another order
        homes = self._home[asked]
        sums = {True: np.zeros(len(asked)), False: np.zeros(len(asked))}
        for field, some in self._by_field(terms):
            own = field in CHUNK_FIELDS
            contributions = self._contributions(field, some, asked if own else homes, np.float64)
            sums[own] += np.add.reduce(contributions, axis=0)
            if by_term is not None:
                for term, contribution in zip(some, contributions, strict=True):
                    by_term[term.name] = by_term.get(term.name, 0.0) + contribution[: len(rows)]
        return np.asarray((sums[True] + sums[False])[: len(rows)])

    def nominate(self, terms: Sequence[Term], k: int, allowed: NDArray[np.bool_] | None, floor: float) -> Rows:
        """Rows, ascending, that hold all of the `k` best chunks and those that tie, as far as they reach `floor`.

        Some more may be among them. `terms` come by falling weight; `allowed`, (chunks,), or None for all.
        """
        if allowed is not None and np.count_nonzero(allowed) <= _MAX_EXHAUSTIVE:
            return np.flatnonzero(allowed)
        terms = [term for term in terms if term.numbers[self._s] >= 0]
        # What is left to be gained once so many terms are added up.
        gains = np.array([term.weight for term in terms]) * self._bm25.ceiling
        rest = np.append(np.cumsum(gains[::-1])[::-1], 0.0)
        few = sum(self._fields[term.field].df(term.numbers[self._s]) for term in terms) <= _MAX_EXHAUSTIVE
        slack = 1 - _ROUNDING * (len(terms) + 10)
        own, whole = np.zeros(len(self._home), np.float32), np.zeros(len(self._chunks_each), np.float32)
        at, needed = 0, floor
        for non_essential in (None,) if floor > 0 else (_FIRST_NON_ESSENTIAL * rest[0], None):
            most = 0.0 if few else _NEXT_NON_ESSENTIAL * needed if non_essential is None else non_essential
            upto = max(at, int(np.searchsorted(-rest, -most)))
            self._add(terms[at:upto], own, whole)
            at = upto
            rows, sums, needed = self._leading(own, whole, k, floor, float(rest[at]), slack, allowed)
            if rest[at] <= _NEXT_NON_ESSENTIAL * needed:
                break
        if at == len(terms):
            return rows
        for field, some in self._by_field(terms[at:]):
            documents = rows if field in CHUNK_FIELDS else self._home[rows]
            sums += np.add.reduce(self._contributions(field, some, documents, np.float32), axis=0)
        return rows[sums >= max(floor, top_floor(sums, k)) * slack]

    def _leading(  # noqa: PLR0913 - what the passes of `nominate` share, from its one caller
        self,
        own: NDArray[np.float32],
        whole: NDArray[np.float32],
        k: int,
        floor: float,
        rest: float,
        slack: float,
        allowed: NDArray[np.bool_] | None,
    ) -> tuple[Rows, NDArray[np.float32], float]:
        """Rows, ascending, that `rest` more could lift among the `k` best, their sums of `own` and `whole`, and what a
        place among these takes at least.
        """
        # Of a sum that is enough, half comes from the chunk or half from its article: few reach that in either.
        half = (floor * slack - rest) * slack / 2
        if half > 0 and allowed is None:
            rows, articles = rows_from(own, half), np.flatnonzero(whole >= half)
            if len(rows) + int(self._chunks_each[articles].sum()) <= len(own) // _SPARSE_RATIO:
                more = self._chunks_of(articles)
                rows = np.sort(np.concatenate([rows, more[own[more] < half]]))
                sums = own[rows] + whole[self._home[rows]]
                needed = max(floor, top_floor(sums, k)) * slack
                kept = sums >= max(needed - rest, ANY)
                return rows[kept], sums[kept], needed
        sums = own + whole.take(self._home) if whole.any() else own
        if allowed is not None:
            sums = sums * allowed
        needed = max(floor, top_floor(sums, k)) * slack
        rows = rows_from(sums, max(needed - rest, ANY))
        return rows, sums[rows], needed

    def _chunks_of(self, articles: Rows) -> Rows:
        sizes = self._chunks_each[articles]
        begins = np.cumsum(sizes) - sizes
        rows: Rows = np.arange(int(sizes.sum())) + np.repeat(self._chunk_starts[articles] - begins, sizes)
        return rows

    @staticmethod
    def _by_field(terms: Sequence[Term]) -> Iterator[tuple[str, list[Term]]]:
        for field in FIELD_WEIGHTS:
            some = [term for term in terms if term.field == field]
            if some:
                yield field, some

    def _add(self, terms: Sequence[Term], own: NDArray[np.float32], whole: NDArray[np.float32]) -> None:
        """Add what every posting of `terms` is worth to its chunk in `own`, or to its article in `whole`."""
        for field, some in self._by_field(terms):
            docs, tfs, sizes = self._fields[field].gather([term.numbers[self._s] for term in some])
            documents = docs.astype(np.intp)
            parts = self._bm25.saturation(tfs.astype(np.float32), self._norms[field].take(documents))
            parts *= np.repeat(np.array([term.weight for term in some], np.float32), sizes)
            np.add.at(own if field in CHUNK_FIELDS else whole, documents, parts)

    def _contributions(
        self, field: str, terms: Sequence[Term], documents: Rows, dtype: type[np.floating]
    ) -> NDArray[np.floating]:
        """What each of `terms` adds to each of `documents`, (terms, documents)."""
        numbers = [term.numbers[self._s] for term in terms]
        columns = [self._columns.find(field, number, len(documents)) for number in numbers]
        rest = [number if column is None else -1 for number, column in zip(numbers, columns, strict=True)]
        tfs = self._fields[field].frequencies(rest, documents).astype(dtype)
        for i, column in enumerate(columns):
            if column is not None:
                tfs[i] = column[documents]
        norms = self._norms[field].take(documents).astype(dtype, copy=False)
        if self._bm25.vanishes:
            parts = self._bm25.saturation(tfs, norms)
        else:
            matched = tfs > 0
            parts = self._bm25.saturation(np.maximum(tfs, 1, out=tfs), norms) * matched
        parts *= np.array([term.weight for term in terms], dtype)[:, None]
        return parts


class _Columns:
    """How often common terms stand in every document of a segment: looked up in a column, they cost no search."""

    def __init__(self, fields: Mapping[str, Postings], most: int) -> None:
        """At `most` so many columns are kept, those that were asked for last."""
        self._fields = fields
        self._most = most
        self._kept: OrderedDict[tuple[str, int], NDArray[np.unsignedinteger]] = OrderedDict()
        self._searched: dict[tuple[str, int], int] = {}  # rows that terms without a column were looked up for
        self._lock = Lock()

    def find(self, field: str, number: int, rows: int) -> NDArray[np.unsignedinteger] | None:
        """The column of a term that is to be looked up for so many `rows`; None where a search costs less.

        Filling a column costs as much as to search for some of the term's documents. Once that many were searched for,
        it is filled: whatever is asked, no more than twice the least possible is spent.
        """
        postings = self._fields[field]
        df = postings.df(number)
        if df * _COMMON_TERM_RATIO <= len(postings.lengths):
            return None
        key = (field, number)
        with self._lock:
            column = self._kept.get(key)
            if column is not None:
                self._kept.move_to_end(key)
                return column
            searched = self._searched.get(key, 0) + rows
            if searched * _COLUMN_FILL_RATE < df:
                self._searched[key] = searched
                return None
            self._searched.pop(key, None)
        column = postings.column(number)
        with self._lock:
            self._kept[key] = column
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return column
