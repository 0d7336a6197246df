"""What speaks for an answer: how near the best candidates are in meaning, and how much of the question they hold.

Pure numbers over candidates. The build measures what chance and known questions get of them (index.checks.calibrate); a
search compares.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.candidates import Candidates
from index.retrieval.bm25 import lucene_idf

ARTICLE_WEIGHT = 0.3  # of the dense leg: how much the whole article's vector counts beside the passage's
LOOKED_AT = 5  # lexical candidates whose coverage counts
_BENT = 0.01
AT_FLOOR = _BENT / 2  # scaled cosine of a candidate at the floor: such a one says nothing
_TENTH_WEIGHT = 0.5  # a topic has many texts that are near, an accident has one

Scores = NDArray[np.float64]


class _Counts(Protocol):
    def document_frequency(self, term: str) -> int: ...


def two_levels(candidates: Candidates) -> Scores:
    """One cosine of each passage and its whole article: a headline is about the article, a question about a fact."""
    return (1 - ARTICLE_WEIGHT) * candidates.cosine + ARTICLE_WEIGHT * candidates.article_cosine


def scale_cosine(scores: Scores, *, floor: float) -> Scores:
    """Cosines, (candidates,), scaled so that `floor` (< 1) becomes nearly 0 and 1 stays 1, in their order.

    With x the straight line from 0 at the floor to 1: x itself from u = .01 on, u^2 / (2u - x) below, which meets it
    there in value and slope and is never 0. The floor is a mean of what is unrelated, so that half of that lies under
    it; a candidate does not vanish for being among these.
    """
    line = np.minimum((scores - floor) / (1.0 - floor), 1.0)
    return np.where(line >= _BENT, line, _BENT**2 / (2 * _BENT - np.minimum(line, _BENT)))


def idf_mass(words: Mapping[str, float], counts: _Counts, chunks: int) -> dict[str, float]:
    """The weight of each word of a question times its idf, those that no chunk holds included."""
    df = np.fromiter(map(counts.document_frequency, words), np.float64, len(words))
    idf = lucene_idf(df, chunks) * np.fromiter(words.values(), np.float64, len(words))
    return dict(zip(words, idf.tolist(), strict=True))


def dense_signal(scaled: Scores) -> float:
    """The best of the candidates' scaled cosines and half the tenth, 0 where there are fewer."""
    if not len(scaled):
        return 0.0
    tenth = float(np.partition(scaled, -10)[-10]) if len(scaled) >= 10 else 0.0
    return float(scaled.max()) + _TENTH_WEIGHT * tenth


def coverage(idf: Mapping[str, float], words: Sequence[str], matched: NDArray[np.bool_]) -> Scores:
    """The share of a question's idf mass that each of the texts holds, (texts,), 0..1; `matched`, (texts, words), tells
    which of the `words` they hold.
    """
    mass = sum(idf.values())
    if mass <= 0:
        return np.zeros(len(matched))
    weights = np.array([idf.get(word, 0.0) for word in words], np.float64)
    return np.asarray((matched * weights).sum(axis=1) / mass)  # no product: that rounds by how many texts there are


def most_covered(bm25: Scores, covered: Scores) -> float:
    """The greatest coverage of the best candidates by `bm25`; both are each candidate's, (candidates,)."""
    best = np.argsort(-bm25, kind="stable")[:LOOKED_AT]
    return float(covered[best].max(initial=0.0))


def strength(idf: Mapping[str, float], highest: float) -> float:
    """The best candidate's BM25 over all fields, divided by the question's idf mass."""
    mass = sum(idf.values())
    return highest / mass if mass > 0 else 0.0
