"""The read path, top to bottom: parse -> two legs -> both exact scores -> fuse -> group -> fetch, highlight.

search.ranking.ranker makes the order; here it becomes pages of results.
"""

import copy
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from index.analysis.characters import GBK_HAN
from index.analysis.fold import fold
from index.analysis.near_duplicates import near_duplicates, tells_more
from index.analysis.tokenizer import Tokenizer
from index.backend import Backend, Lister, Verifying
from index.config import IndexConfig
from index.connect import narrow, open_backend
from index.encoders.base import Encoder
from index.encoders.load import load_encoder
from index.errors import IndexMismatch
from index.models import Article, Filters, IndexStats, StoredArticle, Vectors
from search.facets import count_facets
from search.highlight import Span, focus, highlight, surroundings
from search.models import Answer, Passage, Result, SearchOptions, Similar
from search.passages import Stretch, stretches
from search.query.dates import date_offers
from search.query.filters import never
from search.query.parse import Query, check, parse
from search.query.stopwords import FUNCTION_WORDS
from search.ranking.explain import Explainer
from search.ranking.group import Cluster, Ranked, fold_near_duplicates
from search.ranking.mmr import POOL, mmr
from search.ranking.ranker import NOTHING_PASSES, Ranker, Ranking
from search.ranking.rerank import CrossEncoderReranker, Reranker
from search.ranking.similar import similar
from search.ranking.weights import mix_of
from search.suggest.suggester import Suggester

_MIN_RESULTS_TO_FOLD = 30  # results among which near-duplicates are looked for, at least
_MAX_PAIRS = 4_096  # of articles that look alike, of which is kept whether they say the same
_WORTH_SORTING = 0.4  # of the best score: where results come by date, what has less stands below the line, by date too


