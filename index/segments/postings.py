"""Postings of one field of one segment: build, save, load, and look up.

A field is a list of documents (chunks or articles), each a list of terms. On disk, for field `<f>`:
`<f>.terms.*` (a StringTable), `<f>.starts.npy` (int64, terms + 1: where each term's postings begin),
`<f>.docs.npy` (int32, ascending within a term), `<f>.tfs.npy` (uint8 or wider) and `<f>.lengths.npy` (int32,
terms in each document). idf and the average length are the whole index's, so they are not here.

`bigrams` and `mixed_bigrams`, by which phrases are found, have two more: `<f>.positions.npy` (uint16 or wider), where
in its document a term stands, as often as its frequency says, posting after posting; and `<f>.position_offsets.npy`
(int64, terms + 1), where each term's positions begin. The oldest segments lack both, and `mixed_bigrams`; format 1 had
other names for them (`index.storage.layout.stored_name`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.storage.arrays import map_array
from index.storage.layout import stored_name
from index.storage.string_table import StringTable

Rows = NDArray[np.int32]

_ARRAYS = ("starts", "docs", "tfs", "lengths")


class Positions(NamedTuple):
    """`values[offsets[t]:offsets[t + 1]]` are the positions of term `t` in one document after the other.

    Those in one document ascend; each posting has as many as its term frequency says.
    """

    offsets: NDArray[np.int64]
    values: NDArray[np.unsignedinteger]


@dataclass(frozen=True, slots=True)
class Postings:
    """`docs[starts[t]:starts[t + 1]]` are the documents of term `t`, `tfs` how often it stands in each."""

    terms: StringTable
    starts: NDArray[np.int64]
    docs: Rows
    tfs: NDArray[np.unsignedinteger]
    lengths: NDArray[np.int32]
    positions: Positions | None = None

    @classmethod
    def build(cls, documents: Iterable[Sequence[str]]) -> "Postings":
        """Index `documents`, each the list of its terms, in order; document numbers count from 0."""
        number: defaultdict[str, int] = defaultdict()
        number.default_factory = number.__len__
        lengths: list[int] = []
        parts: list[NDArray[np.int64]] = []
        for terms in documents:
            parts.append(np.fromiter(map(number.__getitem__, terms), dtype=np.int64, count=len(terms)))
            lengths.append(len(terms))
        n = max(len(lengths), 1)
        flat = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        table = StringTable.build(number)
        rank = np.empty(len(number), np.int64)
        rank[[number[term] for term in table]] = np.arange(len(number))
        keys = rank[flat] * n + np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        keys, counts = np.unique(keys, return_counts=True)
        return cls.of_keys(table, keys, counts, n, np.asarray(lengths, np.int32))

    @classmethod
    def of_keys(
        cls,
        table: StringTable,
        keys: NDArray[np.int64],
        counts: NDArray[np.integer],
        n: int,
        lengths: NDArray[np.int32],
    ) -> "Postings":
        """`keys` is term * n + document, ascending and distinct; `counts` the term frequency of each."""
        starts = np.searchsorted(keys, np.arange(len(table) + 1, dtype=np.int64) * n).astype(np.int64)
        return cls.of_starts(table, starts, (keys % n).astype(np.int32), counts, lengths)

    @classmethod
    def of_starts(
        cls,
        table: StringTable,
        starts: NDArray[np.int64],
        docs: Rows,
        counts: NDArray[np.integer],
        lengths: NDArray[np.int32],
        positions: Positions | None = None,
    ) -> "Postings":
        """From the arrays themselves; `counts` is narrowed to the smallest type that holds it."""
        top = int(counts.max()) if len(counts) else 0
        width = np.uint8 if top < 2**8 else np.uint16 if top < 2**16 else np.uint32
        return cls(table, starts, docs, counts.astype(width), lengths, positions)

    def save(self, folder: Path, field: str) -> None:
        """Write the field's files into `folder`."""
        self.terms.save(folder, f"{field}.terms")
        for name in _ARRAYS:
            np.save(folder / f"{field}.{name}.npy", getattr(self, name))
        if self.positions is not None:
            np.save(folder / f"{field}.position_offsets.npy", self.positions.offsets)
            np.save(folder / f"{field}.positions.npy", self.positions.values)

    @classmethod
    def load(cls, folder: Path, field: str) -> "Postings":
        """Map the field's files of `folder` into memory, whichever format wrote them."""
        field = stored_name(folder, "{}.docs.npy", field)
        starts, docs, tfs, lengths = (map_array(folder / f"{field}.{name}.npy") for name in _ARRAYS)
        files = [
            f"{field}.{stored_name(folder, f'{field}.{{}}.npy', name)}.npy"
            for name in ("position_offsets", "positions")
        ]
        positions = Positions(*(map_array(folder / name) for name in files)) if (folder / files[1]).exists() else None
        return cls(StringTable.load(folder, f"{field}.terms"), starts, docs, tfs, lengths, positions)

    def df(self, term: int) -> int:
        """How many documents hold term number `term`; 0 for -1, a term that is not here."""
        return 0 if term < 0 else int(self.starts[term + 1] - self.starts[term])

    def dfs(self, terms: NDArray[np.int64]) -> NDArray[np.int64]:
        """`df` of each of `terms`, (terms,)."""
        return (self.starts[terms + 1] - self.starts[terms]) * (terms >= 0)

    def documents(self, term: int) -> Rows:
        """The documents that hold term number `term`, ascending; none for -1."""
        return self.docs[:0] if term < 0 else self.docs[self.starts[term] : self.starts[term + 1]]

    def any_of(self, terms: NDArray[np.int64]) -> Rows:
        """The documents that hold each of `terms` (numbers), one term after the other."""
        starts = self.starts[terms]
        sizes = self.starts[terms + 1] - starts
        at = np.repeat(starts - (np.cumsum(sizes) - sizes), sizes)
        return np.asarray(self.docs[at + np.arange(len(at))])

    def of(self, term: int) -> tuple[Rows, NDArray[np.unsignedinteger]]:
        """The documents that hold term number `term`, ascending, and how often each does; none for -1."""
        span = slice(0, 0) if term < 0 else slice(int(self.starts[term]), int(self.starts[term + 1]))
        return self.docs[span], self.tfs[span]

    def frequencies(self, term: int, rows: NDArray[np.integer]) -> NDArray[np.unsignedinteger]:
        """How often term number `term` stands in each of the documents `rows`, (rows,); 0 for -1."""
        docs, tfs = self.of(term)
        if not len(docs):
            return np.zeros(len(rows), self.tfs.dtype)
        at, there = among(docs, rows)
        return np.asarray(tfs.take(at, mode="clip") * there)


def among(documents: Rows, some: NDArray[np.integer]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where in `documents`, which ascend, each of `some` would stand, and whether it does, (some,)."""
    some = some.astype(documents.dtype, copy=False)  # of another type, all of `documents` would be copied
    at = documents.searchsorted(some)
    return at, documents.take(at, mode="clip") == some if len(documents) else np.zeros(len(some), bool)
