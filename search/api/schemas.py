"""The API's models: requests checked, answers described. Converted to and from ours at this border only."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, create_model

from index.models import StoredArticle, chunk_id_of
from search.models import Mode, SearchOptions
from search.query.options import SEARCH_OPTIONS, search_options

MAX_VALUES = 100  # of one filter
Values = Annotated[list[str], Field(max_length=MAX_VALUES), FailFast()]


def _fields() -> dict[str, Any]:
    """The options as pydantic takes them: a list is bounded, and empty by default."""
    plain = {one.name: (one.type, Field(one.default, description=one.help)) for one in SEARCH_OPTIONS}
    lists = [one for one in SEARCH_OPTIONS if one.type == list[str]]
    return plain | {one.name: (Values, Field(default_factory=list, description=one.help)) for one in lists}


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    q: str = Field(description="the question")


_Asked: Any = create_model("_Asked", __base__=_Question, **_fields())


class SearchRequest(_Asked):  # type: ignore[misc]  # a table of options is no class to mypy
    """One question, as `POST /search` takes it."""

    q: str = Field(description="the question")

    def options(self) -> SearchOptions:
        """As the engine takes them; BadOption where a day is none."""
        return search_options({one.name: getattr(self, one.name) for one in SEARCH_OPTIONS})


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
