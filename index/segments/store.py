"""Texts and fields of one segment's articles, by row, and which chunk belongs to which article.

On disk: `articles.jsonl`, one article a line with its display text, its chunks as [start, end, heading] and the
hash of what it was read from; `articles.starts.npy` (uint64, articles + 1), where each line begins;
`chunk_articles.npy` (int32, chunks), the article row of each chunk, ascending; `chunk_starts.npy` (int32,
articles + 1), the first chunk of each article; `ids.*`, a StringTable of article ids with `ids.rows.npy` (int32),
the row of each; `published.npy` (int32), days since 1970-01-01 or -2147483648 where there is no date;
`titles.utf8`, the titles by row, and `titles.ends.npy` (uint64, articles), where each ends, which a segment of an
earlier version lacks;
`paths.*`, a StringTable of the files that articles came from, with `article_paths.npy` (int32), the number of each
article's path there or -1 where it has none.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.models import Article, StoredArticle
from index.storage.arrays import map_array, map_bytes, releasing_pages
from index.storage.cache import Cache
from index.storage.string_table import StringTable

_MAX_CACHED_BYTES = 16_000_000  # of lines whose articles are kept parsed
NO_DATE = np.iinfo(np.int32).min
_HEAD = re.compile(rb'\{"article_id":"(?:[^"\\]|\\.)*","title":("(?:[^"\\]|\\.)*")')
_MAX_HEAD_BYTES = 1_000  # an id and a title lie within, or the whole line is read
_EPOCH = date(1970, 1, 1).toordinal()
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, default=dict)

Numbers = Sequence[int] | NDArray[np.integer]
TitleBytes = tuple[NDArray[np.uint8], NDArray[np.int64]]


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def day_of(number: int) -> date:
    """The day that `day_number` gives `number` for."""
    return date.fromordinal(number + _EPOCH)


def article_line(item: StoredArticle) -> str:
    """An article as one line of JSON."""
    fields = {name: getattr(item.article, name) for name in Article.__dataclass_fields__}
    for name in ("cells", "pages"):  # most have neither, and older segments none
        if not fields[name]:
            del fields[name]
    return _ENCODER.encode({**fields, "chunks": item.spans, "hash": item.content_hash})


def parsed_article(line: str) -> StoredArticle:
    """Back from `article_line`; KeyError, TypeError or ValueError where it is none."""
    data: dict[str, Any] = json.loads(line)
    spans = tuple((start, end, heading) for start, end, heading in data.pop("chunks"))
    content_hash = data.pop("hash")
    data["tags"], data["pages"] = tuple(data["tags"]), tuple(data.get("pages", ()))
    return StoredArticle(Article(**data), spans, content_hash)


class Store:
    """Read side of one segment's texts."""

    def __init__(self, folder: Path) -> None:
        """Map the files of `folder`."""
        self._lines = map_bytes(folder / "articles.jsonl").data
        self._starts = map_array(folder / "articles.starts.npy")
        self.chunk_articles: NDArray[np.int32] = map_array(folder / "chunk_articles.npy")
        self.chunk_starts: NDArray[np.int32] = map_array(folder / "chunk_starts.npy")
        self.published: NDArray[np.int32] = map_array(folder / "published.npy")
        self.ids = StringTable.load(folder, "ids")
        # One answer asks for an article several times: for its chunks, its fields, its twins.
        self._parsed: Cache[int, tuple[StoredArticle, int]] = Cache(_MAX_CACHED_BYTES, itemgetter(1))
        self.id_rows = map_array(folder / "ids.rows.npy")
        self._id_of_row = np.empty(len(self.id_rows), np.int32)
        self._id_of_row[self.id_rows] = np.arange(len(self.id_rows), dtype=np.int32)
        self._titles: tuple[memoryview, NDArray[np.uint64]] | None = None
        if (folder / "titles.utf8").exists():
            self._titles = map_bytes(folder / "titles.utf8").data, map_array(folder / "titles.ends.npy")
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

    @property
    def line_bytes(self) -> NDArray[np.int64]:
        """(articles,) how many bytes each article takes."""
        return np.asarray(np.diff(self._starts), np.int64)

    def lines(self, mask: NDArray[np.bool_]) -> Iterator[memoryview]:
        """The bytes of the articles with `mask`, (articles,), in order, neighbours together."""
        edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
        for low, high in self._starts[edges].reshape(-1, 2).tolist():
            yield self._lines[low:high]

    def article_id(self, row: int) -> str:
        """Id of the article in `row`."""
        return self.ids[int(self._id_of_row[row])]

    def article_ids(self, rows: NDArray[np.integer]) -> list[str]:
        """Ids of the articles in `rows`."""
        return self.ids.many(self._id_of_row[rows])

    def draws(self) -> NDArray[np.uint64]:
        """(articles,) the draw of each article; see index.drawing."""
        return np.asarray(self.ids.draws()[self._id_of_row], np.uint64)

    def article_row(self, article_id: str) -> int:
        """Row of an article, or -1."""
        at = self.ids.find(article_id)
        return -1 if at < 0 else int(self.id_rows[at])

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
        known = self._parsed.get(row)
        if known is None:
            start, end = self._starts[row : row + 2].tolist()
            known = parsed_article(str(self._lines[start:end], "utf-8", "surrogatepass")), end - start
            self._parsed.put(row, known)
        return known[0]

    def mentions(self, row: int, phrase: str, *, title: bool = False) -> bool:
        """Whether `phrase` stands as it is written in the title or the text of the article in `row`, or in its title.

        Nothing is parsed, so `phrase` must not begin with an ASCII letter: one may be the end of an escape.
        """
        line = bytes(self._lines[int(self._starts[row]) : int(self._starts[row + 1])])
        # Quotes within values are escaped, so these are the keys themselves, in the order that `save_store` writes.
        begin, end = line.find(b'"title":'), line.find(b',"text":' if title else b',"source":')
        return line.find(_ENCODER.encode(phrase)[1:-1].encode("utf-8", "surrogatepass"), begin, end) >= 0

    def title(self, row: int) -> str:
        """The title of the article in `row`, read without the rest of it."""
        if self._titles is not None:
            blob, ends = self._titles
            return str(blob[int(ends[row - 1]) if row else 0 : int(ends[row])], "utf-8", "surrogatepass")
        start, end = int(self._starts[row]), int(self._starts[row + 1])
        head = _HEAD.match(bytes(self._lines[start : min(end, start + _MAX_HEAD_BYTES)]))
        if head is None:
            return self.get(row).article.title
        title: str = json.loads(head[1].decode("utf-8", "surrogatepass"))
        return title

    def title_bytes(self) -> TitleBytes:
        """The titles of all articles in UTF-8, one after the other, and how many bytes each takes, (articles,)."""
        if self._titles is not None:
            blob, ends = self._titles
            return np.frombuffer(blob, np.uint8), np.asarray(np.diff(ends.astype(np.int64), prepend=0), np.int64)
        rows = releasing_pages(range(self.articles))
        encoded = [self.title(row).encode("utf-8", "surrogatepass") for row in rows]
        return np.frombuffer(b"".join(encoded), np.uint8), np.fromiter(map(len, encoded), np.int64, len(encoded))

    def titles(self) -> list[str]:
        """The title of every article, by row."""
        blob, sizes = self.title_bytes()
        data, ends = blob.tobytes(), np.cumsum(sizes).tolist()
        return [data[a:b].decode("utf-8", "surrogatepass") for a, b in zip([0, *ends], ends, strict=False)]


