"""Several segments -> one, in one pass over arrays: nothing is parsed, tokenised or encoded again.

Memory is bounded by the vectors (two bytes a dimension a chunk) and one block of postings, not by the segments.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import CHUNK_FIELDS, FIELDS, MIXED_BIGRAMS
from index.segments.postings import Positions, Postings
from index.segments.segment import Segment, finish_segment
from index.segments.store import merge_stores
from index.segments.vector_index import DenseIndex
from index.storage.arrays import write_array
from index.storage.layout import FileEntry, SegmentEntry
from index.storage.string_table import StringTable

MERGED_CHUNKS = 400_000  # the most live chunks of a merged segment, so that memory and time of a merge are bounded
_MAX_SIZE_RATIO = 8  # a segment is merged with smaller ones once it is no more than so many times all of these
_BLOCK_POSTINGS = 1_000_000  # postings put in order at a time: what the caches hold, about

Mask = NDArray[np.bool_]


def live(entry: SegmentEntry) -> int:
    """How many chunks of a segment are not deleted."""
    return entry.chunks - entry.dead_chunks


def merges_due(entries: Sequence[SegmentEntry], *, fewest: int, whole: bool = False) -> list[list[SegmentEntry]]:
    """Groups of segments to be merged into one each, so that their number grows as a logarithm of the chunks.

    From the smallest up, the longest run is merged whose largest is no more than `_MAX_SIZE_RATIO` times the others
    together: an article is written again about once each time the index around it grows by that. What comes to half of
    `MERGED_CHUNKS` is left alone until half of it has died. A run of less than `fewest` segments, or with `whole` of
    less than `MERGED_CHUNKS` chunks, waits.
    """
    small = sorted((entry for entry in entries if live(entry) <= MERGED_CHUNKS // 2), key=live)
    run = total = 0
    for at, entry in enumerate(small):
        if at and live(entry) <= _MAX_SIZE_RATIO * total:
            run = at + 1
        total += live(entry)
    chosen = {entry.name for entry in small[:run]}
    if run < fewest or (whole and sum(map(live, small[:run])) < MERGED_CHUNKS):
        return []
    groups: list[list[SegmentEntry]] = [[]]
    for entry in entries:
        if entry.name in chosen:
            if sum(map(live, groups[-1])) + live(entry) > MERGED_CHUNKS:
                groups.append([])
            groups[-1].append(entry)
    return [group for group in groups if len(group) > 1]


def merge_segments(folder: Path, parts: Sequence[Segment]) -> tuple[dict[str, FileEntry], float | None]:
    """Write the live articles of `parts`, in order, as one segment into the new folder `folder`.

    Returns what `index.segments.segment.write_segment` does.
    """
    folder.mkdir(parents=True)
    articles, chunks = [part.live_articles for part in parts], [part.live_chunks for part in parts]
    vectors = np.concatenate([kept(part.dense.vectors, mask) for part, mask in zip(parts, chunks, strict=True)])
    with ThreadPoolExecutor(1) as beside:
        dense = beside.submit(DenseIndex.build, vectors)  # FAISS lets go of the lock
        merge_stores(folder, [part.store for part in parts], articles)
        for field in (*FIELDS, MIXED_BIGRAMS):
            have = [part.fields[field] for part in parts if field in part.fields]
            if len(have) == len(parts):  # older segments have no mixed-script bigrams
                merge_postings(folder, field, have, chunks if field in CHUNK_FIELDS else articles)
        signatures = [kept(part.signatures, mask) for part, mask in zip(parts, articles, strict=True)]
        np.save(folder / "signatures.npy", np.concatenate(signatures))
        means = [kept(part.article_vectors, mask) for part, mask in zip(parts, articles, strict=True)]
    return finish_segment(folder, dense.result(), np.concatenate(means))


def kept(rows: NDArray[np.generic], mask: Mask) -> NDArray[np.generic]:
    """The rows with `mask`, (rows,); without a copy where that is all of them."""
    return rows if mask.all() else rows[mask]


def merge_postings(folder: Path, field: str, parts: Sequence[Postings], keep: Sequence[Mask]) -> None:
    """Write one field out of several into `folder`: the documents with `keep[i][doc]`, renumbered in order.

    Terms that no kept document holds are dropped: the result equals a build from the kept documents.
    """
    table, numbers = StringTable.merge([part.terms for part in parts])
    live = [_Live(part, mask) for part, mask in zip(parts, keep, strict=True)]
    sizes = _together(live, numbers, len(table))
    used = sizes > 0
    # A term that is dropped counts as the next one, of which it has nothing.
    renumbered: NDArray[np.int64] = np.cumsum(used) - used
    starts = np.append(0, np.cumsum(sizes[used]))
    table.only(used).save(folder, f"{field}.terms")
    np.save(folder / f"{field}.starts.npy", starts)
    lengths = [kept(part.lengths, mask) for part, mask in zip(parts, keep, strict=True)]
    np.save(folder / f"{field}.lengths.npy", np.concatenate(lengths))
    numbered = [(part, renumbered[number]) for part, number in zip(live, numbers, strict=True)]
    for name, kind in (("docs", np.dtype(np.int32)), ("tfs", _widest(part.tfs for part in parts))):
        write_array(folder / f"{field}.{name}.npy", kind, (int(starts[-1]),), _in_order(numbered, starts, name, kind))
    positions = [part.positions for part in parts if part.positions is not None]
    if len(positions) < len(parts):  # one was written before positions were
        return
    live_positions = [_LivePositions(one, part) for one, part in zip(positions, live, strict=True)]
    starts = np.append(0, np.cumsum(_together(live_positions, numbers, len(table))[used]))
    np.save(folder / f"{field}.position_offsets.npy", starts)
    kind = _widest(one.values for one in positions)
    ordered = [(one, number) for one, (_, number) in zip(live_positions, numbered, strict=True)]
    write_array(
        folder / f"{field}.positions.npy", kind, (int(starts[-1]),), _in_order(ordered, starts, "positions", kind)
    )


def _together(
    parts: Sequence["_Live | _LivePositions"], numbers: Sequence[NDArray[np.int64]], terms: int
) -> NDArray[np.int64]:
    """How much there is of each term, (terms,), in all parts."""
    sizes = np.zeros(terms, np.int64)
    for part, number in zip(parts, numbers, strict=True):
        sizes[number] += part.sizes
    return sizes


def _widest(arrays: Iterable[NDArray[np.generic]]) -> np.dtype[np.generic]:
    return max((array.dtype for array in arrays), key=lambda kind: kind.itemsize)


class _Live:
    """The postings of one part that are kept, term by term."""

    def __init__(self, postings: Postings, mask: Mask) -> None:
        self.postings, self.mask = postings, mask
        self.all = bool(mask.all())
        self.documents = int(np.count_nonzero(mask))
        self._renumbered = (np.cumsum(mask) - 1).astype(np.int32)
        if self.all:
            self.starts = postings.starts
        else:
            before = np.concatenate([[0], np.cumsum(mask[postings.docs], dtype=np.int64)])
            self.starts = before[postings.starts]
        self.sizes = np.diff(self.starts)

    def of(self, name: str, low: int, high: int) -> NDArray[np.integer]:
        """`docs` as they are numbered among the kept, or `tfs`, of the terms from `low` to before `high`."""
        span = slice(int(self.postings.starts[low]), int(self.postings.starts[high]))
        docs = self.postings.docs[span]
        values = docs if name == "docs" else self.postings.tfs[span]
        if self.all:
            return values
        values = values[self.mask[docs]]
        return self._renumbered[values] if name == "docs" else values


class _LivePositions:
    """Where the terms stand in the documents of one part that are kept, term by term."""

    def __init__(self, positions: Positions, live: _Live) -> None:
        self._offsets, self._values = positions
        self._live, self.documents = live, live.documents
        self.starts = self._offsets
        if not live.all:
            postings = live.postings
            many = np.concatenate([[0], np.cumsum(live.mask[postings.docs] * postings.tfs, dtype=np.int64)])
            self.starts = many[postings.starts]
        self.sizes = np.diff(self.starts)

    def of(self, name: str, low: int, high: int) -> NDArray[np.integer]:
        """The `positions` of the terms from `low` to before `high`."""
        values = self._values[int(self._offsets[low]) : int(self._offsets[high])]
        if self._live.all:
            return values
        postings = self._live.postings
        span = slice(int(postings.starts[low]), int(postings.starts[high]))
        return values[np.repeat(self._live.mask[postings.docs[span]], postings.tfs[span])]


def _in_order(
    numbered: Sequence[tuple[_Live | _LivePositions, NDArray[np.int64]]],
    starts: NDArray[np.int64],
    name: str,
    kind: np.dtype[np.generic],
) -> Iterator[NDArray[np.integer]]:
    """The `docs`, `tfs` or `positions` of all parts by term, and within a term by part, a block of terms at a time."""
    low = 0
    while low < len(starts) - 1:
        high = max(low + 1, int(np.searchsorted(starts, starts[low] + _BLOCK_POSTINGS, side="right")) - 1)
        block = np.empty(int(starts[high] - starts[low]), kind)
        free = starts[low:high] - starts[low]  # where the next posting of each term goes
        base = 0
        for part, numbers in numbered:
            first, last = np.searchsorted(numbers, [low, high]).tolist()
            sizes = part.sizes[first:last]
            values = part.of(name, first, last)
            terms = numbers[first:last] - low
            at = np.repeat(free[terms] - (part.starts[first:last] - part.starts[first]), sizes)
            at += np.arange(len(values))
            block[at] = values + base if name == "docs" else values
            free[terms] += sizes
            base += part.documents
        yield block
        low = high
