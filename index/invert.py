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
from index.terms import CODE_BITS, FIELDS, FieldTerms, pair_text

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
        if field == "bigrams":
            yield field, _of_pairs([item.numbers[field] for item in terms], lengths)
            continue
        parts = [ranks[id(item.vocabulary)][item.numbers[field]] for item in terms]
        flat = np.concatenate(parts) if parts else np.zeros(0, np.int64)
        used = np.zeros(len(order), bool)
        used[flat] = True
        table = StringTable.of_sorted([encoded[order[at]] for at in np.flatnonzero(used).tolist()])
        n = max(len(lengths), 1)
        keys = (np.cumsum(used) - 1)[flat] * n + np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
        keys, counts = np.unique(keys, return_counts=True)
        yield field, Postings.of_keys(table, keys, counts, n, lengths)


def _of_pairs(parts: Sequence[NDArray[np.integer]], lengths: NDArray[np.int32]) -> Postings:
    """Postings of pairs of characters, whose numbers ascend as their UTF-8 does."""
    n = max(len(lengths), 1)
    if n >= 1 << _DOCUMENT_BITS:
        raise ValueError(f"a segment holds at most {1 << _DOCUMENT_BITS} chunks, got {n}")
    flat = np.concatenate(parts).astype(np.uint64) if parts else np.zeros(0, np.uint64)
    flat <<= np.uint64(_DOCUMENT_BITS)
    flat |= np.repeat(np.arange(len(lengths), dtype=np.uint64), lengths)
    keys, counts = np.unique(flat, return_counts=True)
    pairs = keys >> np.uint64(_DOCUMENT_BITS)
    first = np.flatnonzero(np.concatenate([[True], pairs[1:] != pairs[:-1]])) if len(pairs) else np.zeros(0, np.int64)
    table = StringTable.of_sorted([pair_text(pair).encode() for pair in pairs[first].tolist()])
    starts = np.concatenate([first, [len(pairs)]]).astype(np.int64)
    docs = (keys & np.uint64((1 << _DOCUMENT_BITS) - 1)).astype(np.int32)
    return Postings.of_starts(table, starts, docs, counts, lengths)
