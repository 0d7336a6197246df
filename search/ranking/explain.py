"""Why a result stands where it stands: both legs, the weight and the reasons for it."""

from collections.abc import Mapping, Sequence

import numpy as np

from index.backend import Backend
from index.models import article_of
from search.models import Explanation, LegExplanation
from search.query.stopwords import FUNCTION_WORDS
from search.ranking.fusion import ranks
from search.ranking.ranker import Ranking

_NEAR_THRESHOLD = 0.2  # a scaled cosine that is more than an accident
_FIRST = 10  # ranks of the dense leg that are told of


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
        named = ranking.lifts.get(article_of(item.chunk_id), 0.0)
        rest = 1.0 - max(ranking.lifts.values(), default=0.0)
        return Explanation(
            bm25=LegExplanation(round(item.bm25, 4), bm25_rank, terms),
            dense=LegExplanation(round(float(ranking.cosine[position]), 4), int(self._dense_ranks[position])),
            weight=round(ranking.weight, 4),
            normalised={leg: round(value, 4) for leg, value in normalised.items()},
            why=ranking.reason.rounded(),
            boosts={"recency": round(boost, 4)} if boost else {},
            rerank=None if judged is None else round(judged, 4),
            named=round(named, 4),
            rest=round(rest, 4),
            reason=self._reason(position, terms, bm25_rank, named),
            expanded={
                name: {term: round(weight, 4) for term, weight in others.items()}
                for name, others in ranking.query.expanded.items()
            },
        )

    def _reason(self, position: int, terms: Mapping[str, float], bm25_rank: int | None, named: float) -> str:
        """What speaks for it, in a sentence."""
        ranking = self._ranking
        telling = [term for term in terms if term not in FUNCTION_WORDS and (len(term) > 1 or len(terms) < 3)]
        own = ranking.query.own_words
        words = [term for term in telling if term in own][:4]
        asked = [term for term in own if term not in FUNCTION_WORDS]
        near = float(ranking.dense[position]) > _NEAR_THRESHOLD and int(self._dense_ranks[position]) <= _FIRST
        parts = []
        if named:
            parts.append("问的就是这篇的标题或文号" if named > 0.5 else "问题里提到了这篇的标题或文号")
        if words:
            all_of = "写有问题里的全部关键词" if set(asked) <= set(terms) else "写有问题里的词"
            parts.append(f"{all_of}：{'、'.join(words)}")
        expanded = ranking.query.expanded.items()
        called = [name for name, others in expanded if 2 * sum(term in terms for term in others) >= len(others)]
        if called:
            parts.append(f"写有{'、'.join(called)}的另一种说法")
        if near:
            parts.append("段落的意思也与问题相近" if parts else "没有问题里的原词，但段落的意思与问题相近")
        if bm25_rank == 1 and len(parts) > 1 and not named:
            parts.append("按词排在第一")
        if ranking.boosts:
            parts.append("发布得较新")
        return "，".join(parts) + "。" if parts else "与问题只有零星相同的字词，可能无关。"
