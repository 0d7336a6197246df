"""What an engine, embedded or distributed, must give: `IndexHandle` to find an index by its address, `Backend` to ask
one commit of it, `Writer` to change it. Nothing else.

Scores are higher-is-better everywhere. `chunk_id` is the only name of a chunk that crosses this border.
"""

import random
import zlib
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import FieldTerms
from index.analysis.tokenizer import Tokenizer
from index.candidates import Candidates
from index.config import IndexConfig
from index.errors import BadOption
from index.models import Filters, Hit, IndexStats, LexicalQuery, StoredArticle, Vectors
from index.storage.layout import IndexState

MAX_SHARDS = 999


@dataclass(frozen=True, slots=True)
class Description:
    """What one commit was built with. `encoder` has its name, dim, fingerprint and floor (of cosines)."""

    config: IndexConfig
    fingerprint: str
    encoder: Mapping[str, Any]
    commit: int
    committed_at: str
    articles: int
    chunks: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a writer builds with; `fingerprint` says how an article becomes content."""

    config: IndexConfig
    fingerprint: str
    encoder: Mapping[str, Any]
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True)
class Shard:
    """Number `number`, from 1, of `of` writers that share the articles of one index among them, by their ids."""

    number: int
    of: int

    @classmethod
    def parsed(cls, text: str) -> Self:
        """From `i/n`; BadOption where it is none."""
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of) <= MAX_SHARDS):
            raise BadOption(f"shard: got {text!r}, want i/n with 1 <= i <= n <= {MAX_SHARDS}, such as 1/4")
        return cls(int(number), int(of))

    def holds(self, article_id: str) -> bool:
        """Whether an article is this writer's: always the same one's of so many."""
        return zlib.crc32(article_id.encode("utf-8", "surrogatepass")) % self.of == self.number - 1

    def __str__(self) -> str:
        """As people write it."""
        return f"{self.number}/{self.of}"


class Backend(Protocol):
    """One commit of an index, to be asked. It does not change for as long as it is open."""

    config: IndexConfig
    commit: int
    encoder_fingerprint: str
    cosine_floor: float
    """Cosine of two unrelated texts under this index's encoder: the zero of the dense leg."""
    calibration: Mapping[str, Any]
    """What the build measured of the legs (`measured`, see index.calibration) and `wensou tune` set (`tuned`)."""

    def lexical(self, query: LexicalQuery, *, k: int, filters: Filters) -> list[Hit]:
        """The `k` best chunks by BM25, best first, ties by chunk_id; only chunks that hold a term."""
        ...

    def dense(self, vector: Vectors, *, k: int, filters: Filters) -> list[Hit]:
        """The `k` nearest chunks to a unit `vector`, (dim,), by cosine, best first, ties by chunk_id."""
        ...

    def both(self, query: LexicalQuery, vector: Vectors, *, k: int, filters: Filters) -> Candidates:
        """What `lexical` and `dense` find, `k` each, in order of chunk_id, with both exact scores of every chunk."""
        ...

    def evidence(
        self, query: LexicalQuery, vector: Vectors | None, chunk_ids: Sequence[str], *, terms: bool = False
    ) -> Candidates:
        """Both exact scores of any chunks, in the order given; cosine is 0 without a vector."""
        ...

    def background(self, vector: Vectors) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of chunks at random to `vector`, (dim,); zeros for few chunks."""
        ...

    def articles(self, article_ids: Sequence[str]) -> list[StoredArticle]:
        """The articles, in the order given; NotFound for an unknown one, never a gap."""
        ...

    def article(self, article_id: str) -> StoredArticle:
        """One article; NotFound for an unknown one."""
        ...

    def article_vector(self, article_id: str) -> Vectors:
        """Unit mean of the article's chunk vectors, (dim,) float32; zero where it has none; NotFound."""
        ...

    def published(self, article_ids: Sequence[str]) -> list[date | None]:
        """When each article was published, in the order given; None where that is not known; NotFound."""
        ...

    def titles_of(self, article_ids: Sequence[str]) -> list[str]:
        """The display title of each article, in the order given; NotFound."""
        ...

    def signatures(self, article_ids: Sequence[str]) -> NDArray[np.uint32]:
        """MinHash signatures of the articles, (n, near_duplicates.SIZE), in the order given; NotFound."""
        ...

    def document_frequency(self, term: str) -> int:
        """How many chunks hold the word `term`."""
        ...

    def facets(self, filters: Filters, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """For each name (source, author, tag, month, meta.KEY), articles by value among those that pass."""
        ...

    def article_ids(self) -> Iterator[str]:
        """The id of every article, once, in an order that this commit keeps."""
        ...

    def chunk_vectors(self, article_id: str) -> NDArray[np.float16]:
        """The vectors of the article's chunks as they are stored, (chunks, dim); NotFound."""
        ...

    def sample(self, count: int, rng: random.Random) -> list[StoredArticle]:
        """At most `count` articles drawn at random; the same commit and `rng` give the same ones."""
        ...

    def stats(self) -> IndexStats:
        """Counts, sizes and names."""
        ...

    def close(self) -> None:
        """Let go of files and memory."""
        ...


@runtime_checkable
class Lister(Protocol):
    """What completion and corrections are made of. An engine may do without; then there are none."""

    def titles(self) -> Iterator[str]:
        """The display title of every article."""
        ...

    def words(self) -> Iterator[tuple[str, int]]:
        """Every term of the chunks, once, and how many chunks hold it."""
        ...

    def document_frequency(self, term: str) -> int:
        """How many chunks hold the word `term`."""
        ...

    def pair_frequency(self, pair: str) -> int:
        """How many chunks hold these two neighbouring Chinese characters, folded."""
        ...


@runtime_checkable
class Verifying(Protocol):
    """An engine whose files have checksums that are not all looked at when it is opened."""

    def verify_in_background(self) -> None:
        """Begin to read the rest; from then on damage found is raised by whatever is asked."""
        ...


@runtime_checkable
class Namer(Protocol):
    """What articles asked for by name are found by. An engine may do without; then names are words like any others."""

    def named(self, names: Sequence[str], most: int, filters: Filters) -> dict[str, list[str]]:
        """Of `names` (index.analysis.names.normal) those that one to `most` articles have, with the ids of these."""
        ...


@runtime_checkable
class TitleFinder(Protocol):
    """What titles that a question nearly says are found by. Without it they are looked for among the candidates."""

    def titled(self, words: Mapping[str, float], least: float, most: int, filters: Filters) -> list[str]:
        """At most `most` articles whose titles hold `least`, 0..1, of the weight of those `words` that any title holds,
        the heaviest first.
        """
        ...


class Writer(Protocol):
    """The one writer of an index. Nothing is seen by readers before `commit`."""

    warnings: list[str]
    """What went wrong without harm, for people to read."""
    boilerplate: frozenset[str]
    """Lines that sources print on every page, learned so far; kept with the next commit."""
    calibration: Mapping[str, Any]
    """What the build measured of the legs (`measured`) and `wensou tune` set (`tuned`)."""

    def calibrate(self, name: str, value: Mapping[str, Any] | None) -> None:
        """Put `value` under `name` in the calibration of the next commit, or take it away; that is a change."""
        ...

    def counts(self) -> tuple[int, int]:
        """How many articles and chunks there are, changes since the last commit included."""
        ...

    def recall(self) -> float | None:
        """The least recall@10 of the vector indexes of the last commit; None where all search exactly."""
        ...

    def content_hash(self, article_id: str) -> str | None:
        """Hash of the input that the article in the index came from; None where there is none."""
        ...

    def upsert(
        self, stored: Sequence[StoredArticle], terms: Sequence[FieldTerms], vectors: NDArray[np.floating]
    ) -> None:
        """Add articles, replacing those of the same id; of two with one id the later counts.

        `vectors` is (chunks, dim), in order; they are kept as float16.
        """
        ...

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove articles; returns how many there were."""
        ...

    def ids(self) -> set[str]:
        """Ids of all articles."""
        ...

    def paths(self, roots: Sequence[str]) -> Mapping[str, str]:
        """article_id -> path of every article whose file is one of `roots` or lies inside one."""
        ...

    def preview(self) -> Backend:
        """What the next commit would answer."""
        ...

    def whole(self) -> bool:
        """Whether all of the next commit is written. A shard hands its part in: the last of them commits for all."""
        ...

    def commit(self) -> int:
        """Make all changes since the last commit visible at once; returns the commit's number, the old one where
        nothing changed or, of shards, not all are done.
        """
        ...

    def checkpoint(self) -> None:
        """Keep what there is, so that an interrupted build goes on from here; a fresh index shows whole or not."""
        ...

    def compact(self) -> None:
        """Leave nothing dead and nothing of older commits, at the next commit."""
        ...

    def close(self) -> None:
        """Drop what is not committed."""
        ...


class IndexHandle(Protocol):
    """An index at an address, whether it is there or not: its state, its commits, its one writer."""

    def mark(self) -> Hashable:
        """A value that is another after every commit, and is cheap to ask for."""
        ...

    def state(self, *, fingerprint: str | None = None) -> IndexState:
        """What is there; with `fingerprint`, whether it was built as this program would build it now."""
        ...

    def describe(self) -> Description:
        """What the current commit was built with; IndexMissing, IndexCorrupt, IndexMismatch (of another format)."""
        ...

    def reader(self, commit: int | None = None) -> Backend:
        """The current commit, or an older one that is kept; raises as `describe` does."""
        ...

    def sharded(self, shard: Shard) -> "IndexHandle":
        """The same index for one of several who write to it at once; BadOption where the engine has one writer."""
        ...

    def lock(self) -> AbstractContextManager[None]:
        """Held by who writes; WriterBusy says who does. It does not outlive its process."""
        ...

    def writer(self, recipe: Recipe, *, fresh: bool = False) -> Writer:
        """A writer on top of the current commit; use it inside `lock`.

        A `fresh` one begins with nothing, leaves what is there alone until its first commit, which replaces it whole,
        and goes on where a fresh one of the same recipe was interrupted.
        """
        ...

    def commits(self) -> list[Description]:
        """The current commit and those before it that can be restored, in order; raises as `describe` does."""
        ...

    def restore(self, commit: int) -> int:
        """Make an earlier commit the current one again, as a new commit; returns its number.

        Raises WriterBusy, BadOption where it is not kept, and as `describe` does; all of them change nothing.
        """
        ...

    def set_calibration(self, name: str, value: Mapping[str, Any] | None) -> int:
        """Put `value` under `name` in the current commit's calibration, or take it away; returns the new commit's
        number. Articles stay as they are. Raises WriterBusy and as `describe` does.
        """
        ...

    def damaged(self) -> list[str]:
        """Names of what is missing or altered of what the current commit holds; reads everything. Empty where whole."""
        ...
