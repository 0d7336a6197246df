"""Articles and chunks as rows, and back."""

import base64
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import MIXED_BIGRAMS, FieldTerms, facets_of
from index.drawing import draws_of, draws_of_chunks
from index.errors import BadArticle
from index.milvus.client import Row
from index.milvus.filtering import folded_facet
from index.milvus.schema import ALIVE, MAX_BYTES, MAX_ID_BYTES, PIECE
from index.milvus.terms import (
    OWN_FIELDS,
    TITLE_PAIRS,
    WHOLE_FIELDS,
    Counted,
    Document,
    counted,
    packed,
    sparse_vector,
    title_pairs,
)
from index.models import Article, StoredArticle, chunk_id_of
from index.retrieval.bm25 import Bm25
from index.segments.segment import article_vectors
from index.segments.store import NO_DATE, article_line, day_number, parsed_article

_LONE = re.compile("[\ud800-\udfff]")
_NOTHING = [0.0, 0.0]  # every collection of Milvus has a vector


@dataclass(frozen=True, slots=True)
class Prepared:
    """One article on its way in: counted terms, float16 vectors (chunks, dim) and their mean, (dim,).

    `marks` are, for each chunk, the terms of fields that are looked for and not scored; `holders` says of each field
    how many of its documents hold each term, and `names` what the terms are.
    """

    stored: StoredArticle
    own: Sequence[Document]
    whole: Document
    marks: Sequence[Mapping[str, NDArray[np.uint64]]]
    holders: Mapping[str, Counter[int]]
    names: Mapping[int, str]
    signature: NDArray[np.uint32]
    vectors: NDArray[np.float16]
    mean: NDArray[np.float16]

    def lengths(self) -> dict[str, tuple[int, int]]:
        """Field -> its documents, and their terms together."""
        own = {field: (len(self.own), sum(one[field].length for one in self.own)) for field in OWN_FIELDS}
        return own | {field: (1, self.whole[field].length) for field in WHOLE_FIELDS}


def prepared(
    stored: Sequence[StoredArticle], terms: Sequence[FieldTerms], vectors: NDArray[np.floating]
) -> Iterator[Prepared]:
    """What `Writer.upsert` is given, an article at a time; ValueError where counts disagree."""
    rows = np.asarray(vectors, np.float16)
    sizes = [len(item.spans) for item in stored]
    if sum(sizes) != len(rows):
        raise ValueError(f"{len(rows)} vectors for {sum(sizes)} chunks")
    begin = 0
    for item, found, mean, size in zip(stored, terms, article_vectors(rows, sizes), sizes, strict=True):
        yield _prepared(item, found, rows[begin : begin + size], mean)
        begin += size


def _prepared(
    item: StoredArticle, found: FieldTerms, vectors: NDArray[np.float16], mean: NDArray[np.float16]
) -> Prepared:
    names: dict[int, str] = {}
    fields: dict[str, list[Counted]] = {}
    for field in (*OWN_FIELDS, *WHOLE_FIELDS, MIXED_BIGRAMS, "facets"):
        fields[field], some = counted(found, field)
        names |= some
    pairs = title_pairs(item.article.title)
    names |= pairs
    holders = {field: Counter(n for one in some for n in one.numbers.tolist()) for field, some in fields.items()}
    holders[TITLE_PAIRS] = Counter(dict.fromkeys(pairs, 1))
    in_title = np.asarray(sorted(pairs), np.uint64)
    return Prepared(
        item,
        [{field: fields[field][n] for field in OWN_FIELDS} for n in range(len(item.spans))],
        {field: fields[field][0] for field in WHOLE_FIELDS},
        [{MIXED_BIGRAMS: one.numbers, TITLE_PAIRS: in_title} for one in fields[MIXED_BIGRAMS]],
        holders,
        names,
        np.asarray(found.signature, np.uint32),
        vectors,
        mean,
    )


def filter_values(article: Article) -> list[str]:
    """What a row can be filtered by: exact values, and folded ones behind a ~."""
    exact = facets_of(article)
    folded = {folded_facet(name, value) for name, mark, value in (one.partition("=") for one in exact) if mark}
    return [value for value in [*exact, *sorted(folded)] if len(value.encode("utf-8", "replace")) <= MAX_ID_BYTES]


