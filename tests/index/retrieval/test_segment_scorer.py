"""The definition in NumPy against every chunk scored alone, and the compiled kernel against the definition."""

from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from index.analysis.terms import CHUNK_FIELDS
from index.retrieval import segment_scorer
from index.retrieval.bm25 import Bm25
from index.retrieval.segment_scorer import FIELD_NAMES, Plan, SegmentScorer, compiled, nth_highest
from index.segments.postings import Postings

TERMS = 60
VARIANTS = ["lucene", "okapi", "plus", "l"]


@dataclass
class _Store:
    chunk_starts: np.ndarray

    def __post_init__(self):
        self.articles, self.chunks = len(self.chunk_starts) - 1, int(self.chunk_starts[-1])
        self.chunk_articles = np.repeat(np.arange(self.articles, dtype=np.int32), np.diff(self.chunk_starts))


@dataclass
class _Segment:
    store: _Store
    fields: dict


def _segment(rng, articles, most=10):
    """Articles of 1 to `most` chunks whose terms are rare and usual; a term stands in one body 300 times."""
    starts = np.concatenate([[0], np.cumsum(rng.integers(1, most, articles))]).astype(np.int32)
    store = _Store(starts)
    often = 1 / np.arange(1, TERMS + 1)

    def documents(count, length):
        sizes = rng.integers(1, length, count)
        return [[f"t{n:02d}" for n in rng.choice(TERMS, size, p=often / often.sum())] for size in sizes]

    fields = {}
    for field in FIELD_NAMES:
        made = documents(store.chunks if field in CHUNK_FIELDS else articles, 30 if field != "title" else 4)
        if field == "body":
            made[0] = ["t01"] * 300
        fields[field] = Postings.build(made)
    return _Segment(store, fields)


def _scorer(segment, variant="lucene", **options):
    averages = {field: float(postings.lengths.mean()) for field, postings in segment.fields.items()}
    return SegmentScorer(0, segment, Bm25(variant, **options), averages)


def _plan(rng, segment):
    """Some terms of some fields, heaviest first, one of which is nowhere."""
    terms = []
    for field in rng.choice(4, rng.integers(1, 5), replace=False):
        for n in {*rng.integers(0, TERMS, rng.integers(1, 8)).tolist()}:
            number = segment.fields[FIELD_NAMES[field]].terms.find(f"t{n:02d}")
            terms.append((float(rng.uniform(0.1, 6)), int(field), f"t{n:02d}", number))
    terms.append((1.0, 0, "nowhere", -1))
    terms.sort(reverse=True)
    weights, fields, names, numbers = zip(*terms, strict=True)
    return Plan(names, np.array(fields, np.uint8), np.array(weights), np.array([numbers], np.int64))


def _numpy(monkeypatch):
    monkeypatch.setattr(segment_scorer, "_kernel", None)
    assert not compiled()


@pytest.fixture(scope="module")
def segments():
    rng = np.random.default_rng(7)
    return [_segment(rng, 40), _segment(rng, 2_500), _segment(rng, 3, 6_000)]


def _questions(segments, rounds):
    """(segment, plan, what is allowed, a floor for a k) and the k."""
    rng = np.random.default_rng(rounds)
    for segment in segments:
        for n in range(rounds):
            allowed = None if n % 3 else (rng.random(segment.store.articles) < 0.7)[segment.store.chunk_articles]
            yield segment, _plan(rng, segment), allowed, (0.0, 0.9, 1.0)[n % 3], (1, 10, 64, 100_000)[n % 4]


@pytest.mark.parametrize("one_by_one", [-1, 1 << 30])
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_best_are_those_of_all_scored_alone(segments, variant, one_by_one, monkeypatch):
    _numpy(monkeypatch)
    monkeypatch.setattr(segment_scorer, "_MAX_ROWS_ONE_BY_ONE", one_by_one)
    for segment, plan, allowed, share, k in _questions(segments, 6):
        scorer = _scorer(segment, variant)
        parts = scorer.parts(plan, np.arange(segment.store.chunks))
        alone = parts[-1] if allowed is None else parts[-1] * allowed
        assert parts[:-1].sum(axis=0) == pytest.approx(parts[-1])
        kth = np.sort(alone)[-k] if len(alone) > k else 0.0
        rows, scores = scorer.best(plan, k, allowed, share * kth)
        assert rows.tolist() == np.flatnonzero((alone >= kth) & (alone > 0)).tolist()
        assert scores.tolist() == alone[rows].tolist()


