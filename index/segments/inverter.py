"""Terms of many articles -> postings of every field: one sort a field, over integers.

Each batch of articles numbered its terms by itself. Here the numbers of all batches become ranks in one sorted
vocabulary, so that sorting `rank, document` as one integer is sorting postings as they lie on disk.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from index.analysis.bigrams import CODE_BITS, POSITION_BITS
from index.analysis.terms import FIELDS, MIXED_BIGRAMS, PAIRED, FieldTerms, Vocabulary
from index.segments.postings import Positions, Postings
from index.storage.string_table import StringTable

_DOCUMENT_BITS = 22


def invert(terms: Sequence[FieldTerms]) -> Iterator[tuple[str, Postings]]:
    """Every field's name and postings; documents are numbered in order. Equal to `Postings.build` of the documents."""
    number = Vocabulary()
    others = {id(item.vocabulary): item for item in terms}
    for item in others.values():
        number.add(item.vocabulary)
    tables = {
        key: np.fromiter(map(number.__getitem__, item.vocabulary), np.int64, len(item.vocabulary))
        for key, item in others.items()
    }
    fields = {field: _numbered(terms, field, tables) for field in FIELDS if field not in PAIRED}
    strings = [string.encode("utf-8", "surrogatepass") for string in number.strings]
    order = sorted(range(len(strings)), key=strings.__getitem__)
    rank = np.empty(len(strings), np.int64)
    rank[order] = np.arange(len(order))
    table = StringTable.of_sorted([strings[at] for at in order])
    for field in (*FIELDS, MIXED_BIGRAMS):
        lengths = np.asarray([length for item in terms for length in item.lengths[field]], np.int32)
        if field in PAIRED:
            pairs = [np.zeros(0, np.uint64), *(item.numbers[field].astype(np.uint64, copy=False) for item in terms)]
            yield field, _of_pairs(np.concatenate(pairs), lengths)
            continue
        found, starts, docs, counts = _sorted(rank[fields[field]], lengths)
        mask = np.zeros(len(table), bool)
        mask[found] = True
        yield field, Postings.of_starts(table.only(mask), starts, docs, counts, lengths)


def _numbered(terms: Sequence[FieldTerms], field: str, tables: Mapping[int, NDArray[np.int64]]) -> NDArray[np.int64]:
    """The numbers of a field's terms in all documents, where all have the same."""
    parts = [np.zeros(0, np.int64)]
    for _, batch in groupby(terms, key=lambda item: id(item.vocabulary)):
        items = list(batch)
        flat = np.concatenate([item.numbers[field] for item in items]).astype(np.int64)
        parts.append(tables[id(items[0].vocabulary)][flat])
    return np.concatenate(parts)


def _sorted(
    numbers: NDArray[np.integer], lengths: NDArray[np.int32]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """From the term numbers of all documents: each that is present, ascending; where its postings begin; the documents
    of all postings; and how often each document holds the term.
    """
    if len(lengths) >= 1 << _DOCUMENT_BITS:
        raise ValueError(f"a segment is built from at most {1 << _DOCUMENT_BITS} chunks, got {len(lengths)}")
    keys = numbers.astype(np.uint64) << np.uint64(_DOCUMENT_BITS)
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


def _of_pairs(numbers: NDArray[np.uint64], lengths: NDArray[np.int32]) -> Postings:
    """The postings of pairs of characters, from the pairs of all documents: see `index.analysis.bigrams`."""
    if len(numbers) >= 1 << POSITION_BITS:
        raise ValueError(
            f"a segment is built from at most {1 << POSITION_BITS} pairs of characters, got {len(numbers)}"
        )
    low = np.uint64((1 << POSITION_BITS) - 1)
    # Sorted by pair, and those of one pair as they come: by document, and in it by position.
    keys = (numbers & ~low) | np.arange(len(numbers), dtype=np.uint64)
    keys.sort()
    order = (keys & low).astype(np.int32)
    keys >>= np.uint64(POSITION_BITS)
    docs = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths).take(order)
    positions = (numbers & low).astype(np.uint32).take(order)
    terms = _changes(keys)
    first = np.ones(len(keys), bool)
    np.not_equal(docs[1:], docs[:-1], out=first[1:])
    first[terms] = True
    postings = np.flatnonzero(first)
    starts = np.append(np.searchsorted(postings, terms), len(postings))
    counts = np.diff(postings, append=len(keys))
    width = np.uint16 if int(positions.max(initial=0)) < 2**16 else np.uint32
    all_positions = Positions(np.append(terms, len(keys)), positions.astype(width))
    return Postings.of_starts(_table_of_pairs(keys[terms]), starts, docs[postings], counts, lengths, all_positions)


def _table_of_pairs(pairs: NDArray[np.uint64]) -> StringTable:
    """The texts of pairs of characters, or lone ones, whose numbers ascend as their UTF-8 does."""
    codes = np.stack([pairs >> np.uint64(CODE_BITS), pairs & np.uint64((1 << CODE_BITS) - 1)], axis=1).astype("<u4")
    text = codes[codes > 0].tobytes().decode("utf-32-le", "surrogatepass")
    lengths = (codes > 0).astype(np.int64) + (codes >= 0x80) + (codes >= 0x800) + (codes >= 0x10000)
    return StringTable.of_bytes(text.encode("utf-8", "surrogatepass"), lengths.sum(axis=1))
