"""Try weights on questions whose articles are known: one search a question, every weight from its numbers."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from index.models import article_of
from index.retrieval.measures import DEPTH
from index.retrieval.topk import nth_highest
from search.models import SearchOptions
from search.ranking.fusion import Scores, adapt, convex
from search.ranking.ranker import Ranking

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
