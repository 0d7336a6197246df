"""Try weights on questions whose articles are known: one search a question, every weight from its numbers."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.models import article_of
from index.retrieval.topk import nth_highest
from search.models import SearchOptions
from search.ranking.fusion import Scores, adapt, convex
from search.ranking.ranker import Ranking

DEPTH = 10
_GAINS = 1 / np.log2(np.arange(2, DEPTH + 2))
_RESAMPLES = 2_000
_CHUNKS_PER_ARTICLE = 8  # chunks an article, at first


class Question(NamedTuple):
    """A question, what is relevant to it (article id -> grade), and what is left out of its ranking."""

    text: str
    relevant: Mapping[str, int]
    left_out: frozenset[str] = frozenset()

    def options(self) -> SearchOptions:
        """As it is asked: a first page, or more where articles are left out of it."""
        return SearchOptions(k=DEPTH + len(self.left_out), passages=1)


def articles_at(
    ranking: Ranking, weight: float, *, adaptive: bool, depth: int = DEPTH, left_out: frozenset[str] = frozenset()
) -> list[str]:
    """The first `depth` articles if BM25's weight were `weight`; it moves with the question where `adaptive`."""
    if adaptive:
        weight = adapt(weight, ranking.reason.dense_z_score * ranking.reason.lexical_spread)
    scores = convex(ranking.bm25, ranking.dense, weight=weight)
    for wanted in (_CHUNKS_PER_ARTICLE * depth, len(scores)):  # the best of them nearly always hold enough articles
        out = _first(ranking, scores, wanted, depth, left_out)
        if len(out) == depth:
            break
    return out


def _first(ranking: Ranking, scores: Scores, wanted: int, depth: int, left_out: frozenset[str]) -> list[str]:
    """Up to `depth` articles of the `wanted` best chunks and their ties, in order."""
    border = nth_highest(scores, wanted)
    best = [(-scores[at], ranking.evidence[at].chunk_id) for at in np.flatnonzero(scores >= border) if scores[at] > 0]
    out: dict[str, None] = {}
    for _, chunk_id in sorted(best):
        article_id = article_of(chunk_id)
        if article_id not in left_out:
            out[article_id] = None
            if len(out) == depth:
                break
    return list(out)


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int]) -> float:
    """nDCG@10 with the grades as gains (Järvelin & Kekäläinen, TOIS 2002); 0 where nothing is relevant."""
    ideal = sorted((grade for grade in relevant.values() if grade > 0), reverse=True)[:DEPTH]
    best = sum(grade * gain for grade, gain in zip(ideal, _GAINS, strict=False))
    found = sum(max(0, relevant.get(one, 0)) * gain for one, gain in zip(ranked[:DEPTH], _GAINS, strict=False))
    return float(found / best) if best else 0.0


def interval(values: NDArray[np.float64], seed: int = 0) -> tuple[float, float]:
    """95% of the means of 2,000 resamples of `values`, (questions,): of paired differences a paired bootstrap."""
    rng = np.random.default_rng(seed)
    means = [float(values[rng.integers(0, len(values), len(values))].mean()) for _ in range(_RESAMPLES)]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)