class SearchEngine:
    """Answers questions over one commit of an index. Safe to use from several threads."""

    def __init__(
        self,
        backend: Backend,
        encoder: Encoder,
        *,
        weight: float | None = None,
        reranker: Reranker | None = None,
        threshold: float | None = None,
    ) -> None:
        """`weight` is BM25's weight of the mix, 0..1, instead of the index's own; `reranker` reads the best again.

        `threshold` is the score under which an answer is doubted, instead of the index's own (see
        search.ranking.confidence).
        """
        self._backend = backend
        self._encoder = encoder
        self._reranker = reranker
        self.mix = mix_of(backend)
        if weight is not None:
            self.mix = replace(self.mix, weight=weight, origin="given")
        self._ranker = Ranker(backend, encoder, self.mix, reranker, threshold=threshold)
        self._tokenizer = self._ranker.tokenizer

    @classmethod
    def open(cls, uri: str | Path, *, rerank: str | Reranker | None = None, weight: float | None = None) -> Self:
        """Open an index: a folder, or a `milvus://` address. `rerank`: a CrossEncoder by hub name or folder.

        `weight` is BM25's weight, instead of the index's own.

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
        return cls(backend, encoder, weight=weight, reranker=reranker)

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
        ranking = self.ranking(text, options)
        query = ranking.query
        confident = self._ranker.confident(ranking, options)
        level = self._level(ranking, options, confident=confident)
        clusters = self._clusters(ranking, options)
        page = clusters[options.offset : options.offset + options.k]
        results = self._focused(self._results(page, options, ranking, level), ranking, options)
        found = confident and bool(ranking.groups)
        suggestions = self._meant(query, found=found) if options.offset == 0 and not ranking.asked_by_name else []
        warnings = tuple(dict.fromkeys((*query.warnings, *never(options.filters))))
        if not query.lexical and options.mode != "dense" and not warnings:
            warnings = ("no word in the query to look for",)
        if options.filters and not ranking.groups and not warnings:
            warnings = (NOTHING_PASSES,)
        return Answer(
            query=text,
            mode=options.mode,
            k=options.k,
            offset=options.offset,
            total=sum(cluster.chunks[0].score > level for cluster in clusters),
            took_ms=round(1000 * (time.perf_counter() - began), 2),
            commit=self._backend.commit,
            warnings=warnings,
            results=tuple(results),
            confident=confident,
            offers=date_offers(text, date.today()),
            suggestions=tuple(suggestions),
            facets=self._facets(ranking.groups) if options.facets else None,
        )

    def ranking(self, text: str, options: SearchOptions) -> Ranking:
        """Everything that is found, in order, with the numbers it was made from; for trials and tuning."""
        return self._ranker.rank(text, options)

    def remixed(self, ranking: Ranking, options: SearchOptions, weight: float, *, adaptive: bool = True) -> Ranking:
        """`ranking` if BM25's weight in this index were `weight`; see Ranker."""
        return self._ranker.remixed(ranking, options, weight, adaptive=adaptive)

    def rank(self, text: str, options: SearchOptions) -> list[tuple[str, float]]:
        """The page of `search` as (article_id, score) alone: nothing is fetched or highlighted."""
        return self.page(self.ranking(text, options), options)

    def page(self, ranking: Ranking, options: SearchOptions) -> list[tuple[str, float]]:
        """What `search` shows of a ranking, as (article_id, score)."""
        page = self._clusters(ranking, options)[options.offset : options.offset + options.k]
        return [(cluster.chunks[0].article_id, cluster.chunks[0].score) for cluster in page]

    @staticmethod
    def _level(ranking: Ranking, options: SearchOptions, *, confident: bool) -> float:
        """The score up to which results are marked as chance; the first of an answer not doubted is none.

        Where results come by date, it is also the one up to which they are not worth standing among the others.
        """
        best = ranking.groups[0][0].score if ranking.groups else 0.0
        level = min(ranking.chance, best / 2) if confident else ranking.chance
        return max(level, _WORTH_SORTING * best) if options.sort == "date" else level

    def _clusters(self, ranking: Ranking, options: SearchOptions) -> list[Cluster]:
        """Near-duplicates folded among the first results, whichever page is asked for, so that pages fit together."""
        groups = ranking.groups
        if options.group == "chunk":
            clusters = [Cluster(group) for group in groups]
        else:
            first = groups[: max(_MIN_RESULTS_TO_FOLD, options.offset + options.k)]
            signatures = self._backend.signatures([group[0].article_id for group in first])
            clusters = fold_near_duplicates(groups, signatures, self._same)
        if options.sort == "date" and clusters:
            return self._by_date(clusters, self._level(ranking, options, confident=True))
        if not options.diversity:
            return clusters
        pool = clusters[:POOL]
        vectors = [self._backend.article_vector(cluster.chunks[0].article_id) for cluster in pool]
        scores = np.array([cluster.chunks[0].score for cluster in pool])
        return [*(pool[at] for at in mmr(scores, np.array(vectors), options.diversity)), *clusters[POOL:]]

    def _by_date(self, clusters: list[Cluster], level: float) -> list[Cluster]:
        """The newest first, those without a date last; after all of them what scores up to `level`, in like order."""
        days = self._backend.published([cluster.chunks[0].article_id for cluster in clusters])

        def place(at: int) -> tuple[bool, int]:
            day = days[at]
            return clusters[at].chunks[0].score <= level, -(day.toordinal() if day else 0)

        return [clusters[at] for at in sorted(range(len(clusters)), key=place)]

    @cached_property
    def _same(self) -> Callable[[str, str], bool]:
        return lru_cache(_MAX_PAIRS)(self._repeats)  # two articles of one commit stay as they are

    def _repeats(self, shown: str, other: str) -> bool:
        """Whether two articles say the same, neither of them more."""
        one, two = self._text(shown), self._text(other)
        return near_duplicates(one, two) and not (tells_more(one, two) or tells_more(two, one))

    def _facets(self, groups: list[list[Ranked]]) -> Mapping[str, Mapping[str, int]]:
        stored = self._backend.articles([*{group[0].article_id for group in groups}])
        return count_facets(one.article for one in stored)

    def _text(self, article_id: str) -> str:
        return self._backend.article(article_id).article.text

    def _copy(self, article_id: str) -> dict[str, str | None]:
        """What an answer says of a near-duplicate."""
        article = self._backend.article(article_id).article
        return {
            "article_id": article_id,
            "title": article.title,
            "source": article.source,
            "published": article.published,
        }

    def _results(
        self,
        page: list[Cluster],
        options: SearchOptions,
        ranking: Ranking,
        level: float,
    ) -> list[Result]:
        """The results of a page; those with a score up to `level` are marked as chance."""
        stored = self._backend.articles([cluster.chunks[0].article_id for cluster in page])
        shown_of = [stretches(one, cluster.chunks) for one, cluster in zip(stored, page, strict=True)]
        titles = [one.article.title for one in stored]
        texts = [one.article.text[s.start : s.end] for one, some in zip(stored, shown_of, strict=True) for s in some]
        marks = highlight([*titles, *texts], ranking.query.marked, self._tokenizer)
        passages = zip(texts, marks[len(titles) :], strict=True)
        shown = [cluster.chunks[0].position for cluster in page]
        why = Explainer(ranking, self._backend, shown) if options.explain else None
        results = []
        for cluster, one, some, marked in zip(page, stored, shown_of, marks, strict=False):
            group, article = cluster.chunks, one.article
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
                    duplicates=tuple(self._copy(article_id) for article_id in cluster.duplicates),
                    passages=tuple(self._passage(s, one, *next(passages), options) for s in some),
                    chance=group[0].score <= level,
                    title_highlights=tuple(s for s in marked if fold(article.title[slice(*s)]) not in FUNCTION_WORDS),
                    explain=why.explain(group[0].position) if why else None,
                )
            )
        return results

    def _passage(
        self, shown: Stretch, stored: StoredArticle, text: str, marks: tuple[Span, ...], options: SearchOptions
    ) -> Passage:
        before = after = None
        if options.context:
            before, after = surroundings(stored.article.text, shown.start, shown.end, options.context)
        return Passage(
            chunk_id=shown.chunk_id,
            start=shown.start,
            end=shown.end,
            text=text,
            highlights=marks,
            score=round(shown.score, 6),
            heading=shown.heading,
            before=before,
            after=after,
            page=_page(stored.article, shown.start, marks),
        )

    def _focused(self, results: list[Result], ranking: Ranking, options: SearchOptions) -> list[Result]:
        """Set off the nearest sentence of each result's best passage: of all of them it would cost a second search."""
        if options.mode == "bm25" or options.focus is False:
            return results
        best = {i: r.passages[0] for i, r in enumerate(results) if options.focus or not r.passages[0].highlights}
        if not best or ranking.vector is None:
            return results
        spans = focus([passage.text for passage in best.values()], ranking.vector, self._encoder.passages)
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
        if suggester is None or (found and not suggester.doubts(query, self._ranker.document_frequency)):
            return []
        return suggester.correct(query.text, whole=found)

    def suggest(self, text: str, k: int = 8) -> list[str]:
        """At most `k` titles and words that `text`, characters, pinyin or initials, is the beginning of."""
        return self._suggester.complete(text, k) if self._suggester else []

    def narrowed(self, filters: Filters, earlier: "SearchEngine | None" = None) -> "SearchEngine":
        """An engine over the articles that pass `filters` alone, as if there were no others; it shares the encoder.

        `earlier` is such an engine of an earlier commit, of which work may be taken over.
        """
        backend = narrow(self._backend, filters, earlier._backend if earlier else None)
        engine = copy.copy(self)
        for name in ("_suggester", "_same"):  # made of the titles, words and texts of all
            engine.__dict__.pop(name, None)
        engine._backend = backend
        engine._ranker = Ranker(backend, self._encoder, self.mix, self._reranker, self._tokenizer)
        return engine

    def warm(self) -> None:
        """Load all that any question would wait for, once: dictionary, encoder, vectors, norms, titles and words."""
        fold("".join(map(chr, GBK_HAN)))  # which learns each character where it meets it
        for text in ("文搜", "检索"):  # the very first is answered without the dictionary and the whole tokenizer
            self.search(text, SearchOptions(explain=True, focus=True, facets=True, context=1))
        self.suggest("文")
        if self._suggester:
            self._suggester.correct("wensou")

    def verify_in_background(self) -> None:
        """Have the engine read what it did not check at opening, where it can; see EmbeddedIndex."""
        if isinstance(self._backend, Verifying):
            self._backend.verify_in_background()

    def article(self, article_id: str) -> StoredArticle:
        """One article as indexed: fields, display text, chunk spans; NotFound for an unknown one."""
        return self._backend.article(article_id)

    def marks(self, article_id: str, text: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
        """Where words of the question stand in an article's title and in its display text; NotFound, BadQuery."""
        query = parse(text, self._tokenizer)
        article = self._backend.article(article_id).article
        title, body = highlight([article.title, article.text], query.marked, self._tokenizer)
        return title, body

    def counts(self, filters: Filters, names: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """How many articles that pass `filters` have each value of each of `names`; see Backend.facets."""
        return self._backend.facets(filters, names)

    def sample(self, count: int) -> list[tuple[Article, Vectors]]:
        """At most `count` articles drawn at random, the same ones at each call, each with its unit vector, (dim,)."""
        drawn = [stored.article for stored in self._backend.sample(count, random.Random(0))]
        return [(article, self._backend.article_vector(article.article_id)) for article in drawn]

    def vector(self, article_id: str) -> Vectors:
        """Unit mean of an article's passages, (dim,) float32; NotFound."""
        return self._backend.article_vector(article_id)

    @property
    def tokenizer(self) -> Tokenizer:
        """What cuts texts into the words of this index."""
        return self._tokenizer

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


def _page(article: Article, start: int, marks: tuple[Span, ...]) -> int | None:
    """The page on which most of `marks` stand in the text that begins at `start`; the earlier one of equals."""
    if not article.pages:
        return None
    pages = [article.page(start + mark[0]) for mark in marks] or [article.page(start)]
    return max(pages, key=pages.count)
