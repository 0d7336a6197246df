"""The read path, top to bottom: parse -> two legs -> both exact scores -> fuse -> group -> fetch, highlight."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from index.backend import Backend, Evidence, Lister
from index.config import BUNDLED_MODEL, IndexConfig
from index.connect import open_backend
from index.encode import Encoder, load_encoder
from index.errors import IndexMismatch
from index.models import Chunk, IndexStats
from index.reprints import same_story
from index.store import StoredArticle
from index.tokens import Tokenizer
from search.dates import date_offers
from search.facets import count_facets
from search.fusion import (
    DEFAULT_WEIGHT,
    Scores,
    adapt,
    convex,
    ranks,
    reciprocal_rank,
    scale_bm25,
    scale_cosine,
    spread,
    two_grains,
)
from search.group import Ranked, Story, by_article, by_chunk, fold_reprints
from search.highlight import focus, highlight
from search.language import narrowed
from search.models import Answer, Explanation, LegExplanation, Passage, Result, SearchOptions, Similar
from search.query import Query, check, parse
from search.recency import freshness
from search.rerank import POOL, CrossEncoderReranker, Reranker, blend
from search.similar import similar
from search.suggest import Suggester
from search.verdict import CUT_OFF, LOOKED_AT, at_least, confidence

CANDIDATES = 64  # chunks from each leg for a first page
_FOLDED = 50  # results among which reprints are looked for, at least
_PER_RESULT = 5  # and so many more for each result of a deep page


class SearchEngine:
    """Answers questions over one commit of an index. Safe to use from several threads."""

    def __init__(
        self,
        backend: Backend,
        encoder: Encoder,
        *,
        weight: float = DEFAULT_WEIGHT,
        reranker: Reranker | None = None,
        cut_off: float | None = None,
    ) -> None:
        """`weight` is BM25's share of the mix, 0..1; `reranker` reads the best candidates again.

        `cut_off` is the confidence under which an answer is none (see search.verdict); None shows whatever there is.
        """
        self._cut_off = cut_off
        self._backend = backend
        self._encoder = encoder
        self._tokenizer = Tokenizer(backend.config.user_words, backend.config.synonyms)
        self._weight = weight
        self._reranker = reranker

    @classmethod
    def open(cls, uri: str | Path, *, rerank: str | Reranker | None = None) -> Self:
        """Open an index: a folder, or a `milvus://` address. `rerank`: a CrossEncoder by hub name or folder.

        Raises IndexMissing, IndexCorrupt, IndexMismatch (made by another format or encoder), EncoderUnavailable.
        """
        backend = open_backend(uri)
        encoder = load_encoder(backend.config.model)
        want = backend.encoder_fingerprint
        if encoder.fingerprint != want:
            raise IndexMismatch(
                f"index {uri}: built with encoder {want}, {backend.config.model!r} is now {encoder.fingerprint}",
                hint="rebuild it: wensou index SOURCE... --index DIR --rebuild",
            )
        reranker = CrossEncoderReranker(rerank) if isinstance(rerank, str) else rerank
        # The cut-off was learned for the bundled encoder; another one's cosines mean something else.
        cut_off = CUT_OFF if backend.config.model == BUNDLED_MODEL else None
        return cls(backend, encoder, reranker=reranker, cut_off=cut_off)

    @property
    def config(self) -> IndexConfig:
        """The options the index was built with."""
        return self._backend.config

    @property
    def commit(self) -> int:
        """The commit that answers come from."""
        return self._backend.commit

    def search(self, text: str, options: SearchOptions | None = None, /, *, k: int | None = None) -> Answer:
        """Answer one question. `k` is short for `SearchOptions(k=k)`. Raises BadQuery or BadOption."""
        began = time.perf_counter()
        options = options or SearchOptions(k=10 if k is None else k)
        query, ranking = self._rank(text, options)
        stories = self._stories(ranking.groups, options)
        answered = self._answers(query, ranking, options)
        page = stories[options.offset : options.offset + options.k] if answered else stories[:1]
        results = self._focused(self._results(page, query, options, ranking), query, options)
        suggestions = self._meant(query, found=answered and bool(ranking.groups)) if options.offset == 0 else []
        warnings = query.warnings
        if not query.lexical and options.mode != "dense" and not warnings:
            warnings = ("no word in the query to look for",)
        return Answer(
            query=text,
            mode=options.mode,
            k=options.k,
            offset=options.offset,
            total=len(stories) if answered else 0,
            took_ms=round(1000 * (time.perf_counter() - began), 2),
            commit=self._backend.commit,
            warnings=warnings,
            results=tuple(results) if answered else (),
            nearest=None if answered or not results else results[0],
            offers=date_offers(text, date.today()),
            suggestions=tuple(suggestions),
            facets=self._facets(ranking.groups if answered else []) if options.facets else None,
        )

    def rank(self, text: str, options: SearchOptions) -> list[tuple[str, float]]:
        """The page of `search` as (article_id, score) alone: nothing is fetched or highlighted."""
        _, ranking = self._rank(text, options)
        page = ranking.groups[options.offset : options.offset + options.k]
        return [(group[0].article_id, group[0].score) for group in page]

    def _rank(self, text: str, options: SearchOptions) -> tuple[Query, "_Ranking"]:
        check(options)
        query = parse(text, self._tokenizer)
        options = replace(options, filters=narrowed(options.filters, query.where))
        depth = CANDIDATES
        while depth < _PER_RESULT * (options.offset + options.k):
            depth *= 2  # in doublings, so that neighbouring pages see the same candidates
        evidence = self._candidates(query, options, depth)
        return query, self._fuse(evidence, query, options)

    def _candidates(self, query: Query, options: SearchOptions, depth: int) -> list[Evidence]:
        """The union of both legs' best chunks, with both exact scores for every one of them."""
        ids: dict[str, None] = {}
        if options.mode != "dense":
            hits = self._backend.lexical(query.lexical, k=depth, filters=options.filters)
            ids.update(dict.fromkeys(hit.chunk_id for hit in hits))
        vector = None
        if options.mode != "bm25":
            vector = self._encoder.queries([query.text])[0]
            if vector.any():
                hits = self._backend.dense(vector, k=depth, filters=options.filters)
                ids.update(dict.fromkeys(hit.chunk_id for hit in hits))
        elif options.explain:
            vector = self._encoder.queries([query.text])[0]
        return self._backend.evidence(query.lexical, vector, list(ids), terms=options.explain)

    def _fuse(self, evidence: list[Evidence], query: Query, options: SearchOptions) -> "_Ranking":
        """Order and group the candidates."""
        bm25 = scale_bm25(np.array([e.bm25 for e in evidence]))
        cosine = two_grains(np.array([e.cosine for e in evidence]), np.array([e.article_cosine for e in evidence]))
        dense = scale_cosine(cosine, floor=self._backend.cosine_floor)
        weight = {"bm25": 1.0, "dense": 0.0, "hybrid": self._weight}[options.mode]
        if options.mode == "hybrid" and options.fusion == "adaptive":
            weight = adapt(weight, spread(bm25, [e.chunk_id.rpartition(":")[0] for e in evidence]))
        if options.mode == "hybrid" and options.fusion == "rrf":
            scores = reciprocal_rank([bm25, dense], weights=[weight, 1 - weight]).tolist()
        else:
            scores = convex(bm25, dense, weight=weight).tolist()
        ranked = [Ranked(e.chunk_id, s, i) for i, (e, s) in enumerate(zip(evidence, scores, strict=True)) if s > 0]
        ranked.sort(key=lambda item: (-item.score, item.chunk_id))
        ranked, boosts, judged = self._look_again(ranked, query, options)
        groups = by_article(ranked, passages=options.passages) if options.group == "article" else by_chunk(ranked)
        return _Ranking(groups, evidence, cosine, bm25, dense, weight, boosts, judged)

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
        again.sort(key=lambda item: (-item.score, item.chunk_id))
        return again, boosts, dict(zip(ids, judged.tolist(), strict=False))

    def _judge(self, ranked: list[Ranked], query: Query, options: SearchOptions) -> Scores:
        """What the reranker makes of the best candidates, title and passage; nothing where there is none."""
        if self._reranker is None or not options.rerank:
            return np.zeros(0)
        pool = ranked[:POOL]
        titles = {name: self._backend.article(name).article.title for name in {item.article_id for item in pool}}
        chunks = self._backend.chunks([item.chunk_id for item in pool])
        return self._reranker.scores(query.text, [f"{titles[c.article_id]}\n{c.text}".strip() for c in chunks])

    def _boosts(self, ranked: list[Ranked], half_life: float) -> list[float]:
        """What each candidate gains by its age."""
        published = self._backend.published([item.article_id for item in ranked])
        gains: list[float] = freshness(published, date.today(), half_life).tolist()
        return gains

    def _answers(self, query: Query, ranking: "_Ranking", options: SearchOptions) -> bool:
        """Whether anything here is about the question. What was narrowed by hand is shown whatever it is worth."""
        if self._cut_off is None or options.mode != "hybrid" or options.filters or query.where or not ranking.evidence:
            return True
        if float(ranking.dense.max()) >= self._cut_off:
            return True  # what the words add could only raise it
        chunks = self._backend.stats().chunks
        idf = {}
        for term, weight in query.lexical.words.items():
            df = self._backend.document_frequency(term)
            idf[term] = weight * math.log1p((chunks - df + 0.5) / (df + 0.5))
        nearest = float(ranking.dense.max())
        if at_least(nearest, idf, max(e.bm25 for e in ranking.evidence)) >= self._cut_off:
            return True
        top = np.argsort(-ranking.bm25, kind="stable")[:LOOKED_AT]
        ids = [ranking.evidence[i].chunk_id for i in top.tolist()]
        best = self._backend.evidence(query.lexical, None, ids, terms=True)
        return confidence(nearest, idf, best) >= self._cut_off

    def _stories(self, groups: list[list[Ranked]], options: SearchOptions) -> list[Story]:
        """Reprints folded among the first results, whichever page is asked for, so that pages fit together."""
        if options.group == "chunk":
            return [Story(group) for group in groups]
        first = groups[: max(_FOLDED, options.offset + options.k)]
        signatures = self._backend.signatures([group[0].article_id for group in first])
        return fold_reprints(groups, signatures, lambda a, b: same_story(self._text(a), self._text(b)))

    def _facets(self, groups: list[list[Ranked]]) -> Mapping[str, Mapping[str, int]]:
        return count_facets(self._backend.article(name).article for name in {group[0].article_id for group in groups})

    def _text(self, article_id: str) -> str:
        return self._backend.article(article_id).article.text

    def _copy(self, article_id: str) -> dict[str, str | None]:
        """What an answer says of a reprint."""
        article = self._backend.article(article_id).article
        return {
            "article_id": article_id,
            "title": article.title,
            "source": article.source,
            "published": article.published,
        }

    def _results(
        self,
        page: list[Story],
        query: Query,
        options: SearchOptions,
        ranking: "_Ranking",
    ) -> list[Result]:
        chunks = self._backend.chunks([item.chunk_id for story in page for item in story.chunks])
        text_of = {chunk.chunk_id: chunk for chunk in chunks}
        why = _Explainer(ranking) if options.explain else None
        results = []
        for story in page:
            group = story.chunks
            article = self._backend.article(group[0].article_id).article
            results.append(
                Result(
                    article_id=article.article_id,
                    title=article.title,
                    score=round(group[0].score, 6),
                    source=article.source,
                    author=article.author,
                    published=article.published,
                    path=article.path,
                    url=article.url,
                    tags=article.tags,
                    duplicates=tuple(self._copy(article_id) for article_id in story.copies),
                    passages=tuple(self._passage(text_of[item.chunk_id], item, query) for item in group),
                    explain=why.explain(group[0].position) if why else None,
                )
            )
        return results

    def _passage(self, chunk: Chunk, item: Ranked, query: Query) -> Passage:
        text = chunk.text.strip()
        start = chunk.start + len(chunk.text) - len(chunk.text.lstrip())
        marks = highlight(text, (*query.terms, *query.phrases), self._tokenizer)
        return Passage(chunk.chunk_id, start, start + len(text), text, marks, round(item.score, 6), chunk.heading)

    def _focused(self, results: list[Result], query: Query, options: SearchOptions) -> list[Result]:
        """Set off the nearest sentence of each result's best passage: of all of them it would cost a second search."""
        if options.mode == "bm25" or options.focus is False:
            return results
        best = {i: r.passages[0] for i, r in enumerate(results) if options.focus or not r.passages[0].highlights}
        if not best:
            return results
        vector = self._encoder.queries([query.text])[0]
        spans = focus([passage.text for passage in best.values()], vector, self._encoder.passages)
        out = list(results)
        for (i, passage), span in zip(best.items(), spans, strict=True):
            out[i] = replace(results[i], passages=(replace(passage, focus=span), *results[i].passages[1:]))
        return out

    def similar(self, article_id: str, k: int = 10) -> list[Similar]:
        """The `k` articles most like this one, never itself; NotFound for an unknown one, BadOption for a bad `k`."""
        check(SearchOptions(k=k))
        return similar(self._backend, self._tokenizer, article_id, k)

    @cached_property
    def _suggester(self) -> Suggester | None:
        """None on an engine that cannot list its titles and words."""
        return Suggester(self._backend, self._tokenizer) if isinstance(self._backend, Lister) else None

    def _meant(self, query: Query, *, found: bool) -> list[str]:
        """Other questions that were perhaps meant, where nothing is found or the question looks misspelt."""
        suggester = self._suggester
        if suggester is None or (found and not suggester.doubts(query.terms, query.text)):
            return []
        return suggester.correct(query.text)

    def suggest(self, text: str, k: int = 8) -> list[str]:
        """At most `k` titles and words that `text`, characters, pinyin or initials, is the beginning of."""
        return self._suggester.complete(text, k) if self._suggester else []

    def warm(self) -> None:
        """Load what the first question would wait for: dictionary, encoder, vectors, norms."""
        self.search("文搜")

    def article(self, article_id: str) -> StoredArticle:
        """One article as indexed: fields, display text, chunk spans; NotFound for an unknown one."""
        return self._backend.article(article_id)

    def stats(self) -> IndexStats:
        """Counts, sizes and names."""
        return self._backend.stats()

    def close(self) -> None:
        """Let go of files and memory."""
        self._backend.close()

    def __enter__(self) -> Self:
        """For `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


@dataclass(frozen=True, slots=True)
class _Ranking:
    """All results in order, and what they were made from: candidates, their cosines of both grains, both normalised
    legs, BM25's weight, and what each candidate's score was multiplied by, what the reranker
    made of those it read.
    """

    groups: list[list[Ranked]]
    evidence: list[Evidence]
    cosine: Scores
    bm25: Scores
    dense: Scores
    weight: float
    boosts: dict[str, float]
    judged: dict[str, float]


class _Explainer:
    """Ranks of all candidates in both legs, worked out once an answer."""

    def __init__(self, ranking: _Ranking) -> None:
        self._ranking = ranking
        self._bm25_ranks = ranks(np.array([e.bm25 for e in ranking.evidence]))
        self._dense_ranks = ranks(ranking.cosine)

    def explain(self, position: int) -> Explanation:
        ranking = self._ranking
        item = ranking.evidence[position]
        normalised = {"bm25": float(ranking.bm25[position]), "dense": float(ranking.dense[position])}
        terms = dict(sorted(((t, round(s, 4)) for t, s in item.terms.items()), key=lambda pair: -pair[1]))
        bm25_rank = int(self._bm25_ranks[position]) if item.bm25 else None
        boost, judged = ranking.boosts.get(item.chunk_id), ranking.judged.get(item.chunk_id)
        return Explanation(
            bm25=LegExplanation(round(item.bm25, 4), bm25_rank, terms),
            dense=LegExplanation(round(float(ranking.cosine[position]), 4), int(self._dense_ranks[position])),
            weight=round(ranking.weight, 4),
            normalised={leg: round(value, 4) for leg, value in normalised.items()},
            boosts={"recency": round(boost, 4)} if boost else {},
            rerank=None if judged is None else round(judged, 4),
        )
