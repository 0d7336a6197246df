"""What an engine, embedded or distributed, must give: `Backend` to ask, `Writer` to change. Nothing else.

Scores are higher-is-better everywhere. `chunk_id` is the only name of a chunk that crosses this border.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import FieldTerms
from index.config import IndexConfig
from index.models import Chunk, Evidence, Filters, Hit, IndexStats, LexicalQuery, StoredArticle, Vectors


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

    def both(self, query: LexicalQuery, vector: Vectors, *, k: int, filters: Filters) -> list[Evidence]:
        """What `lexical` and `dense` find, `k` each, in order of chunk_id, with both exact scores of every chunk."""
        ...

    def evidence(
        self, query: LexicalQuery, vector: Vectors | None, chunk_ids: Sequence[str], *, terms: bool = False
    ) -> list[Evidence]:
        """Both exact scores of any chunks, in the order given; cosine is 0 without a vector."""
        ...

    def held(self, query: LexicalQuery, chunk_ids: Sequence[str]) -> list[list[str]]:
        """For each chunk the words of the query that its article holds in title or text; NotFound."""
        ...

    def background(self, vector: Vectors) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of chunks at random to `vector`, (dim,); zeros for few chunks."""
        ...

    def chunks(self, chunk_ids: Sequence[str]) -> list[Chunk]:
        """The chunks, in the order given; NotFound for an unknown one, never a gap."""
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

    def signatures(self, article_ids: Sequence[str]) -> NDArray[np.uint32]:
        """MinHash signatures of the articles, (n, near_duplicates.SIZE), in the order given; NotFound."""
        ...

    def document_frequency(self, term: str) -> int:
        """How many chunks hold the word `term`."""
        ...

    def facets(self, filters: Filters, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """For each name (source, author, tag, month, meta.KEY), articles by value among those that pass."""
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


class Writer(Protocol):
    """The one writer of an index. Nothing is seen by readers before `commit`."""

    def content_hash(self, article_id: str) -> str | None:
        """Hash of the input that the article in the index came from; None where there is none."""
        ...

    def upsert(self, stored: Sequence[StoredArticle], terms: Sequence[FieldTerms], vectors: Vectors) -> None:
        """Add articles, replacing those of the same id; `vectors` is (chunks, dim), in order."""
        ...

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove articles; returns how many there were."""
        ...

    def paths(self, roots: Sequence[str]) -> Mapping[str, str]:
        """article_id -> path of every article whose file is one of `roots` or lies inside one."""
        ...

    def commit(self) -> int:
        """Make all changes since the last commit visible at once; returns the commit's number."""
        ...

    def checkpoint(self) -> None:
        """Commit what there is if readers may see a build half done."""
        ...

    def compact(self) -> None:
        """Merge all segments into one without dead articles, at the next commit."""
        ...

    def close(self) -> None:
        """Drop what is not committed and let the next writer in."""
        ...