def save_store(folder: Path, stored: Sequence[StoredArticle]) -> None:
    """Write the files of a store into `folder`; article ids must be distinct."""
    sizes = []
    with (folder / "articles.jsonl").open("wb") as file:
        for item in stored:
            sizes.append(file.write(article_line(item).encode("utf-8", "surrogatepass") + b"\n"))
    days = [day_number(date.fromisoformat(p)) if (p := item.article.published) else NO_DATE for item in stored]
    ids = [item.article.article_id for item in stored]
    table = StringTable.build(ids)
    if len(table) != len(ids):
        raise ValueError(f"article ids of a segment must be distinct: {len(ids)} articles, {len(table)} ids")
    row_of = {article_id: row for row, article_id in enumerate(ids)}
    paths = StringTable.build(item.article.path for item in stored if item.article.path)
    number = {path: i for i, path in enumerate(paths)}
    titles = [item.article.title.encode("utf-8", "surrogatepass") for item in stored]
    _save_columns(
        folder,
        sizes,
        (b"".join(titles), list(map(len, titles))),
        [len(item.spans) for item in stored],
        days,
        (table, [row_of[article_id] for article_id in table]),
        (paths, [number.get(item.article.path or "", -1) for item in stored]),
    )


def merge_stores(folder: Path, stores: Sequence[Store], keep: Sequence[NDArray[np.bool_]]) -> None:
    """Write the articles with `keep[i][row]` as one store into `folder`, in order; no line of text is parsed."""
    with (folder / "articles.jsonl").open("wb") as file:
        for store, mask in zip(stores, keep, strict=True):
            file.writelines(store.lines(mask))
    pairs = list(zip(stores, keep, strict=True))
    ids, numbers = StringTable.merge([store.ids for store in stores])
    rows = np.full(len(ids), -1, np.int64)
    paths, path_numbers = StringTable.merge([store.paths for store in stores])
    article_paths = []
    base = 0
    for (store, mask), of_id, of_path in zip(pairs, numbers, path_numbers, strict=True):
        live = mask[store.id_rows]
        rows[of_id[live]] = base + (np.cumsum(mask) - 1)[store.id_rows[live]]
        base += int(np.count_nonzero(mask))
        at = store.article_paths[mask]
        article_paths.append(np.where(at >= 0, np.append(of_path, -1)[at], -1))
    if np.count_nonzero(rows >= 0) != base:
        raise ValueError(f"article ids of a segment must be distinct: {base} articles, {(rows >= 0).sum()} ids")
    named = np.concatenate(article_paths)
    used = np.zeros(len(paths) + 1, bool)  # the last stands for no path
    used[named] = True
    renumbered = np.where(named >= 0, (np.cumsum(used) - 1)[named], -1)
    titles = [store.title_bytes() for store in stores]
    blobs = [blob[np.repeat(mask, sizes)].tobytes() for (blob, sizes), mask in zip(titles, keep, strict=True)]
    _save_columns(
        folder,
        np.concatenate([store.line_bytes[mask] for store, mask in pairs]),
        (b"".join(blobs), np.concatenate([sizes[mask] for (_, sizes), mask in zip(titles, keep, strict=True)])),
        np.concatenate([np.diff(store.chunk_starts)[mask] for store, mask in pairs]),
        np.concatenate([store.published[mask] for store, mask in pairs]),
        (ids.only(rows >= 0), rows[rows >= 0]),
        (paths.only(used[:-1]), renumbered),
    )


