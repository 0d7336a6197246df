"""A question -> all its results in order: two legs -> both exact scores -> fuse -> group."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import chain

import numpy as np

from index.analysis.fold import fold
from index.analysis.gaps import as_read, lone_joined
from index.analysis.names import normal
from index.analysis.short_forms import ShortForms
from index.analysis.tokenizer import Tokenizer
from index.backend import Backend, Namer, TitleFinder
from index.candidates import Candidates, joined
from index.encoders.base import Encoder
from index.models import Filters, Hit, Vectors, chunk_id_of
from index.retrieval.signals import (
    AT_FLOOR,
    Scores,
    coverage,
    idf_mass,
    scale_cosine,
    two_levels,
)
from search.models import Mode, SearchOptions, WeightReason
from search.query.filters import never
from search.query.language import narrowed
from search.query.parse import Query, check, expanded, parse, plainly
from search.query.stopwords import FUNCTION_WORDS
from search.ranking.alignment import BY_CHANCE, WEIGHT, Asked, aligned
from search.ranking.alignment import POOL as ALIGNED
from search.ranking.confidence import Confidence, Found, chance_score
from search.ranking.fusion import adapt, convex, dense_z_score, lexical_spread, reciprocal_rank, scale_bm25
from search.ranking.group import Ranked, by_article, by_chunk, found, in_order
from search.ranking.names import LONGER_TITLE, asked_for, lifted, named_articles
from search.ranking.recency import freshness
from search.ranking.rerank import POOL, Reranker, blend
from search.ranking.texts import Texts
from search.ranking.titles import compared, letters, like_titles
from search.ranking.weights import Mix

CANDIDATES = 64  # chunks from each leg for a first page
_CANDIDATES_PER_RESULT = 5  # and so many more for each result of a deep page
NOTHING_MEETS = "nothing meets the conditions of the question: asked without them"
NOTHING_PASSES = "nothing of what the filters let through answers the question: ask without them"
_MAX_CACHED_WORDS = 4096  # words whose document frequency is kept
# How far BM25 falls with the share of the question that an article does not hold: what holds all of its words is not
# beaten by what repeats one of them. Chosen of .25, .5 and 1 on bustm_dup, cmrc2018, domainrag and stard_rebuilt.
_COVERAGE = 0.25
_MIN_COVERED = 0.1  # of what is found within other words alone
_MOSTLY = 0.5  # a lift above it is that of an article which a question asks for
_MIN_OF_TITLE = 0.5  # of the idf mass of a question's words that titles have, in one that is compared with it
_MAX_TITLES = 32  # that are
_MAX_NAMED = 32  # articles named in a question whose passages are candidates
_MAX_PASSAGES_NAMED = 64  # of each


@dataclass(frozen=True, slots=True)
class Ranking:
    """All results in order, and what they were made from: the question's vector where it has one and its words' idf,
    candidates, their cosines of both levels, both normalised legs, how much of the words their articles hold, BM25's
    weight and why, what each candidate's score
    was multiplied by, what the reranker made of those it read, and the score that chance gives, where it is known, and
    how far the articles are lifted that the question names. `alignments` are those of the candidates looked at so far,
    by position, and `order` is what they count in the score; the mix of both legs has the rest, BM25 `weight` of it.
    """

    query: Query
    vector: Vectors | None
    idf: Mapping[str, float]
    groups: list[list[Ranked]]
    candidates: Candidates
    cosine: Scores
    bm25: Scores
    dense: Scores
    covered: Scores
    weight: float
    reason: WeightReason
    boosts: Mapping[str, float] = field(default_factory=dict)
    judged: Mapping[str, float] = field(default_factory=dict)
    chance: float = 0.0
    lifts: Mapping[str, float] = field(default_factory=dict)
    alignments: dict[int, float] = field(default_factory=dict)
    order: float = 0.0

    @property
    def asked_by_name(self) -> bool:
        """Whether the question is mostly what some article is called."""
        return max(self.lifts.values(), default=0.0) > _MOSTLY


class Ranker:
    """Ranks the chunks and articles of one commit for questions. Safe to use from several threads."""

    def __init__(
        self,
        backend: Backend,
        encoder: Encoder,
        mix: Mix,
        reranker: Reranker | None = None,
        tokenizer: Tokenizer | None = None,
        threshold: float | None = None,
    ) -> None:
        """`mix` is BM25's weight and scale; `reranker` reads the best again; `tokenizer`: the index's, if loaded.

        `threshold` is Confidence's.
        """
        self._backend = backend
        self._encoder = encoder
        self.tokenizer = tokenizer or Tokenizer(backend.config.user_words, backend.config.synonyms)
        self._mix = mix
        self._reranker = reranker
        self._texts = Texts(backend)
        self._chunks = backend.stats().chunks
        self._named = backend.named if isinstance(backend, Namer) else None
        self._finder = backend if isinstance(backend, TitleFinder) else None
        self._short_forms = ShortForms(backend.calibration.get("short_forms"))
        self.confidence = Confidence(backend, threshold)
        # A commit does not change, so neither do its counts; the cache is this ranker's own.
        self.document_frequency = lru_cache(_MAX_CACHED_WORDS)(backend.document_frequency)

    def rank(self, text: str, options: SearchOptions) -> Ranking:
        """Everything found, in order. Raises BadQuery or BadOption."""
        check(options)
        query = parse(text, self.tokenizer, self._short_forms, expand=options.expand)
        if query.where is not None and self._is_title(text):
            return self._rank(self._plainly(query, text, options, whole=True), options)
        found = self._rank(query, options)
        if query.where is None or found.groups:
            return found
        warnings = (*query.warnings, *never(options.filters, query.where))
        plain = self._rank(self._plainly(query, text, options, *warnings, NOTHING_MEETS), options)
        return plain if plain.groups else replace(found, query=replace(query, warnings=warnings))

    def _plainly(self, query: Query, text: str, options: SearchOptions, *warnings: str, whole: bool = False) -> Query:
        plain = plainly(query, text, self.tokenizer, *warnings, whole=whole)
        return expanded(plain, self.tokenizer, self._short_forms, expand=options.expand)

    def _is_title(self, text: str) -> bool:
        """Whether a question with operators is some article's title, which holds these very signs."""
        found = self._named([normal(text)], _MAX_NAMED, Filters()) if self._named else {}
        said = "".join(fold(text).split())
        titles = self._backend.titles_of([name for names in found.values() for name in names])
        return any("".join(fold(title).split()) == said for title in titles)

    def _rank(self, query: Query, options: SearchOptions) -> Ranking:
        if query.where is not None:
            options = replace(options, filters=narrowed(options.filters, query.where))
        depth = CANDIDATES
        while depth < _CANDIDATES_PER_RESULT * (options.offset + options.k):
            depth *= 2  # in doublings, so that neighbouring pages see the same candidates
        candidates, vector = self._candidates(query, options, depth)
        lifts = self._lifts(query, options, candidates)
        if lifts:
            candidates = self._with_named(candidates, lifts, query, vector, options)
        return self._fuse(candidates, query, vector, options, lifts)

    def _lifts(self, query: Query, options: SearchOptions, candidates: Candidates) -> dict[str, float]:
        """The articles that the question names, or whose titles it nearly says, and how far that lifts them."""
        named = self._named
        tokens = query.tokens
        if named is None or not tokens:
            return {}
        lifts = named_articles(query.text, tokens, lambda names, most: named(names, most, options.filters))
        asked = asked_for(tokens)
        said = letters(query.text[min(token.start for token in asked) : max(token.end for token in asked)])
        if compared(said):
            names = self._titled([token.term for token in asked], options, candidates)
            titles = dict(zip(names, self._backend.titles_of(names), strict=True))
            for name, lift in like_titles(said, titles).items():
                if self._entitled(name):
                    lifts[name] = max(lift, lifts.get(name, 0.0))
        return lifts

    def _entitled(self, article_id: str) -> bool:
        """Whether an article's title was given to it, not taken from the beginning of a sentence of its own: that is
        asked for by what it says.
        """
        article = self._backend.article(article_id).article
        rest = article.text.removeprefix(article.title)
        return rest == article.text or rest.startswith("\n")

    def _titled(self, asked: Sequence[str], options: SearchOptions, candidates: Candidates) -> list[str]:
        """Articles whose titles may be what is `asked`, these words: those that hold most of them."""
        if self._finder is None:
            best = np.argsort(-candidates.best_of_articles(candidates.bm25), kind="stable")
            return [candidates.article_ids[at] for at in best[:_MAX_TITLES].tolist()]
        words = idf_mass({term: 1.0 for term in asked if term not in FUNCTION_WORDS}, self, self._chunks)
        return self._finder.titled(words, _MIN_OF_TITLE, _MAX_TITLES, options.filters)

    def _with_named(
        self,
        candidates: Candidates,
        lifts: dict[str, float],
        query: Query,
        vector: Vectors | None,
        options: SearchOptions,
    ) -> Candidates:
        """`candidates` and the passages of articles named; those called something more are lifted less."""
        known = set(candidates.chunk_ids)
        named = sorted(lifts, key=lambda name: (-lifts[name], name))[:_MAX_NAMED]
        asked = normal(query.text)
        ids: list[str] = []
        for name, stored in zip(named, self._backend.articles(named), strict=True):
            ids += [chunk_id_of(name, i) for i in range(min(len(stored.spans), _MAX_PASSAGES_NAMED))]
            if normal(stored.article.title) not in asked:
                lifts[name] *= LONGER_TITLE
        new = [chunk_id for chunk_id in ids if chunk_id not in known]
        near = vector if self.leg(options) != "bm25" or options.explain else None
        if not new:
            return candidates
        return joined([candidates, self._backend.evidence(query.lexical, near, new)]).by_id()

    def leg(self, options: SearchOptions) -> Mode:
        """The legs that are asked: of a hybrid question both, unless one is switched off."""
        if options.mode == "hybrid" and self._mix.weight in (0, 1):
            return "bm25" if self._mix.weight else "dense"
        return options.mode

    def _candidates(self, query: Query, options: SearchOptions, depth: int) -> tuple[Candidates, Vectors | None]:
        """The union of both legs' best chunks by id, with both exact scores for every one of them."""
        leg, filters = self.leg(options), options.filters
        vector = (
            self._encoder.queries([as_read(lone_joined(query.text))])[0] if leg != "bm25" or options.explain else None
        )
        near = vector if leg != "bm25" and vector is not None and vector.any() else None
        if near is not None and leg == "hybrid":
            return self._backend.both(query.lexical, near, k=depth, filters=filters), vector
        hits: list[Hit] = []
        if leg != "dense":
            hits = self._backend.lexical(query.lexical, k=depth, filters=filters)
        elif near is not None:
            hits = self._backend.dense(near, k=depth, filters=filters)
        return self._backend.evidence(query.lexical, vector, sorted(hit.chunk_id for hit in hits)), vector

    def _fuse(
        self,
        candidates: Candidates,
        query: Query,
        vector: Vectors | None,
        options: SearchOptions,
        lifts: Mapping[str, float],
    ) -> Ranking:
        """Order and group the candidates."""
        idf = idf_mass(query.own_words, self, self._chunks)
        mass = sum(idf.values())
        covered = self._covered(query, idf, candidates)
        words = scale_bm25(candidates.bm25, full=self._mix.strength * mass)
        bm25 = words * np.maximum(covered, _MIN_COVERED) ** _COVERAGE
        cosine = two_levels(candidates)
        dense = scale_cosine(cosine, floor=self._mix.floor)
        reason = self._reason(candidates, cosine, vector, options)
        ranking = Ranking(query, vector, idf, [], candidates, cosine, bm25, dense, covered, 0.0, reason, lifts=lifts)
        return self.remixed(ranking, options, reason.corpus)

    def remixed(self, ranking: Ranking, options: SearchOptions, weight: float, *, adaptive: bool = True) -> Ranking:
        """`ranking`, found with `options`, as it is if BM25's weight in this index is `weight`.

        That moves with the question where `adaptive`; legs, names and the second look are as in any search.
        """
        reason, candidates, lifts = ranking.reason, ranking.candidates, ranking.lifts
        by_rank = options.mode == "hybrid" and options.fusion == "rrf"
        # A leg alone stays as it is, be it asked for or all that the index goes by.
        aligns = options.mode == "hybrid" and not by_rank and 0 < weight < 1
        if adaptive:
            weight = adapt(weight, reason.dense_z_score * reason.lexical_spread)
        order = self._weight_of_order(weight) if aligns else 0.0
        weight = (weight - order) / (1 - order)
        if by_rank:
            mixed, chance = reciprocal_rank([ranking.bm25, ranking.dense], weights=[weight, 1 - weight]), 0.0
        else:
            mixed, chance = convex(ranking.bm25, ranking.dense, weight=weight), self._chance(ranking, weight)
        if order:
            mixed, chance = self._aligned(ranking, mixed, order), (1 - order) * chance + order * BY_CHANCE
        if lifts:
            mixed = lifted(mixed, candidates, lifts)
            chance *= 1 - max(lifts.values())
        ranked = found(candidates.chunk_ids, mixed)
        ranked, boosts, judged = self._look_again(ranked, ranking.query, options)
        chance = 0.0 if judged else chance
        if options.group == "article":
            groups = by_article(ranked, candidates.articles.tolist(), passages=options.passages)
        else:
            groups = by_chunk(ranked)
        return replace(ranking, groups=groups, weight=weight, boosts=boosts, judged=judged, chance=chance, order=order)

    def _weight_of_order(self, weight: float) -> float:
        """What alignment counts in the score. It goes by the words, too, so it has that of BM25's `weight`."""
        return min(WEIGHT, weight)

    def _aligned(self, ranking: Ranking, mixed: Scores, weight: float) -> Scores:
        """The mixed scores once the texts of the best are laid beside the question, which counts `weight`."""
        pool = np.argsort(-mixed, kind="stable")[: min(ALIGNED, np.count_nonzero(mixed > 0))]
        known = ranking.alignments
        new = [at for at in pool.tolist() if at not in known]
        if new:
            asked = Asked.of(ranking.query.folded, ranking.idf)
            said = self._texts.readings([ranking.candidates.chunk_ids[at] for at in new], digits=asked.has_numbers)
            known.update(zip(new, asked.alignments(said).tolist(), strict=True))
        return aligned(mixed, pool, np.array([known[at] for at in pool.tolist()]), weight)

    def _chance(self, ranking: Ranking, weight: float) -> float:
        """The mixed score that chance gives at this `weight` of BM25."""
        measured, mass = self.confidence.measured, sum(ranking.idf.values())
        if not measured or mass <= 0:
            return (1 - weight) * AT_FLOOR
        best = max(self._mix.strength, float(ranking.candidates.bm25.max(initial=0.0)) / mass)
        return chance_score(measured.chance, weight, best)

    def _covered(self, query: Query, idf: Mapping[str, float], candidates: Candidates) -> Scores:
        """How much of the question's idf mass the article of each candidate holds, (candidates,)."""
        words, matched = candidates.words, candidates.matched
        if query.expanded:
            own = {name: self.tokenizer.terms(name) for name in query.expanded}
            words = [*dict.fromkeys([*words, *chain(*own.values())])]
            matched = np.pad(matched, ((0, 0), (0, len(words) - len(candidates.words))))
            for name, others in query.expanded.items():
                said = matched[:, [word in others for word in words]].sum(axis=1)
                matched[:, [word in own[name] for word in words]] |= (2 * said >= len(others))[:, None]
        return coverage(idf, words, matched)

    def _reason(
        self, candidates: Candidates, cosine: Scores, vector: Vectors | None, options: SearchOptions
    ) -> WeightReason:
        """BM25's weight in this index, and how far the question trusts the dense leg."""
        if options.mode != "hybrid":
            return WeightReason("mode", 1.0 if options.mode == "bm25" else 0.0)
        corpus, origin = self._mix.weight, self._mix.origin
        if options.fusion != "adaptive" or not 0 < corpus < 1 or vector is None or not len(cosine):
            return WeightReason(origin, corpus)
        return WeightReason(
            origin,
            corpus,
            dense_z_score(float(cosine.max()), self._backend.background(vector), self._mix.z_score),
            lexical_spread(candidates.best_of_articles(candidates.bm25)) if self._mix.spread else 1.0,
        )

    def _look_again(
        self, ranked: list[Ranked], query: Query, options: SearchOptions
    ) -> tuple[list[Ranked], dict[str, float], dict[str, float]]:
        """What reranker and recency, where asked for, make of the mix: an order, each chunk's boost and judgement."""
        judged = self._judge(ranked, query, options)
        if not len(judged) and not options.recency:
            return ranked, {}, {}
        ids = [item.chunk_id for item in ranked]
        boosts = dict(zip(ids, self._boosts(ranked, options.recency), strict=True)) if options.recency else {}
        final = blend([item.score for item in ranked], judged)
        again = [item._replace(score=s * boosts.get(item.chunk_id, 1.0)) for item, s in zip(ranked, final, strict=True)]
        in_order(again)
        return again, boosts, dict(zip(ids, judged.tolist(), strict=False))

    def _judge(self, ranked: list[Ranked], query: Query, options: SearchOptions) -> Scores:
        """What the reranker makes of the best candidates, title and passage; nothing where there is none."""
        if self._reranker is None or not options.rerank:
            return np.zeros(0)
        return self._reranker.scores(query.text, self._texts.passages([item.chunk_id for item in ranked[:POOL]]))

    def _boosts(self, ranked: list[Ranked], half_life: float) -> list[float]:
        """What each candidate gains by its age."""
        published = self._backend.published([item.article_id for item in ranked])
        gains: list[float] = freshness(published, date.today(), half_life).tolist()
        return gains

    def confident(self, ranking: Ranking, options: SearchOptions) -> bool:
        """Whether what was found may answer. Articles that were chosen by hand are not doubted, their absence is."""
        if options.filters or ranking.query.where or ranking.asked_by_name:
            return bool(ranking.groups)
        return bool(ranking.groups) and self.confidence.confident(self.leg(options), self._found(ranking))

    def score(self, ranking: Ranking, options: SearchOptions) -> float:
        """How sure the answer is, on the scale of Confidence.threshold; infinite where it is not judged by that."""
        if options.filters or ranking.query.where or ranking.asked_by_name or not ranking.groups:
            return float("inf") if ranking.groups else float("-inf")
        return self.confidence.score(self.leg(options), self._found(ranking))

    def _found(self, ranking: Ranking) -> Found:
        return Found(
            ranking.query, ranking.idf, ranking.candidates.bm25, ranking.dense, ranking.covered, self.document_frequency
        )
