"""The nouns that travel between modules. Frozen, typed, and importing nothing of ours."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""Rows of a matrix, (n, dim), or one vector, (dim,)."""


@dataclass(frozen=True, slots=True)
class Article:
    """One article.

    As `index.sources.articles` reads it, `text` is the raw text; after `index.cleaning.clean` it is the *display text*,
    which every offset anywhere refers to. `published` is an ISO date (`YYYY-MM-DD`) or None. `path` is the
    absolute path of the file that held it, or None when it came from a stream or a program.

    `cells` are lines `header：value` of a table's row: raw text that belongs behind `text`, of which no line is page
    furniture or a field to take out; cleaning puts them there and leaves "". `pages` are the offsets into `text` at
    which the pages of a paged document begin, ascending, page 1 first; () where it has none.
    """

    article_id: str
    title: str
    text: str
    source: str | None = None
    author: str | None = None
    published: str | None = None
    tags: tuple[str, ...] = ()
    url: str | None = None
    path: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
    cells: str = ""
    pages: tuple[int, ...] = ()

    def page(self, offset: int) -> int | None:
        """The page, counted from 1, on which character `offset` of the text stands; None where there are no pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: `text == article.text[start:end]`, offsets in characters of the display text."""

    chunk_id: str
    article_id: str
    text: str
    start: int
    end: int
    heading: str = ""


def chunk_id_of(article_id: str, ordinal: int) -> str:
    """The name of an article's chunk number `ordinal`, counted from 0."""
    return f"{article_id}:{ordinal}"


def chunk_ids_of(article_ids: Iterable[str], ordinals: Iterable[int]) -> list[str]:
    """`chunk_id_of` each."""
    return [f"{article_id}:{ordinal}" for article_id, ordinal in zip(article_ids, ordinals, strict=True)]


def article_of(chunk_id: str) -> str:
    """The id of the article that a chunk belongs to."""
    return chunk_id.rpartition(":")[0]


def ordinal_of(chunk_id: str) -> int:
    """Which of its article's chunks it is; -1 where `chunk_id` is the name of none."""
    ordinal = chunk_id.rpartition(":")[2]
    return int(ordinal) if ordinal.isdecimal() else -1


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """An article as it lies in the index: display text, chunk spans, and the hash of the input it came from."""

    article: Article
    spans: tuple[tuple[int, int, str], ...]
    content_hash: str

    def chunk(self, ordinal: int) -> Chunk:
        """The article's chunk number `ordinal`."""
        start, end, heading = self.spans[ordinal]
        article = self.article
        text = article.text[start:end]
        return Chunk(chunk_id_of(article.article_id, ordinal), article.article_id, text, start, end, heading)


class Token(NamedTuple):
    """A term of the lexical leg and the characters `[start, end)` of the text it stands on."""

    term: str
    start: int
    end: int


class Hit(NamedTuple):
    """A chunk and its score. Higher is better, always."""

    chunk_id: str
    score: float


@dataclass(frozen=True, slots=True)
class Holds:
    """The article says so: `folded` stands in its folded title or text, or all of `terms` are words of these or of its
    fields (`index.analysis.terms.named_values`).

    Without `terms` it is a phrase: only the characters themselves count. With `title` only the title is looked at.
    """

    folded: str
    terms: tuple[str, ...] = ()
    title: bool = False


@dataclass(frozen=True, slots=True)
class Begins:
    """A word of the article's title or text begins with `folded`, as the tokenizer cuts words."""

    folded: str


@dataclass(frozen=True, slots=True)
class HasValue:
    """A field (source, author, tag) has this value, compared as folded text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Within:
    """Published within these days, both inclusive; an article without a date is not."""

    after: date | None = None
    before: date | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = Holds | Begins | HasValue | Within | AllOf | AnyOf | Not
"""What a query may ask of an article, as a tree; `index.retrieval.conditions` says what each leaf costs."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What an article must be to count. Within a field any value will do; between fields all must hold.

    `after` and `before` are inclusive days; an article without a date fails either. `where` is what the query
    itself asks for.
    """

    source: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    after: date | None = None
    before: date | None = None
    meta: tuple[tuple[str, str], ...] = ()
    where: Condition | None = None

    def __bool__(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.source or self.author or self.tag or self.after or self.before or self.meta or self.where)


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """Terms to look for with their weights, a field each. Made by the same Tokenizer as the index."""

    words: Mapping[str, float]
    bigrams: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is a term to look for."""
        return bool(self.words or self.bigrams)


NO_TERMS: Mapping[str, float] = {}


class Evidence(NamedTuple):
    """What both legs say of one chunk, exactly.

    `bm25` counts the chunk, the title and the whole article; `terms` is each term's share of it, where asked for, and
    `matched` are the words of the question that the article holds in title or text. `cosine` is the chunk's,
    `article_cosine` that of the mean of all its article's chunks.
    """

    chunk_id: str
    bm25: float
    cosine: float
    article_cosine: float = 0.0
    terms: Mapping[str, float] = NO_TERMS
    matched: tuple[str, ...] = ()


class SkipReason(StrEnum):
    """Why an article did not make it into the index; the value is the sentence people read."""

    UNREADABLE = "the file could not be opened"
    EMPTY = "there is no text in it"
    BINARY = "it is not text"
    ENCODING = "its character encoding was not recognised"
    FORMAT = "this kind of file is not read"
    BAD_RECORD = "the record is not what was expected"
    DUPLICATE_ID = "an article with this id was already read in this run"
    TOO_LARGE = "it is larger than the limit"
    MISSING_EXTRA = "an optional package is needed to read it"
    PART = "a part of it is not read"


@dataclass(frozen=True, slots=True)
class Skipped:
    """An article, file or record left out, and why. `where` is a path, or `path:line`."""

    where: str
    reason: SkipReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one cleaning step did at one place: `before` became `after`."""

    step: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line taken out as page boilerplate: of how many articles, and where it was met first."""

    line: str
    articles: int
    first: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An article with its display text and its fields, and what was done to get there."""

    article: Article
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a run of the builder did. Counts are articles unless they say otherwise; `kept` are those of sources that a
    rebuild did not read again.

    `unread` names parts of files that are in the index otherwise: pictures, comments, embedded files.
    `boilerplate`: every line taken out for it, those of most articles first.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: int = 0
    skipped: tuple[Skipped, ...] = ()
    chunks: int = 0
    commit: int = 0
    seconds: float = 0.0
    repairs: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Change, ...] = ()
    boilerplate: tuple[RemovedLine, ...] = ()
    dense_recall: float | None = None
    warnings: tuple[str, ...] = ()
    unread: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexStats:
    """What an open index holds. `bytes` is on disk, `dead_chunks` awaits compaction; `checksums` says how far they were
    looked at (index.embedded.verifier), `scoring` what adds up BM25 in this process: "compiled" or "numpy".
    """

    articles: int
    chunks: int
    dead_chunks: int
    segments: int
    bytes: int
    encoder: str
    dim: int
    fingerprint: str
    state: str
    commit: int
    committed_at: str
    checksums: str = "whole"
    scoring: str = ""
