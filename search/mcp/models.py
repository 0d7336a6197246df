"""What the tools give, as models see it: their JSON schemas are made from these."""

from pydantic import BaseModel, Field

from search.mcp.budget import estimate_tokens


class Sized(BaseModel):
    """A result that knows how long it is when it is sent."""

    def sent(self) -> str:
        """As it is sent: JSON without what is not set."""
        return self.model_dump_json(exclude_none=True)

    def tokens(self) -> int:
        """Estimated tokens of `sent()`."""
        return estimate_tokens(self.sent())


class QuotedPassage(BaseModel):
    """Verbatim characters `start` to `end` of the article's text."""

    text: str
    start: int
    end: int
    page: int | None = Field(default=None, description="page of the document, from 1, where it has pages")
    cut: bool = Field(default=False, description="true: the passage goes on; read_article from `end` gives the rest")


class NamedArticle(BaseModel):
    """What names an article, and where it comes from."""

    article_id: str
    uri: str
    title: str
    source: str | None = None
    author: str | None = None
    published: str | None = None
    url: str | None = None


class FoundArticle(NamedArticle):
    """An article that was found, and its best passages."""

    score: float
    chance: bool | None = Field(default=None, description="true: no nearer to the question than chance would be")
    duplicates: int | None = Field(default=None, description="how many near-duplicates stand behind this one")
    passages: list[QuotedPassage]


class SearchFound(Sized):
    """Articles for a question, best first."""

    query: str
    confident: bool = Field(description="false: the results may not answer the question")
    note: str | None = Field(default=None, description="what the reader has to know of the results, in words")
    total: int
    results: list[FoundArticle]
    next_offset: int | None = Field(default=None, description="ask again with this offset for more; absent at the end")
    warnings: list[str] = []


class ArticleRange(NamedArticle, Sized):
    """A stretch of an article, verbatim: characters `start` to `end` of its text, of `length` in all."""

    meta: dict[str, str] = {}
    page: int | None = Field(default=None, description="page on which the stretch begins, where the document has pages")
    start: int
    end: int
    length: int
    text: str
    cut: bool = Field(description="true: what was asked for did not fit and goes on at next_offset")
    next_offset: int | None = Field(default=None, description="where the rest of the article begins; absent at its end")


class SimilarArticle(BaseModel):
    """An article like another one."""

    article_id: str
    uri: str
    title: str
    source: str | None = None
    published: str | None = None
    score: float


class SimilarFound(Sized):
    """Articles like a given one, best first."""

    article_id: str
    results: list[SimilarArticle]
    cut: bool = Field(default=False, description="true: more were found than fit")


class SourceCount(BaseModel):
    """A source and how many articles it has."""

    source: str
    articles: int


class SourcesFound(Sized):
    """What is there to be searched."""

    articles: int
    sources: list[SourceCount]
    without_source: int
    earliest_month: str | None = None
    latest_month: str | None = None
    next_offset: int | None = None


class ConnectorResult(BaseModel):
    """A result in the form that connectors ask for."""

    id: str
    title: str
    url: str


class ConnectorFound(Sized):
    """Results in the form that connectors ask for."""

    results: list[ConnectorResult]


class ConnectorDocument(Sized):
    """A document in the form that connectors ask for."""

    id: str
    title: str
    text: str
    url: str
    metadata: dict[str, str] = {}