@pytest.mark.skipif(not compiled(), reason="the kernel was not compiled here")
@pytest.mark.parametrize("one_by_one", [-1, 1 << 30])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("options", [{}, {"k1": 0.0}, {"b": 0.0}])
def test_the_kernel_gives_the_numbers_of_the_definition_to_the_last_bit(
    segments, variant, options, one_by_one, monkeypatch
):
    monkeypatch.setattr(segment_scorer, "_MAX_ROWS_ONE_BY_ONE", one_by_one)
    for segment, plan, allowed, share, k in _questions(segments, 8):
        scorer, kernel = _scorer(segment, variant, **options), segment_scorer._kernel
        rows = np.random.default_rng(k).integers(0, segment.store.chunks, 200)
        with monkeypatch.context() as without:
            _numpy(without)
            without.setattr(segment_scorer, "_MAX_ROWS_ONE_BY_ONE", -1)
            want, parts = scorer.best(plan, k, allowed, 0.0), scorer.parts(plan, rows)
            floor = share * float(want[1].min(initial=1e9))
        assert segment_scorer._kernel is kernel
        found = scorer.best(plan, k, allowed, floor)
        assert found[0].tolist() == want[0].tolist()
        assert found[1].tolist() == want[1].tolist()
        assert scorer.parts(plan, rows).tolist() == parts.tolist()


def test_equals_of_the_last_come_too_however_many(monkeypatch):
    store = _Store(np.arange(5_001, dtype=np.int32))
    fields = {field: Postings.build([["同"]] * 5_000) for field in FIELD_NAMES}
    scorer = _scorer(_Segment(store, fields))
    plan = Plan(["同"], np.array([0], np.uint8), np.array([1.0]), np.array([[0]]))
    assert len(scorer.best(plan, 10, None, 0.0)[0]) == 5_000
    _numpy(monkeypatch)
    assert len(scorer.best(plan, 10, None, 0.0)[0]) == 5_000


@pytest.mark.skipif(not compiled(), reason="the kernel was not compiled here")
@pytest.mark.parametrize("seed", range(40))
def test_damaged_arrays_are_refused_or_answered_and_never_read_past(seed):
    """Any array with any number put in, cut short, or of another type: ValueError, or some answer."""
    rng = np.random.default_rng(seed)
    segment = _segment(rng, 60)
    scorer = _scorer(segment)
    fields = [list(field) for field in scorer._fields]
    store = {"chunk_starts": segment.store.chunk_starts.copy(), "chunk_articles": segment.store.chunk_articles.copy()}
    own = fields[rng.integers(4)]
    where, key = (own, int(rng.integers(4))) if rng.random() < 0.7 else (store, list(store)[rng.integers(2)])
    array = where[key].copy()
    match seed % 4:
        case 0 | 1:
            with np.errstate(all="ignore"):
                array[rng.integers(0, len(array), 3)] = rng.choice([-1, -(2**31), 2**31 - 1, 10**5]).astype(array.dtype)
        case 2:
            array = array[: rng.integers(0, len(array))]
        case 3:
            array = array.astype([np.int16, np.float64, np.uint64][rng.integers(3)])
    where[key] = array
    scorer._fields = tuple(map(tuple, fields))
    scorer._store = SimpleNamespace(chunks=segment.store.chunks, articles=segment.store.articles, **store)
    asked = np.arange(segment.store.chunks)
    for _ in range(20):
        plan = _plan(rng, segment)
        for ask in (lambda plan=plan: scorer.best(plan, 10, None, 0.0), lambda plan=plan: scorer.parts(plan, asked)):
            with suppress(ValueError):
                ask()


@pytest.mark.skipif(not compiled(), reason="the kernel was not compiled here")
@pytest.mark.parametrize("array", range(4))
def test_arrays_of_other_numbers_are_refused(array):
    rng = np.random.default_rng(1)
    segment = _segment(rng, 20)
    scorer = _scorer(segment)
    fields = list(scorer._fields[1])
    fields[array] = fields[array].astype(np.complex64)
    scorer._fields = (scorer._fields[0], tuple(fields), *scorer._fields[2:])
    for ask in (lambda plan: scorer.best(plan, 10, None, 0.0), lambda plan: scorer.parts(plan, np.arange(3))):
        with pytest.raises(ValueError, match="other numbers"):
            ask(_plan(rng, segment))


def test_what_was_compiled_from_another_version_is_left_alone(monkeypatch):
    monkeypatch.setattr(segment_scorer, "_kernel", SimpleNamespace(VERSION=segment_scorer.KERNEL_VERSION + 1))
    assert not compiled()


def test_the_nth_highest_needs_more_than_n():
    scores = np.asarray([3.0, 1.0, 2.0])
    assert [nth_highest(scores, n) for n in (0, 1, 2, 3)] == [-np.inf, 3.0, 2.0, -np.inf]
