"""Why a result stands where it stands: both legs, the weight and the reasons for it."""

from collections.abc import Sequence

import numpy as np

from index.backend import Backend
from search.models import Explanation, LegExplanation
from search.ranking.fusion import ranks
from search.ranking.ranker import Ranking


class Explainer:
    """Ranks of all candidates in both legs, worked out once an answer, and the terms of those that are shown."""

    def __init__(self, ranking: Ranking, backend: Backend, shown: Sequence[int]) -> None:
        """Rank the candidates of `ranking`, and ask `backend` for the terms of those at the positions `shown`."""
        self._ranking = ranking
        ids = [ranking.evidence[position].chunk_id for position in shown]
        self._terms = {e.chunk_id: e.terms for e in backend.evidence(ranking.query.lexical, None, ids, terms=True)}
        self._bm25_ranks = ranks(np.array([e.bm25 for e in ranking.evidence]))
        self._dense_ranks = ranks(ranking.cosine)

    def explain(self, position: int) -> Explanation:
        """Why the candidate at `position`, one of those shown, stands where it stands."""
        ranking = self._ranking
        item = ranking.evidence[position]
        normalised = {"bm25": float(ranking.bm25[position]), "dense": float(ranking.dense[position])}
        terms = dict(
            sorted(((t, round(s, 4)) for t, s in self._terms[item.chunk_id].items()), key=lambda pair: -pair[1])
        )
        bm25_rank = int(self._bm25_ranks[position]) if item.bm25 else None
        boost, judged = ranking.boosts.get(item.chunk_id), ranking.judged.get(item.chunk_id)
        return Explanation(
            bm25=LegExplanation(round(item.bm25, 4), bm25_rank, terms),
            dense=LegExplanation(round(float(ranking.cosine[position]), 4), int(self._dense_ranks[position])),
            weight=round(ranking.weight, 4),
            normalised={leg: round(value, 4) for leg, value in normalised.items()},
            why=ranking.reason.rounded(),
            boosts={"recency": round(boost, 4)} if boost else {},
            rerank=None if judged is None else round(judged, 4),
        )