def _save_columns(  # noqa: PLR0913 - a column each
    folder: Path,
    sizes: Numbers,
    titles: tuple[bytes, Numbers],
    chunks: Numbers,
    days: Numbers,
    ids: tuple[StringTable, Numbers],
    paths: tuple[StringTable, Numbers],
) -> None:
    """All but the texts: bytes a line; titles, and bytes of each; chunks an article, days; ids with their rows; paths,
    and each article's.
    """
    (folder / "titles.utf8").write_bytes(titles[0])
    np.save(folder / "titles.ends.npy", np.cumsum(titles[1], dtype=np.int64).astype(np.uint64))
    np.save(folder / "articles.starts.npy", np.append(0, np.cumsum(sizes, dtype=np.int64)).astype(np.uint64))
    np.save(folder / "chunk_articles.npy", np.repeat(np.arange(len(chunks), dtype=np.int32), chunks))
    np.save(folder / "chunk_starts.npy", np.append(0, np.cumsum(chunks, dtype=np.int64)).astype(np.int32))
    np.save(folder / "published.npy", np.asarray(days, np.int32))
    ids[0].save(folder, "ids")
    np.save(folder / "ids.rows.npy", np.asarray(ids[1], np.int32))
    paths[0].save(folder, "paths")
    np.save(folder / "article_paths.npy", np.asarray(paths[1], np.int32))