def _common(article: Article, draw: int, commit: int) -> Row:
    day = day_number(date.fromisoformat(article.published)) if article.published else NO_DATE
    return {
        "facets": [_encodable(value) for value in filter_values(article)],
        "day": day,
        "draw": draw,
        "born": commit,
        "died": ALIVE,
    }


def chunk_rows(one: Prepared, commit: int, bm25: Bm25, averages: Mapping[str, float], *, sparse: bool) -> list[Row]:
    """The rows of an article's chunks."""
    article = one.stored.article
    draws = draws_of_chunks(draws_of([article.article_id]), np.arange(len(one.own))).tolist()
    rows = []
    for n, (own, vector) in enumerate(zip(one.own, one.vectors, strict=True)):
        name = chunk_id_of(article.article_id, n)
        row: Row = {
            "pk": f"{name}@{commit}",
            "chunk": name,
            "article": article.article_id,
            "terms_of": packed(own, name, vector),
            "vector": vector.astype(np.float32).tolist(),
            **_common(article, draws[n], commit),
        }
        if len(row["terms_of"]) > MAX_BYTES:
            raise BadArticle(
                f"article {article.article_id!r}: a passage with too many terms for a field of Milvus",
                hint="take shorter passages: --chunk-chars",
            )
        if sparse:
            row["terms"] = sparse_vector(own, one.whole, one.marks[n], bm25, averages)
        rows.append(row)
    return rows


def article_rows(one: Prepared, commit: int) -> tuple[Row, list[Row]]:
    """The row of an article, and the pages of what is too long for it."""
    article = one.stored.article
    pk = f"{article.article_id}@{commit}"
    bodies, terms = (
        _pieces(sealed(_encodable(article_line(one.stored), escape=True))),
        _pieces(packed(one.whole, article.article_id, one.mean), MAX_BYTES),
    )
    pages = [
        {"pk": f"{pk}#{kind}{n:04d}", "body": piece, "born": commit, "vector": _NOTHING}
        for kind, pieces in (("b", bodies), ("t", terms))
        for n, piece in enumerate(pieces)
        if n
    ]
    row: Row = {
        "pk": pk,
        "article": article.article_id,
        "path": _encodable(article.path or ""),
        "hash": one.stored.content_hash,
        "title": _encodable(article.title[:PIECE]),
        "body": bodies[0],
        "terms_of": terms[0],
        "signature": base64.b85encode(one.signature.tobytes()).decode("ascii"),
        "vector": one.mean.astype(np.float32).tolist(),
        "body_pages": len(bodies),
        "terms_pages": len(terms),
        "chunks": len(one.stored.spans),
        **_common(article, int(draws_of([article.article_id])[0]), commit),
    }
    return row, pages


def check_id(article_id: str) -> None:
    """BadArticle for an id that Milvus could not take as a key."""
    if len(article_id.encode("utf-8", "replace")) > MAX_ID_BYTES or _LONE.search(article_id):
        raise BadArticle(f"article {article_id[:60]!r}...: an id of more than {MAX_ID_BYTES} bytes, or no text")


def stored_of(body: str) -> StoredArticle:
    """An article from its whole body; ValueError, KeyError or TypeError where it was altered."""
    return parsed_article(unsealed(body))


def sealed(text: str) -> str:
    """`text` with its checksum before it."""
    return f"{zlib.crc32(text.encode()):08x}{text}"


def unsealed(text: str) -> str:
    """Back from `sealed`; ValueError where it was altered."""
    if f"{zlib.crc32(text[8:].encode()):08x}" != text[:8]:
        raise ValueError("its checksum is another")
    return text[8:]


def signature_of(text: str) -> NDArray[np.uint32]:
    """Back from a row's `signature`."""
    return np.frombuffer(base64.b85decode(text), np.uint32)


def _pieces(text: str, size: int = PIECE) -> list[str]:
    return [text[begin : begin + size] for begin in range(0, max(len(text), 1), size)]


def _encodable(text: str, *, escape: bool = False) -> str:
    """`text` without halves of surrogate pairs, which no UTF-8 holds: as JSON escapes, or replaced."""
    return _LONE.sub(lambda m: f"\\u{ord(m[0]):04x}" if escape else "\ufffd", text)
