"""Terms of many articles -> postings of every field: one sort a field, over integers.

Each batch of articles numbered its terms by itself. Here the numbers of all batches become ranks in one sorted
vocabulary, so that sorting `rank, document` as one integer is sorting postings as they lie on disk.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from index.lexical import Postings
from index.strings import StringTable
from index.terms import CODE_BITS, FIELDS, FieldTerms

_DOCUMENT_BITS = 64 - 2 * CODE_BITS


def invert(terms: Sequence[FieldTerms]) -> Iterator[tuple[str, Postings]]:
    """Every field's name and postings; documents are numbered in order. Equal to `Postings.build` of the documents."""
    number: defaultdict[str, int] = defaultdict()
    number.default_factory = number.__len__
    tables: dict[int, NDArray[np.int64]] = {}
    for item in terms:
        if id(item.vocabulary) not in tables:
            known = item.vocabulary
            tables[id(known)] = np.fromiter(map(number.__getitem__, known), np.int64, len(known))
    encoded = [string.encode("utf-8", "surrogatepass") for string in number]
    order = sorted(range(len(encoded)), key=encoded.__getitem__)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    ranks = {key: rank[table] for key, table in tables.items()}
    for field in FIELDS:
        lengths = np.asarray([length for item in terms for length in item.lengths[field]], np.int32)
        parts = [item.numbers[field] for item in terms]
        if field != "bigrams":
            parts = [ranks[id(item.vocabulary)][numbers] for item, numbers in zip(terms, parts, strict=True)]
        found, starts, docs, counts = _sorted(parts, lengths)
        table = (
            _table_of_pairs(found)
            if field == "bigrams"
            else StringTable.of_sorted([encoded[order[at]] for at in found.tolist()])
        )
        yield field, Postings.of_starts(table, starts, docs, counts, lengths)


def _sorted(
    parts: Sequence[NDArray[np.integer]], lengths: NDArray[np.int32]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """From the term numbers of all documents: each that is there, ascending; where its postings begin; the documents
    of all postings; and how often each document holds the term.
    """
    if len(lengths) >= 1 << _DOCUMENT_BITS:
        raise ValueError(f"a segment is built from at most {1 << _DOCUMENT_BITS} chunks, got {len(lengths)}")
    keys = np.concatenate([np.zeros(0, np.uint64), *parts], dtype=np.uint64, casting="unsafe")
    keys <<= np.uint64(_DOCUMENT_BITS)
    keys |= np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)
    keys.sort()
    first = _changes(keys)
    counts = np.diff(first, append=len(keys))
    keys = keys[first]
    docs = (keys & np.uint64((1 << _DOCUMENT_BITS) - 1)).astype(np.int32)
    keys >>= np.uint64(_DOCUMENT_BITS)
    starts = _changes(keys)
    return keys[starts], np.append(starts, len(keys)), docs, counts


def _changes(values: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Where in a sorted array each distinct value stands first."""
    changed = np.ones(len(values), bool)
    np.not_equal(values[1:], values[:-1], out=changed[1:])
    return np.flatnonzero(changed)


def _table_of_pairs(pairs: NDArray[np.uint64]) -> StringTable:
    """The texts of pairs of Chinese characters, or lone ones, whose numbers ascend as their UTF-8 does."""
    codes = np.stack([pairs >> np.uint64(CODE_BITS), pairs & np.uint64((1 << CODE_BITS) - 1)], axis=1).astype("<u4")
    text = codes[codes > 0].tobytes().decode("utf-32-le", "surrogatepass")
    lengths = np.where(codes < 0x10000, 3, 4) * (codes > 0)  # all of them lie beyond the two-byte codes
    return StringTable.of_bytes(text.encode("utf-8", "surrogatepass"), lengths.sum(axis=1))
