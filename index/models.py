"""The nouns that travel between modules. Frozen, typed, and importing nothing of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Article:
    """One article.

    As `index.articles` reads it, `text` is the raw text; after `index.clean` it is the *display text*,
    which every offset anywhere refers to. `published` is an ISO date (`YYYY-MM-DD`) or None. `path` is the
    absolute path of the file that held it, or None when it came from a stream or a program.
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


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: `text == article.text[start:end]`, offsets in characters of the display text."""

    chunk_id: str
    article_id: str
    text: str
    start: int
    end: int
    heading: str = ""


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
    fields (`index.terms.named_values`).

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
"""What a query may ask of an article, as a tree; `index.conditions` says what each leaf costs."""


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
class Cleaned:
    """An article with its display text and its fields, and what was done to get there."""

    article: Article
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a run of the builder did. Counts are articles unless they say otherwise."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: tuple[Skipped, ...] = ()
    chunks: int = 0
    commit: int = 0
    seconds: float = 0.0
    repairs: Mapping[str, int] = field(default_factory=dict)
    examples: tuple[Change, ...] = ()
    dense_recall: float | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexStats:
    """What an open index holds. `bytes` is on disk, `dead_chunks` awaits compaction."""

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
