"""What is nominated holds the best: against the exact scores of every chunk."""

from dataclasses import dataclass

import numpy as np
import pytest

from index.analysis.terms import CHUNK_FIELDS
from index.retrieval.bm25 import Bm25
from index.retrieval.segment_scorer import _COLUMN_FILL_RATE, FIELD_WEIGHTS, SegmentScorer, Term, _Columns
from index.segments.postings import Postings

TERMS = 60


@dataclass
class _Store:
    chunk_starts: np.ndarray

    @property
    def chunk_articles(self):
        return np.repeat(np.arange(self.articles, dtype=np.int32), np.diff(self.chunk_starts))

    @property
    def articles(self):
        return len(self.chunk_starts) - 1

    @property
    def chunks(self):
        return int(self.chunk_starts[-1])


@dataclass
class _Segment:
    store: _Store
    fields: dict


def _segment(rng, articles):
    """Articles of 1 to 9 chunks whose terms are rare and usual, as in real text."""
    starts = np.concatenate([[0], np.cumsum(rng.integers(1, 10, articles))]).astype(np.int32)
    store = _Store(starts)
    often = 1 / np.arange(1, TERMS + 1)

    def documents(count, length):
        sizes = rng.integers(1, length, count)
        return [[f"t{n:02d}" for n in rng.choice(TERMS, size, p=often / often.sum())] for size in sizes]

    fields = {
        field: Postings.build(
            documents(store.chunks if field in CHUNK_FIELDS else articles, 30 if field != "title" else 4)
        )
        for field in FIELD_WEIGHTS
    }
    return _Segment(store, fields)


def _question(rng, segment, fields):
    """Terms of the fields, heaviest first."""
    terms = []
    for field in fields:
        for name in {f"t{n:02d}" for n in rng.integers(0, TERMS, rng.integers(1, 8))}:
            number = segment.fields[field].terms.find(name)
            terms.append(Term(field, name, float(rng.uniform(0.1, 6)), [number]))
    return sorted(terms, key=lambda term: -term.weight)


@pytest.fixture(scope="module")
def segments():
    rng = np.random.default_rng(7)
    return [_segment(rng, articles) for articles in (40, 900, 4_000)]


@pytest.mark.parametrize("fields", [("words",), ("title", "body"), tuple(FIELD_WEIGHTS)])
@pytest.mark.parametrize("k", [1, 10, 64])
def test_what_is_nominated_holds_the_best(segments, fields, k):
    rng = np.random.default_rng(k)
    narrow = 0
    for segment in segments:
        averages = {field: float(postings.lengths.mean()) for field, postings in segment.fields.items()}
        scorer = SegmentScorer(0, segment, Bm25(), averages)
        every = np.arange(segment.store.chunks)
        for round_ in range(30):
            terms = _question(rng, segment, fields)
            allowed = None
            if round_ % 3 == 2:
                allowed = (rng.random(segment.store.articles) < 0.7)[segment.store.chunk_articles]
            exact = scorer.scores(terms, every)
            if allowed is not None:
                exact = exact * allowed
            kth = np.sort(exact)[-k] if len(exact) >= k else 0.0
            floor = [0.0, kth * 0.9, kth][round_ % 3]
            found = scorer.nominate(terms, k, allowed, floor)
            assert np.all(np.diff(found) > 0)
            best = np.flatnonzero((exact >= max(kth, floor)) & (exact > 0))
            assert np.isin(best, found).all()
            narrow += len(found) < len(every) // 16
    assert narrow  # it chooses, too


def test_a_column_is_filled_once_as_many_rows_were_searched_for_as_it_is_worth():
    documents = [["常"] if n % 2 else ["常", "也"] for n in range(400)] + [["罕"]]
    fields = {"words": Postings.build(documents)}
    often, also, rare = (fields["words"].terms.find(term) for term in "常也罕")
    columns = _Columns(fields, most=1)
    worth = -(-400 // _COLUMN_FILL_RATE)
    assert columns.find("words", -1, 10_000) is None
    assert columns.find("words", rare, 10_000) is None
    assert columns.find("words", often, worth - 1) is None
    filled = columns.find("words", often, 1)
    assert filled.tolist() == [1] * 400 + [0]
    assert columns.find("words", often, 1) is filled
    assert columns.find("words", also, 10_000).sum() == 200  # and the other has to go
    assert columns.find("words", often, worth - 1) is None
    assert columns.find("words", often, 1) is not filled
