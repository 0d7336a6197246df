"""Why a result stands where it stands: both legs, the weight and the reasons for it."""

from collections.abc import Mapping, Sequence

from index.backend import Backend
from index.models import article_of
from search.models import Explanation, LegExplanation
from search.query.stopwords import FUNCTION_WORDS
from search.ranking.alignment import BY_CHANCE
from search.ranking.fusion import ranks
from search.ranking.ranker import Ranking

_NEAR_THRESHOLD = 0.2  # a scaled cosine that is more than an accident
_FIRST = 10  # ranks of the dense leg that are told of
_PARTS = {
    "named": "问的就是这篇的标题或文号",
    "mentioned": "问题里提到了这篇的标题或文号",
    "all_words": "写有问题里的全部关键词：{}",
    "words": "写有问题里的词：{}",
    "other_words": "写有{}的另一种说法",
    "near": "段落的意思也与问题相近",
    "only_near": "没有问题里的原词，但段落的意思与问题相近",
    "first": "按词排在第一",
    "recent": "发布得较新",
    "little": "与问题只有零星相同的字词，可能无关",
}


class Explainer:
    """Ranks of all candidates in both legs, worked out once an answer, and the terms of those that are shown."""

    def __init__(self, ranking: Ranking, backend: Backend, shown: Sequence[int]) -> None:
        """Rank the candidates of `ranking`, and ask `backend` for the terms of those at the positions `shown`."""
        self._ranking = ranking
        ids = [ranking.candidates.chunk_ids[position] for position in shown]
        self._terms = {e.chunk_id: e.terms for e in backend.evidence(ranking.query.lexical, None, ids, terms=True)}
        self._bm25_ranks = ranks(ranking.candidates.bm25)
        self._dense_ranks = ranks(ranking.cosine)

    def explain(self, position: int) -> Explanation:
        """Why the candidate at `position`, one of those shown, stands where it stands."""
        ranking = self._ranking
        item = ranking.candidates[position]
        normalised = {"bm25": float(ranking.bm25[position]), "dense": float(ranking.dense[position])}
        terms = dict(
            sorted(((t, round(s, 4)) for t, s in self._terms[item.chunk_id].items()), key=lambda pair: -pair[1])
        )
        bm25_rank = int(self._bm25_ranks[position]) if item.bm25 else None
        boost, judged = ranking.boosts.get(item.chunk_id), ranking.judged.get(item.chunk_id)
        named = ranking.lifts.get(article_of(item.chunk_id), 0.0)
        rest = 1.0 - max(ranking.lifts.values(), default=0.0)
        parts = self._parts(position, terms, bm25_rank, named)
        return Explanation(
            bm25=LegExplanation(round(item.bm25, 4), bm25_rank, terms),
            dense=LegExplanation(round(float(ranking.cosine[position]), 4), int(self._dense_ranks[position])),
            weight=round(ranking.weight, 4),
            normalised={leg: round(value, 4) for leg, value in normalised.items()},
            why=ranking.reason.rounded(),
            alignment=self._alignment(position),
            boosts={"recency": round(boost, 4)} if boost else {},
            rerank=None if judged is None else round(judged, 4),
            named=round(named, 4),
            rest=round(rest, 4),
            reason=_sentence(parts),
            parts=parts,
            expanded={
                name: {term: round(weight, 4) for term, weight in others.items()}
                for name, others in ranking.query.expanded.items()
            },
        )

    def _alignment(self, position: int) -> dict[str, float]:
        if not self._ranking.order:
            return {}
        return {
            "value": round(self._ranking.alignments.get(position, BY_CHANCE), 4),
            "weight": round(self._ranking.order, 4),
        }

    def _parts(
        self, position: int, terms: Mapping[str, float], bm25_rank: int | None, named: float
    ) -> dict[str, tuple[str, ...]]:
        """What speaks for it, by the names of _PARTS, each with the words it is about."""
        ranking = self._ranking
        telling = [term for term in terms if term not in FUNCTION_WORDS and (len(term) > 1 or len(terms) < 3)]
        own = ranking.query.own_words
        words = tuple(term for term in telling if term in own)[:4]
        asked = [term for term in own if term not in FUNCTION_WORDS]
        near = float(ranking.dense[position]) > _NEAR_THRESHOLD and int(self._dense_ranks[position]) <= _FIRST
        parts: dict[str, tuple[str, ...]] = {}
        if named:
            parts["named" if named > 0.5 else "mentioned"] = ()
        if words:
            parts["all_words" if set(asked) <= set(terms) else "words"] = words
        expanded = ranking.query.expanded.items()
        called = tuple(name for name, others in expanded if 2 * sum(term in terms for term in others) >= len(others))
        if called:
            parts["other_words"] = called
        if near:
            parts["near" if parts else "only_near"] = ()
        if bm25_rank == 1 and len(parts) > 1 and not named:
            parts["first"] = ()
        if ranking.boosts:
            parts["recent"] = ()
        return parts or {"little": ()}


def _sentence(parts: Mapping[str, Sequence[str]]) -> str:
    return "，".join(_PARTS[name].format("、".join(words)) for name, words in parts.items()) + "。"
