"""The API's models: requests checked, answers described. Converted to and from ours at this border only."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field

from index.models import StoredArticle, chunk_id_of
from search.models import Fusion, Grouping, Mode, SearchOptions, Sorting
from search.query.filters import make_filters

MAX_VALUES = 100  # of one filter
Values = Annotated[list[str], Field(max_length=MAX_VALUES), FailFast()]


class SearchRequest(BaseModel):
    """One question, as `POST /search` takes it."""

    model_config = ConfigDict(extra="forbid")

    q: str = Field(description="the question")
    k: int = Field(10, description="results a page, 1..1000")
    offset: int = Field(0, description="results to pass over, 0..10000")
    mode: Mode = Field("hybrid", description="hybrid, bm25 or dense")
    group: Grouping = Field("article", description="article or chunk")
    fusion: Fusion = Field("adaptive", description="adaptive, convex or rrf: how a hybrid query mixes its legs")
    explain: bool = Field(False, description="say why each result is there")
    source: Values = Field(default_factory=list, description="only from these sources")
    author: Values = Field(default_factory=list, description="only by these authors")
    tag: Values = Field(default_factory=list, description="only with one of these tags")
    meta: Values = Field(default_factory=list, description="KEY=VALUE, such as issuing_body=国务院办公厅")
    after: str | None = Field(None, description="first day, YYYY-MM-DD")
    before: str | None = Field(None, description="last day, YYYY-MM-DD")
    recency: float | None = Field(None, description="half-life in days: new articles gain a little, up to a fifth")
    passages: int = Field(3, description="passages of an article, at most, 1..50")
    context: int = Field(0, description="sentences shown around each passage, 0..20")
    diversity: float | None = Field(None, description="0..1: how much results should differ from those before them")
    sort: Sorting = Field("relevance", description="relevance or date, the newest first")
    rerank: bool = Field(True, description="let the server's reranker, where it has one, read the best again")
    facets: bool = Field(False, description="count candidates by source, author, tag, number and month")
    focus: bool | None = Field(
        None, description="set off the sentence nearest to the question; by default where no word of it is marked"
    )

    def options(self) -> SearchOptions:
        """As the engine takes them; BadOption where a day is none."""
        filters = make_filters(
            source=self.source, author=self.author, tag=self.tag, meta=self.meta, after=self.after, before=self.before
        )
        return SearchOptions(
            self.k,
            self.offset,
            self.mode,
            self.group,
            self.explain,
            filters,
            self.passages,
            fusion=self.fusion,
            recency=self.recency,
            rerank=self.rerank,
            focus=self.focus,
            diversity=self.diversity,
            sort=self.sort,
            context=self.context,
            facets=self.facets,
        )


class SearchParameters(SearchRequest):
    """The same in a URL, where what is not known is passed over."""

    model_config = ConfigDict(extra="ignore")

    q: str = Field("", description="the question")


class PassageOut(BaseModel):
    """A passage; `start`, `end` are characters of the article's text, `highlights` and `focus` of this passage's.

    `before` and `after`, the sentences around it, are there where `context` was asked for.
    """

    chunk_id: str
    start: int
    end: int
    text: str
    highlights: list[tuple[int, int]]
    score: float
    heading: str = ""
    focus: tuple[int, int] | None = None
    before: str = ""
    after: str = ""
    page: int | None = Field(None, description="the page, from 1, of a paged document; there only where it has pages")


class ResultOut(BaseModel):
    """One result."""

    article_id: str
    title: str
    score: float
    source: str | None
    author: str | None
    published: str | None
    path: str | None
    url: str | None
    tags: list[str]
    duplicates: list[dict[str, str | None]]
    passages: list[PassageOut]
    chance: bool = Field(False, description="it scores no more than a question without meaning finds here")
    title_highlights: list[tuple[int, int]] = []
    explain: dict[str, Any] | None = None


class OfferOut(BaseModel):
    """Words of the question that name a time, and the filter they could be."""

    text: str
    after: str
    before: str


class AnswerOut(BaseModel):
    """The answer to one question."""

    query: str
    mode: Mode
    k: int
    offset: int
    total: int = Field(
        description="results above what chance gives: articles (or chunks) among both legs' best 64 chunks, more on "
        "deep pages, near-duplicates counted once"
    )
    took_ms: float
    commit: int
    warnings: list[str]
    results: list[ResultOut]
    confident: bool = Field(True, description="whether the results may answer the question; they are given either way")
    offers: list[OfferOut] = []
    suggestions: list[str] = []
    facets: dict[str, dict[str, int]] | None = None


class SimilarOut(BaseModel):
    """An article like another one."""

    article_id: str
    title: str
    source: str | None
    published: str | None
    score: float


class SimilarArticlesOut(BaseModel):
    """Articles like another one, best first."""

    results: list[SimilarOut]


class SuggestionsOut(BaseModel):
    """What may be meant by what is typed so far, best first."""

    suggestions: list[str]


class ArticleOut(BaseModel):
    """An article as indexed; offsets anywhere refer to `text`; `pages` are those at which its pages begin."""

    article_id: str
    title: str
    text: str
    source: str | None
    author: str | None
    published: str | None
    tags: list[str]
    url: str | None
    path: str | None
    meta: dict[str, str]
    pages: list[int] = []
    chunks: list[dict[str, Any]]


class ErrorDetail(BaseModel):
    """What went wrong: a stable code, a sentence, and what to do."""

    code: str
    message: str
    hint: str = ""


class ErrorOut(BaseModel):
    """Every error's shape."""

    error: ErrorDetail


def article_json(stored: StoredArticle) -> dict[str, Any]:
    """An article and its chunks as plain JSON values."""
    article = stored.article
    return {
        "article_id": article.article_id,
        "title": article.title,
        "text": article.text,
        "source": article.source,
        "author": article.author,
        "published": article.published,
        "tags": list(article.tags),
        "url": article.url,
        "path": article.path,
        "meta": dict(article.meta),
        "pages": list(article.pages),
        "chunks": [
            {"chunk_id": chunk_id_of(article.article_id, i), "start": start, "end": end, "heading": heading}
            for i, (start, end, heading) in enumerate(stored.spans)
        ],
    }
