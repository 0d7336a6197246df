"""One immutable segment: what some articles became. Write, open, merge.

Fields of postings: `words` and `bigrams` over chunks; `title`, `body` (title and text, at article level) and `facets`
(exact values to filter by) over articles. `mixed_bigrams` over chunks complete the bigrams where phrases are
looked for; the oldest segments have none. Beside them the store of texts and the vectors.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis.near_duplicates import SIZE as SIGNATURE_SIZE
from index.analysis.terms import CHUNK_FIELDS, FIELDS, MIXED_BIGRAMS, FieldTerms, terms_of
from index.analysis.tokenizer import Tokenizer
from index.models import StoredArticle
from index.segments.inverter import invert
from index.segments.postings import Postings
from index.segments.store import Store, save_store
from index.segments.tombstones import Tombstones
from index.segments.vector_index import DenseIndex
from index.storage.arrays import map_array
from index.storage.layout import FileEntry, file_entry, stored_name, sync


def write_segment(
    folder: Path, stored: Sequence[StoredArticle], terms: Sequence[FieldTerms], vectors: NDArray[np.floating]
) -> tuple[dict[str, FileEntry], float | None]:
    """Write a segment into the new folder `folder` and flush it to disk.

    `vectors` is (chunks, dim), a row a chunk in the order of `stored`. Returns the files with their checksums,
    and recall@10 of the vector index where that is not exact. Raises ValueError where counts disagree: a store
    and postings that drift apart would answer with the wrong texts.
    """
    folder.mkdir(parents=True)
    save_store(folder, stored)
    chunks = sum(len(item.spans) for item in stored)
    for field, postings in invert(terms):
        want = chunks if field in CHUNK_FIELDS else len(stored)
        if len(postings.lengths) != want:
            raise ValueError(f"field {field}: {len(postings.lengths)} documents, want {want}")
        postings.save(folder, field)
    signatures = [item.signature for item in terms]
    np.save(folder / "signatures.npy", np.asarray(signatures, np.uint32).reshape(-1, SIGNATURE_SIZE))
    if len(vectors) != chunks:
        raise ValueError(f"{len(vectors)} vectors for {chunks} chunks")
    dense = DenseIndex.build(vectors)
    return finish_segment(folder, dense, article_vectors(dense.vectors, [len(item.spans) for item in stored]))


def finish_segment(
    folder: Path, dense: DenseIndex, means: NDArray[np.float16]
) -> tuple[dict[str, FileEntry], float | None]:
    """Write the vectors and the articles' `means`, flush every file and take its checksum; see `write_segment`."""
    dense.save(folder)
    np.save(folder / "article_vectors.npy", means)
    files = {}
    with ThreadPoolExecutor(1) as beside:
        recall = beside.submit(dense.recall)  # while the disk is waited for
        for path in sorted(folder.iterdir()):
            files[path.name] = file_entry(path)
            sync(path)
        sync(folder)
        sync(folder.parent)
    return files, recall.result()


def article_vectors(vectors: NDArray[np.float16], chunks: Sequence[int]) -> NDArray[np.float16]:
    """Unit mean of each article's chunk vectors, (articles, dim): what the article as a whole is about.

    Zero for an article without chunks. `vectors` is (chunks, dim) in the articles' order.
    """
    starts = np.concatenate([[0], np.cumsum(chunks)]).astype(np.int64)
    out = np.zeros((len(chunks), vectors.shape[1]), np.float16)
    for row, (start, end) in enumerate(pairwise(starts.tolist())):
        total = vectors[start:end].sum(axis=0, dtype=np.float32)
        length = float(np.linalg.norm(total))
        if length > 0:
            out[row] = total / length
    return out


class Segment:
    """Read side of one segment of one commit."""

    def __init__(self, folder: Path, tombstones: Tombstones) -> None:
        """Open the files of `folder`; postings and vectors are mapped, not read."""
        self.folder = folder
        self.tombstones = tombstones
        self.store = Store(folder)
        self.dense = DenseIndex.load(folder)
        self.signatures = map_array(folder / "signatures.npy")
        self.article_vectors = map_array(folder / "article_vectors.npy")
        mixed = stored_name(folder, "{}.docs.npy", MIXED_BIGRAMS)
        names = (*FIELDS, MIXED_BIGRAMS) if (folder / f"{mixed}.docs.npy").exists() else FIELDS
        self.fields: dict[str, Postings] = {field: Postings.load(folder, field) for field in names}

    @cached_property
    def live_articles(self) -> NDArray[np.bool_]:
        """(articles,) which are not deleted."""
        mask = np.ones(self.store.articles, dtype=bool)
        mask[self.tombstones.articles] = False
        return mask

    @cached_property
    def live_chunks(self) -> NDArray[np.bool_]:
        """(chunks,) which are not deleted."""
        return self.live_articles[self.store.chunk_articles]

    def df(self, field: str, term: str) -> int:
        """How many live documents of the field hold `term`."""
        number = self.fields[field].terms.find(term)
        terms, lost, _ = self.tombstones.lost[field]
        at = int(terms.searchsorted(number)) if number >= 0 else len(terms)
        return self.fields[field].df(number) - (int(lost[at]) if at < len(terms) and terms[at] == number else 0)

    def dfs(self, field: str, keys: list[bytes]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Number of each term, `encoded`, in this segment (or -1), and how many live documents of the field hold it."""
        postings = self.fields[field]
        numbers = postings.terms.find_all(keys)
        counts = postings.dfs(numbers)
        terms, lost, _ = self.tombstones.lost[field]
        if len(terms):
            at = np.minimum(terms.searchsorted(numbers), len(terms) - 1)
            counts -= lost[at] * (terms[at] == numbers)
        return numbers, counts

    def documents(self, field: str) -> int:
        """How many live documents the field has."""
        return int((self.live_chunks if field in CHUNK_FIELDS else self.live_articles).sum())

    def total_length(self, field: str) -> int:
        """How many terms the live documents of the field have together."""
        return int(self.fields[field].lengths.sum(dtype=np.int64)) - self.tombstones.lost[field][2]

    def bury(self, rows: Iterable[int], tokenizer: Tokenizer) -> Tombstones:
        """The tombstones of this segment with the articles `rows` added. Work in proportion to `rows`."""
        new = sorted(set(rows) - set(self.tombstones.articles.tolist()))
        terms = [terms_of(self.store.get(row), tokenizer) for row in new]
        lost: dict[str, tuple[NDArray[np.int32], NDArray[np.int32], int]] = {}
        for field in FIELDS:
            old_terms, old_counts, old_length = self.tombstones.lost[field]
            counts: dict[int, int] = dict(zip(old_terms.tolist(), old_counts.tolist(), strict=True))
            length = old_length
            for item in terms:
                for document in item.documents(field):
                    length += len(document)
                    for term in set(document):
                        number = self.fields[field].terms.find(term)
                        counts[number] = counts.get(number, 0) + 1
            numbers = sorted(counts)
            lost[field] = (
                np.asarray(numbers, np.int32),
                np.asarray([counts[n] for n in numbers], np.int32),
                length,
            )
        articles = np.sort(np.concatenate([self.tombstones.articles, np.asarray(new, np.int32)]))
        return Tombstones(articles.astype(np.int32), lost)
