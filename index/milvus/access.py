"""Rows of one commit by their names, read in batches and kept for a while."""

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.analysis.near_duplicates import SIZE as SIGNATURE_SIZE
from index.errors import IndexCorrupt, NotFound
from index.milvus.client import Row, any_of
from index.milvus.filtering import seen_by
from index.milvus.listing import Listing
from index.milvus.rows import signature_of
from index.milvus.terms import OWN_FIELDS, WHOLE_FIELDS, Document, unpacked
from index.models import StoredArticle, Vectors, article_of, ordinal_of
from index.segments.store import NO_DATE, day_of

_CHUNKS_KEPT = 20_000  # rows in memory
_ARTICLES_KEPT = 10_000
_TEXTS_KEPT = 512
_IDS_A_CALL = 500
CHUNK_ROW = ("chunk", "article", "terms_of", "vector")

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ChunkRow(NamedTuple):
    """What scores a chunk."""

    chunk: str
    article: str
    own: Document
    vector: Vectors


class ArticleRow(NamedTuple):
    """What an article adds to the scores of its chunks, and what is asked of many articles at once."""

    whole: Document
    mean: Vectors
    day: int
    signature: NDArray[np.uint32]


class Kept(Generic[K, V]):
    """The last things that were read."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()

    def find(self, keys: Sequence[K], read: Callable[[list[K]], Mapping[K, V]]) -> dict[K, V]:
        """Those of `keys` that there are; `read` gives the ones that are not at hand."""
        with self._lock:
            out = {key: self._items[key] for key in keys if key in self._items}
        missing = [key for key in dict.fromkeys(keys) if key not in out]
        for begin in range(0, len(missing), _IDS_A_CALL):
            found = read(missing[begin : begin + _IDS_A_CALL])
            out.update(found)
            self.put(found)
        return out

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._items.clear()

    def put(self, items: Mapping[K, V]) -> None:
        """Remember what was read."""
        with self._lock:
            self._items.update(items)
            while len(self._items) > self._most:
                self._items.popitem(last=False)


class RowAccess(Listing):
    """Chunks and articles by name; NotFound where there is none, IndexCorrupt where one is not what was written."""

    def begin(self) -> None:
        """Nothing is kept yet."""
        self._seen = seen_by(self.commit)
        self._chunk_rows: Kept[str, ChunkRow] = Kept(_CHUNKS_KEPT)
        self._article_rows: Kept[str, ArticleRow] = Kept(_ARTICLES_KEPT)
        self._texts: Kept[str, StoredArticle] = Kept(_TEXTS_KEPT)

    def forget(self) -> None:
        """Let go of what is kept."""
        for kept in (self._chunk_rows, self._article_rows, self._texts):
            kept.clear()

    def _query(self, name: str, filter_: str, fields: Sequence[str]) -> list[Row]:
        return self.client.query(name, f"{filter_} and {self._seen}", fields, consistency=self._consistency)

    def _chunk_row(self, row: Row) -> ChunkRow:
        vector = np.asarray(row["vector"], np.float32)
        try:
            own = unpacked(row["terms_of"], OWN_FIELDS, row["chunk"], vector)
            if article_of(row["chunk"]) != row["article"]:
                raise ValueError(f"it is said to be of {row['article']!r}")
        except ValueError as error:
            raise self._damaged(f"chunk {row['chunk']!r}", error) from error
        return ChunkRow(row["chunk"], row["article"], own, vector)

    def _damaged(self, what: str, error: Exception) -> IndexCorrupt:
        return IndexCorrupt(
            f"index {self.client.address.text}: {what}: not what was written ({error})",
            hint="wensou stats --verify names all that is damaged; rebuild it with --rebuild",
        )

    def _chunks_by_id(self, chunk_ids: Sequence[str]) -> list[ChunkRow]:
        def read(names: list[str]) -> dict[str, ChunkRow]:
            rows = self._query(self.names.chunks, any_of("chunk", names), CHUNK_ROW)
            return {row["chunk"]: self._chunk_row(row) for row in rows}

        for chunk_id in chunk_ids:
            if ordinal_of(chunk_id) < 0 or not article_of(chunk_id):
                raise NotFound(f"no chunk {chunk_id!r} in this index")
        found = self._chunk_rows.find(chunk_ids, read)
        for chunk_id in chunk_ids:
            if chunk_id not in found:
                raise NotFound(f"no chunk {chunk_id!r} in this index")
        return [found[chunk_id] for chunk_id in chunk_ids]

    def _articles_by_id(self, article_ids: Sequence[str]) -> dict[str, ArticleRow]:
        fields = ("pk", "article", "terms_of", "terms_pages", "vector", "day", "signature")

        def read(names: list[str]) -> dict[str, ArticleRow]:
            rows = self._query(self.names.articles, any_of("article", names), fields)
            terms = self.joined(rows, "terms_of", "terms_pages", "t")
            out = {}
            for row, text in zip(rows, terms, strict=True):
                mean = np.asarray(row["vector"], np.float32)
                try:
                    whole = unpacked(text, WHOLE_FIELDS, row["article"], mean)
                    signature = signature_of(row["signature"])
                except ValueError as error:
                    raise self._damaged(f"the terms of article {row['article']!r}", error) from error
                out[row["article"]] = ArticleRow(whole, mean, int(row["day"]), signature)
            return out

        found = self._article_rows.find(article_ids, read)
        for article_id in article_ids:
            if article_id not in found:
                raise NotFound(f"no article {article_id!r} in this index")
        return found

    def stored(self, article_ids: Sequence[str]) -> dict[str, StoredArticle]:
        """Those of the articles that there are."""

        def read(names: list[str]) -> dict[str, StoredArticle]:
            rows = self._query(self.names.articles, any_of("article", names), ("pk", "article", *self.text_fields))
            return self.parsed(rows)

        return self._texts.find(article_ids, read)

    def _chunks_of(self, article_ids: Sequence[str], parts: Sequence[str] = ()) -> list[ChunkRow]:
        """The chunks of articles that pass filters of Milvus."""
        out = []
        narrowed = " and ".join(parts or [self._seen])
        for begin in range(0, len(article_ids), _IDS_A_CALL // 10):
            some = any_of("article", article_ids[begin : begin + _IDS_A_CALL // 10])
            rows = self.client.scan(
                self.names.chunks, f"{some} and {narrowed}", CHUNK_ROW, consistency=self._consistency
            )
            out += [self._chunk_row(row) for row in rows]
        self._chunk_rows.put({row.chunk: row for row in out})
        return out

    def articles(self, article_ids: Sequence[str]) -> list[StoredArticle]:
        """The articles, in the order given; see Backend."""
        found = self.stored(list(dict.fromkeys(article_ids)))
        for article_id in article_ids:
            if article_id not in found:
                raise NotFound(f"no article {article_id!r} in this index")
        return [found[article_id] for article_id in article_ids]

    def article(self, article_id: str) -> StoredArticle:
        """One article; see Backend."""
        return self.articles([article_id])[0]

    def article_vector(self, article_id: str) -> Vectors:
        """Unit mean of the article's chunk vectors; see Backend."""
        vector = self._articles_by_id([article_id])[article_id].mean
        length = float(np.linalg.norm(vector))
        return np.asarray(vector / length if length > 0 else vector, np.float32)

    def titles_of(self, article_ids: Sequence[str]) -> list[str]:
        """The title of each article; see Backend."""
        found = self.stored(article_ids)
        for article_id in article_ids:
            if article_id not in found:
                raise NotFound(f"no article {article_id!r} in this index")
        return [found[article_id].article.title for article_id in article_ids]

    def published(self, article_ids: Sequence[str]) -> list[date | None]:
        """When each article was published; see Backend."""
        found = self._articles_by_id(article_ids)
        days = [found[article_id].day for article_id in article_ids]
        return [None if day == NO_DATE else day_of(day) for day in days]

    def signatures(self, article_ids: Sequence[str]) -> NDArray[np.uint32]:
        """MinHash signatures of the articles; see Backend."""
        found = self._articles_by_id(article_ids)
        rows = [found[article_id].signature for article_id in article_ids]
        return np.asarray(rows, np.uint32).reshape(len(rows), SIGNATURE_SIZE)

    def chunk_vectors(self, article_id: str) -> NDArray[np.float16]:
        """The vectors of the article's chunks; see Backend."""
        count = len(self.article(article_id).spans)
        rows = sorted(self._chunks_of([article_id]), key=lambda row: ordinal_of(row.chunk))
        if len(rows) != count:
            raise self._damaged(f"article {article_id!r}", ValueError(f"{len(rows)} of {count} chunks are there"))
        return np.asarray([row.vector for row in rows], np.float16).reshape(count, -1)

    def vectors_of(self, article_ids: Sequence[str]) -> dict[str, NDArray[np.float16]]:
        """`chunk_vectors` of many articles."""
        found: dict[str, list[ChunkRow]] = {article_id: [] for article_id in article_ids}
        for row in self._chunks_of(article_ids):
            found[row.article].append(row)
        dim = int(self.record.encoder["dim"])
        return {
            name: np.asarray(
                [row.vector for row in sorted(rows, key=lambda row: ordinal_of(row.chunk))], np.float16
            ).reshape(len(rows), dim)
            for name, rows in found.items()
        }

    def damaged_rows(self, filter_: str = "") -> list[str]:
        """Names of chunks and articles that pass a filter and are not what was written, or not all there."""
        bad: list[str] = []
        chunks: Counter[str] = Counter()
        for row in self._scan(self.names.chunks, filter_, CHUNK_ROW, 500):
            chunks[row["article"]] += 1
            try:
                self._chunk_row(row)
            except IndexCorrupt:
                bad.append(str(row["chunk"]))
        fields = ["article", "chunks", "terms_of", "terms_pages", "vector", *self.text_fields]
        for row in self._scan(self.names.articles, filter_, fields, 100):
            try:
                self.parsed([row])
                (terms,) = self.joined([row], "terms_of", "terms_pages", "t")
                unpacked(terms, WHOLE_FIELDS, row["article"], np.asarray(row["vector"], np.float32))
                whole = chunks.pop(row["article"], 0) == row["chunks"]
            except (IndexCorrupt, ValueError):
                whole = False
            if not whole:
                bad.append(str(row["article"]))
        counts = [] if filter_ else self.counts.damaged(self._consistency)
        return bad + sorted(chunks) + counts
