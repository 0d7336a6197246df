"""Texts and fields of one segment's articles, by row, and which chunk belongs to which article.

On disk: `articles.jsonl`, one article a line with its display text, its chunks as [start, end, heading] and the
hash of what it was read from; `articles.starts.npy` (uint64, articles + 1), where each line begins;
`chunk_articles.npy` (int32, chunks), the article row of each chunk, ascending; `chunk_starts.npy` (int32,
articles + 1), the first chunk of each article; `ids.*`, a StringTable of article ids with `ids.rows.npy` (int32),
the row of each; `published.npy` (int32), days since 1970-01-01 or -2147483648 where there is no date;
`paths.*`, a StringTable of the files that articles came from, with `article_paths.npy` (int32), the number of each
article's path there or -1 where it has none.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.arrays import map_array
from index.models import Article, Chunk
from index.strings import StringTable

_REMEMBERED = 128  # articles kept parsed
NO_DATE = np.iinfo(np.int32).min
_HEAD = re.compile(rb'\{"article_id":"(?:[^"\\]|\\.)*","title":("(?:[^"\\]|\\.)*")')
_HEAD_BYTES = 1_000  # an id and a title lie within, or the whole line is read
_EPOCH = date(1970, 1, 1).toordinal()


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def day_of(number: int) -> date:
    """The day that `day_number` gives `number` for."""
    return date.fromordinal(number + _EPOCH)


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
        return Chunk(f"{article.article_id}:{ordinal}", article.article_id, text, start, end, heading)


class Store:
    """Read side of one segment's texts."""

    def __init__(self, folder: Path) -> None:
        """Map the files of `folder`."""
        self._lines = _map(folder / "articles.jsonl")
        self._starts = map_array(folder / "articles.starts.npy")
        self.chunk_articles: NDArray[np.int32] = map_array(folder / "chunk_articles.npy")
        self.chunk_starts: NDArray[np.int32] = map_array(folder / "chunk_starts.npy")
        self.published: NDArray[np.int32] = map_array(folder / "published.npy")
        self._ids = StringTable.load(folder, "ids")
        # One answer asks for an article several times: for its chunks, its fields, its twins.
        self._read = lru_cache(maxsize=_REMEMBERED)(self._parse)
        self._id_rows = map_array(folder / "ids.rows.npy")
        self._id_of_row = np.empty(len(self._id_rows), np.int32)
        self._id_of_row[self._id_rows] = np.arange(len(self._id_rows), dtype=np.int32)
        self.paths = StringTable.load(folder, "paths")
        self.article_paths: NDArray[np.int32] = map_array(folder / "article_paths.npy")

    @property
    def articles(self) -> int:
        """How many articles, dead ones included."""
        return len(self._starts) - 1

    @property
    def chunks(self) -> int:
        """How many chunks, dead ones included."""
        return len(self.chunk_articles)

    def article_id(self, row: int) -> str:
        """Id of the article in `row`."""
        return self._ids[int(self._id_of_row[row])]

    def article_ids(self, rows: NDArray[np.integer]) -> list[str]:
        """Ids of the articles in `rows`."""
        return self._ids.many(self._id_of_row[rows])

    def article_row(self, article_id: str) -> int:
        """Row of an article, or -1."""
        at = self._ids.find(article_id)
        return -1 if at < 0 else int(self._id_rows[at])

    def rows_under(self, roots: Sequence[str]) -> dict[int, str]:
        """Article row -> path, for every article whose file is one of `roots` or lies inside one.

        `roots` are absolute paths of folders or files.
        """
        inside = np.zeros(len(self.paths), bool)
        for root in roots:
            found = self.paths.prefix(root.rstrip("/") + "/")
            inside[found.start : found.stop] = True
            if (at := self.paths.find(root)) >= 0:
                inside[at] = True
        if not inside.any():
            return {}
        rows = np.flatnonzero((self.article_paths >= 0) & inside[self.article_paths]).tolist()
        return {row: self.paths[int(self.article_paths[row])] for row in rows}

    def get(self, row: int) -> StoredArticle:
        """The article in `row`."""
        return self._read(row)

    def _parse(self, row: int) -> StoredArticle:
        line = bytes(self._lines[int(self._starts[row]) : int(self._starts[row + 1])])
        data: dict[str, Any] = json.loads(line.decode("utf-8", "surrogatepass"))
        spans = tuple((start, end, heading) for start, end, heading in data.pop("chunks"))
        content_hash = data.pop("hash")
        data["tags"] = tuple(data["tags"])
        return StoredArticle(Article(**data), spans, content_hash)

    def title(self, row: int) -> str:
        """The title of the article in `row`, read without the rest of it."""
        start, end = int(self._starts[row]), int(self._starts[row + 1])
        head = _HEAD.match(bytes(self._lines[start : min(end, start + _HEAD_BYTES)]))
        if head is None:
            return self.get(row).article.title
        title: str = json.loads(head[1].decode("utf-8", "surrogatepass"))
        return title


def save_store(folder: Path, stored: Sequence[StoredArticle]) -> None:
    """Write the files of a store into `folder`; article ids must be distinct."""
    starts = [0]
    with (folder / "articles.jsonl").open("wb") as file:
        for item in stored:
            record = {**asdict(item.article), "chunks": item.spans, "hash": item.content_hash}
            line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
            starts.append(starts[-1] + file.write(line + b"\n"))
    np.save(folder / "articles.starts.npy", np.asarray(starts, np.uint64))
    counts = [len(item.spans) for item in stored]
    np.save(folder / "chunk_articles.npy", np.repeat(np.arange(len(stored), dtype=np.int32), counts))
    np.save(folder / "chunk_starts.npy", np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))
    days = [day_number(date.fromisoformat(p)) if (p := item.article.published) else NO_DATE for item in stored]
    np.save(folder / "published.npy", np.asarray(days, np.int32))
    ids = [item.article.article_id for item in stored]
    table = StringTable.build(ids)
    if len(table) != len(ids):
        raise ValueError(f"article ids of a segment must be distinct: {len(ids)} articles, {len(table)} ids")
    table.save(folder, "ids")
    row_of = {article_id: row for row, article_id in enumerate(ids)}
    np.save(folder / "ids.rows.npy", np.asarray([row_of[article_id] for article_id in table], np.int32))
    paths = StringTable.build(item.article.path for item in stored if item.article.path)
    paths.save(folder, "paths")
    number = {path: i for i, path in enumerate(paths)}
    numbers = [number.get(item.article.path or "", -1) for item in stored]
    np.save(folder / "article_paths.npy", np.asarray(numbers, np.int32))


def _map(path: Path) -> memoryview:
    if path.stat().st_size == 0:
        return memoryview(b"")
    return np.asarray(np.memmap(path, dtype=np.uint8, mode="r")).data
