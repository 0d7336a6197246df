"""Mix the two legs. Pure functions: no index, no clock, no configuration.

The default is a convex combination of both *exact* scores of every candidate, each on an anchored scale that the
list at hand cannot stretch: BM25 from 0 to what a text gets that holds all of the question, cosine from what two
unrelated texts have to 1. A question that no text holds the words of so gets little from the lexical leg without
anybody deciding it, one that no text is near to in meaning little from the dense leg. The list's own minimum never
counts: with it, the last of ten good hits would look worthless (Bruch, Gai & Ingber, TOIS 2023, compare the
normalisers).

The weight is the corpus's (search.ranking.weights) and moves with the question, by two numbers that need no training:

    dense z-score   how many standard deviations of a random chunk's cosine the best candidate lies above its mean.
                    Where the nearest is hardly nearer than any, the vectors have not understood the question.
    lexical spread  where the ten best articles hold the question's words about equally well, the corpus is narrow,
                    and vectors, which know what a text is about, separate those articles even less.

scripts/fusion_weights.py fitted the constants and says how they do on sets left out.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

DENSE_Z_SCORE = (2.0, 8.0)  # standard deviations: not at all, and fully
LEXICAL_SPREAD = 0.4  # the tenth article's BM25 this far under the first one's, or more: the words separate articles
_SPREAD_RANK = 10
RRF_K = 60  # Cormack, Clarke & Büttcher, SIGIR 2009: damps the lead of a single list's first rank

Scores = NDArray[np.float64]


def scale_bm25(scores: Scores, *, full: float = 0.0) -> Scores:
    """BM25 scores, (candidates,), scaled so that 0 stays 0 and `full`, or the best where that is more, becomes 1."""
    top = max(float(scores.max(initial=0.0)), full)
    return scores / top if top > 0 else np.zeros_like(scores)


def dense_z_score(
    best: float, background: tuple[float, float], bounds: tuple[float, float] | None = DENSE_Z_SCORE
) -> float:
    """How far the `best` cosine lies above chance, 0..1; `background` is mean and deviation of random chunks'.

    From 0 to 1 between `bounds`, in deviations. 1 where no bounds are known, and where no deviation is: an index of a
    few chunks says nothing against its vectors.
    """
    mean, deviation = background
    if bounds is None or deviation <= 0:
        return 1.0
    low, high = bounds
    return min(1.0, max(0.0, ((best - mean) / deviation - low) / (high - low)))


def lexical_spread(best: Scores) -> float:
    """How well the question's words separate articles, 0..1.

    `best` are the articles' scores from 0, (articles,): 1 where the tenth best lies LEXICAL_SPREAD of the best one's
    score below it, falling to 0 where it has the same. With fewer articles the missing ones count as 0.
    """
    ordered = np.sort(best)[::-1]
    tenth = float(ordered[_SPREAD_RANK - 1] / ordered[0]) if len(best) >= _SPREAD_RANK and ordered[0] > 0 else 0.0
    return min(1.0, (1.0 - tenth) / LEXICAL_SPREAD)


def adapt(weight: float, trust: float) -> float:
    """BM25's weight when the dense leg is trusted by `trust`, 0..1: the other's shrinks to that much, the sum stays
    1.
    """
    dense = (1.0 - weight) * trust
    return weight / (weight + dense) if weight + dense > 0 else 1.0


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
