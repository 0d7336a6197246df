"""What the tools do: one question to the engine each, sized to a budget of tokens. Nothing here knows of a protocol."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any

from index.errors import BadOption
from index.models import Article, Filters, StoredArticle, article_of, ordinal_of
from search.engine import SearchEngine
from search.mcp.budget import MAX_TOKENS, MIN_TOKENS, longest_prefix
from search.mcp.models import (
    ArticleRange,
    ConnectorDocument,
    ConnectorFound,
    ConnectorResult,
    FoundArticle,
    QuotedPassage,
    SearchFound,
    SimilarArticle,
    SimilarFound,
    SourceCount,
    SourcesFound,
)
from search.models import Answer, Passage, Result, SearchOptions

_NOT_SURE = (
    "The results may not answer the question: nothing in the index is clearly about it. "
    "结果未必能回答这个问题：库中没有明确相关的内容。"
)
_NOTHING = "Nothing was found. 没有找到相关的文章。"
MAX_RESULTS = 50


def uri_of(article_id: str) -> str:
    """The address of an article as a resource."""
    return f"wensou://articles/{article_id}"


def check_budget(max_tokens: int) -> None:
    """BadOption where `max_tokens` holds no answer, or more than clients take."""
    if not MIN_TOKENS <= max_tokens <= MAX_TOKENS:
        raise BadOption(f"max_tokens: got {max_tokens}, want {MIN_TOKENS}..{MAX_TOKENS}")


def search_articles(engine: SearchEngine, query: str, options: SearchOptions, max_tokens: int) -> SearchFound:
    """The best articles with their passages, as many as fit; a passage that does not fit whole is cut and says so.

    Raises BadQuery and BadOption as the engine does.
    """
    check_budget(max_tokens)
    answer = engine.search(query, options)
    found = SearchFound(
        query=query,
        confident=answer.confident,
        note=_note(answer),
        total=answer.total,
        results=[],
        next_offset=options.offset + len(answer.results),  # the longest it can be, counted in while results are added
        warnings=list(answer.warnings),
    )
    for result in answer.results:
        article = _article(result)
        found.results.append(article)
        if found.tokens() > max_tokens:
            found.results.pop()
            break
        _quote(found, article, result.passages, max_tokens)
        if not article.passages and result.passages:  # a title alone tells too little to be worth its place
            found.results.pop()
            break
    shown = options.offset + len(found.results)
    more = len(found.results) < len(answer.results) or shown < answer.total
    found.next_offset = shown if more and found.results else None
    if not found.results and answer.results:
        raise BadOption(f"max_tokens: got {max_tokens}, too few for the first result", hint="ask with more")
    return found


def _note(answer: Answer) -> str | None:
    if not answer.results:
        return _NOTHING
    return None if answer.confident else _NOT_SURE


def _named(article: Article | Result) -> dict[str, Any]:
    """The fields of a NamedArticle."""
    fields = ("article_id", "title", "source", "author", "published", "url")
    return {"uri": uri_of(article.article_id), **{name: getattr(article, name) for name in fields}}


def _article(result: Result) -> FoundArticle:
    return FoundArticle(
        **_named(result),
        score=result.score,
        chance=result.chance or None,
        duplicates=len(result.duplicates) or None,
        passages=[],
    )


def _quote(found: SearchFound, article: FoundArticle, passages: Sequence[Passage], max_tokens: int) -> None:
    """Add what fits of `passages` to `article`, the last result of `found`."""
    for passage in passages:

        def quoted(text: str, passage: Passage = passage) -> QuotedPassage:
            end = passage.start + len(text)
            return QuotedPassage(text=text, start=passage.start, end=end, page=passage.page, cut=text != passage.text)

        def fits(text: str) -> bool:
            article.passages.append(quoted(text))
            fitting = found.tokens() <= max_tokens
            article.passages.pop()
            return fitting

        text = longest_prefix(passage.text, fits)
        if text:
            article.passages.append(quoted(text))
        if text != passage.text:
            return


def read_article(engine: SearchEngine, article_id: str, start: int, end: int | None, max_tokens: int) -> ArticleRange:
    """Characters `start` to `end` of an article, or as many of them as fit.

    Raises NotFound for an unknown article and BadOption for a range that is none.
    """
    check_budget(max_tokens)
    stored = engine.article(article_id)
    length = len(stored.article.text)
    end = length if end is None else end
    if not 0 <= start <= length or end < start:
        raise BadOption(
            f"range {start}..{end}: want 0 <= start <= end, and start within the text's {length} characters"
        )
    return _range(stored, start, min(end, length), max_tokens)


def read_around(engine: SearchEngine, chunk_id: str, around: int, max_tokens: int) -> ArticleRange:
    """The passage called `chunk_id` with `around` passages before and behind it; NotFound, BadOption."""
    check_budget(max_tokens)
    if not 0 <= around <= 50:
        raise BadOption(f"around: got {around}, want 0..50")
    stored = engine.article(article_of(chunk_id))
    ordinal, spans = ordinal_of(chunk_id), stored.spans
    if not 0 <= ordinal < len(spans):
        raise BadOption(f"chunk_id: got {chunk_id!r}, the article has passages 0..{len(spans) - 1}")
    first, last = spans[max(0, ordinal - around)], spans[min(len(spans) - 1, ordinal + around)]
    return _range(stored, first[0], last[1], max_tokens)


def _range(stored: StoredArticle, start: int, end: int, max_tokens: int) -> ArticleRange:
    article = stored.article
    whole = article.text[start:end]

    def ranged(text: str) -> ArticleRange:
        stop = start + len(text)
        return ArticleRange(
            **_named(article),
            meta={key: value for key, value in article.meta.items() if len(value) <= 200},
            page=bisect_right(article.pages, start) or None,
            start=start,
            end=stop,
            length=len(article.text),
            text=text,
            cut=stop < end,
            next_offset=stop if stop < len(article.text) else None,
        )

    text = longest_prefix(whole, lambda some: ranged(some).tokens() <= max_tokens)
    if whole and not text:
        raise BadOption(f"max_tokens: got {max_tokens}, too few for this article's fields", hint="ask with more")
    return ranged(text)


def find_similar(engine: SearchEngine, article_id: str, limit: int, max_tokens: int) -> SimilarFound:
    """The articles most like one, best first; NotFound, BadOption."""
    check_budget(max_tokens)
    found = SimilarFound(article_id=article_id, results=[])
    for one in engine.similar(article_id, limit):
        found.results.append(
            SimilarArticle(
                article_id=one.article_id,
                uri=uri_of(one.article_id),
                title=one.title,
                source=one.source,
                published=one.published,
                score=one.score,
            )
        )
        if found.tokens() > max_tokens - 20:  # room to say so
            found.results.pop()
            found.cut = True
            break
    return found


def list_sources(engine: SearchEngine, offset: int, max_tokens: int) -> SourcesFound:
    """The sources with how many articles each has, most first, and the months they reach over."""
    check_budget(max_tokens)
    if offset < 0:
        raise BadOption(f"offset: got {offset}, want 0 or more")
    counts = engine.counts(Filters(), ("source", "month"))
    sources = Counter(counts["source"]).most_common()
    months = sorted(counts["month"])
    articles = engine.stats().articles
    found = SourcesFound(
        articles=articles,
        sources=[],
        without_source=articles - sum(counts["source"].values()),
        earliest_month=months[0] if months else None,
        latest_month=months[-1] if months else None,
        next_offset=len(sources),  # as above
    )
    for source, count in sources[offset:]:
        found.sources.append(SourceCount(source=source, articles=count))
        if found.tokens() > max_tokens:
            found.sources.pop()
            break
    shown = offset + len(found.sources)
    found.next_offset = shown if shown < len(sources) else None
    return found


def connector_search(engine: SearchEngine, query: str) -> ConnectorFound:
    """`search` in the form that connectors ask for: names and addresses alone."""
    answer = engine.search(query, SearchOptions(k=10))
    return ConnectorFound(
        results=[
            ConnectorResult(id=one.article_id, title=one.title, url=one.url or uri_of(one.article_id))
            for one in answer.results
        ]
    )


def connector_fetch(engine: SearchEngine, article_id: str, max_tokens: int) -> ConnectorDocument:
    """`fetch` in the form that connectors ask for: the text, as much of it as fits, and the fields; NotFound."""
    article = engine.article(article_id).article
    fields = {"source": article.source, "author": article.author, "published": article.published}

    def document(text: str) -> ConnectorDocument:
        metadata = {name: value for name, value in fields.items() if value}
        if len(text) < len(article.text):
            metadata |= {"cut": "true", "next_offset": str(len(text)), "rest": "read_article from next_offset on"}
        return ConnectorDocument(
            id=article_id, title=article.title, text=text, url=article.url or uri_of(article_id), metadata=metadata
        )

    return document(longest_prefix(article.text, lambda text: document(text).tokens() <= max_tokens))
