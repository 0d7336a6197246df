"""Mix the two legs. Pure functions: no index, no clock, no configuration.

The default is a convex combination of both *exact* scores of every candidate, each on an anchored scale that the
list at hand cannot stretch: BM25 from 0 to the query's best score, cosine from what two unrelated texts have to 1.
A query that no text is near to in meaning so gets little from the dense leg without anybody deciding it. The list's
own minimum never counts: with it, the last of ten good hits would look worthless (Bruch, Gai & Ingber, TOIS 2023,
compare the normalisers).

The share then moves with the query: where the ten best articles hold its words about equally well, the corpus is
narrow, and vectors, which know what a text is about, tell those articles apart even less.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DEFAULT_WEIGHT = 0.45  # of BM25 at full spread; see scripts/bench/quality.py for the sets it was chosen on
_FULL_SPREAD = 0.5  # the tenth article at half the first one's BM25, or less: the words tell articles apart well
_SPREAD_RANK = 10
ARTICLE_SHARE = 0.3  # of the dense leg: how much the whole article's vector counts beside the passage's
RRF_K = 60  # Cormack, Clarke & Büttcher, SIGIR 2009: damps the lead of a single list's first rank

Scores = NDArray[np.float64]


def scale_bm25(scores: Scores) -> Scores:
    """BM25 scores, (candidates,), scaled so that 0 stays 0 and the best becomes 1."""
    top = scores.max(initial=0.0)
    return scores / top if top > 0 else np.zeros_like(scores)


def scale_cosine(scores: Scores, *, floor: float) -> Scores:
    """Cosines, (candidates,), scaled so that `floor` (< 1) becomes 0 and 1 stays 1; what lies under it becomes 0."""
    return np.clip((scores - floor) / (1.0 - floor), 0.0, 1.0)


def spread(bm25: Scores, articles: Sequence[str]) -> float:
    """How well the query's words tell articles apart, 0..1.

    `bm25` are scaled scores, `articles` the article of each: 1 where the tenth best article has at most half the
    best one's score, falling to 0 where it has the same. With fewer articles the missing ones count as 0.
    """
    best: dict[str, float] = {}
    for article, score in zip(articles, bm25.tolist(), strict=True):
        if score > best.get(article, 0.0):
            best[article] = score
    tenth = sorted(best.values(), reverse=True)[_SPREAD_RANK - 1 :][:1]
    return min(1.0, (1.0 - (tenth[0] if tenth else 0.0)) / _FULL_SPREAD)


def adapt(weight: float, trust: float) -> float:
    """BM25's share when the dense leg is trusted by `trust`, 0..1: its part shrinks to that much, the sum stays 1."""
    dense = (1.0 - weight) * trust
    return weight / (weight + dense) if weight + dense > 0 else 1.0


def two_grains(passage: Scores, article: Scores) -> Scores:
    """One cosine of a passage and its whole article: a headline is about the article, a question about a fact."""
    return (1 - ARTICLE_SHARE) * passage + ARTICLE_SHARE * article


def convex(bm25: Scores, cosine: Scores, *, weight: float) -> Scores:
    """`weight * bm25 + (1 - weight) * cosine` of normalised scores, all of shape (candidates,)."""
    return weight * bm25 + (1 - weight) * cosine


def ranks(scores: Scores) -> NDArray[np.int64]:
    """Rank of each score, the best being 1, ties in order of position."""
    order = np.argsort(-scores, kind="stable")
    out = np.empty(len(scores), np.int64)
    out[order] = np.arange(1, len(scores) + 1)
    return out


def reciprocal_rank(legs: Sequence[Scores], *, weights: Sequence[float], k: int = RRF_K) -> Scores:
    """Fuse by rank alone: the sum of `weight / (k + rank)` over the legs."""
    return np.asarray(sum(weight / (k + ranks(leg)) for leg, weight in zip(legs, weights, strict=True)))
