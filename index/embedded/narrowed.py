"""A commit as if it held only the articles that pass some filters: what the holder of a narrowed key may know of it.

The other articles are dead to it, as if they had been deleted, so whatever an index gives (counts, frequencies,
scores, titles, words, neighbours) is what an index of these articles alone would give. Nothing is written or mapped
anew: a narrowed segment shares the files of the whole one and has its own tombstones.
"""

import copy
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import CHUNK_FIELDS, FIELDS
from index.embedded.reader import EmbeddedIndex
from index.models import Filters, IndexStats
from index.segments.postings import Postings
from index.segments.segment import Segment
from index.segments.tombstones import Tombstones
from index.storage.damage import names_damage

_POSTINGS_AT_ONCE = 1 << 24  # looked at in one piece: a few hundred megabytes of a large field would be needed else

Key = tuple[str, int]  # a segment's folder and how many of its articles are dead: what tells its states apart


class NarrowedIndex(EmbeddedIndex):
    """What of `whole` passes `filters`, as an index of its own. Safe to ask from several threads."""

    def __init__(self, whole: EmbeddedIndex, filters: Filters, earlier: "NarrowedIndex | None" = None) -> None:
        """`earlier` is the same of an earlier commit: what it knows of segments that are still there is taken over.

        Costs a pass over the postings of each new segment. IndexCorrupt where a file of one is damaged.
        """
        self.__dict__.update(whole.__dict__)
        self.__dict__.pop("_sample", None)
        known: Mapping[Key, Tombstones] = earlier.buried if earlier else {}
        self.calibration = {name: value for name, value in whole.calibration.items() if name != "short_forms"}
        self.buried: dict[Key, Tombstones] = {}
        self.segments = self._narrow(whole, filters, known)
        self.forget()

    @names_damage
    def _narrow(self, whole: EmbeddedIndex, filters: Filters, known: Mapping[Key, Tombstones]) -> list[Segment]:
        segments = []
        for segment in whole.segments:
            key = (segment.folder.name, len(segment.tombstones.articles))
            if key not in known:
                self.buried[key] = buried(segment, ~whole.passing(segment, filters))
            else:
                self.buried[key] = known[key]
            narrowed = copy.copy(segment)
            for name in ("live_articles", "live_chunks"):  # worked out anew from the tombstones
                narrowed.__dict__.pop(name, None)
            narrowed.tombstones = self.buried[key]
            segments.append(narrowed)
        return segments

    def stats(self) -> IndexStats:
        """Counts of what passes; `bytes` are those of its texts."""
        texts = sum(int(s.store.line_bytes[s.live_articles].sum()) for s in self.segments)
        return replace(
            super().stats(),
            articles=sum(int(segment.live_articles.sum()) for segment in self.segments),
            chunks=sum(int(segment.live_chunks.sum()) for segment in self.segments),
            dead_chunks=0,
            bytes=texts,
        )


def buried(segment: Segment, gone: NDArray[np.bool_]) -> Tombstones:
    """The tombstones of `segment` where the articles `gone`, (articles,), are dead."""
    lost = {}
    for field in FIELDS:
        mask = gone[segment.store.chunk_articles] if field in CHUNK_FIELDS else gone
        postings = segment.fields[field]
        counts = _documents_with(postings, mask)
        terms = np.flatnonzero(counts).astype(np.int32)
        lost[field] = terms, counts[terms].astype(np.int32), int(postings.lengths[mask].sum(dtype=np.int64))
    return Tombstones(np.flatnonzero(gone).astype(np.int32), lost)


def _documents_with(postings: Postings, mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each term how many of the documents in `mask` hold it, (terms,)."""
    starts = postings.starts
    counts = np.zeros(len(starts) - 1, np.int64)
    begin = 0
    while begin < len(counts):
        end = max(begin + 1, int(np.searchsorted(starts, starts[begin] + _POSTINGS_AT_ONCE, "right")) - 1)
        low = int(starts[begin])
        before = np.concatenate([[0], np.cumsum(mask[postings.docs[low : int(starts[end])]], dtype=np.int64)])
        counts[begin:end] = before[starts[begin + 1 : end + 1] - low] - before[starts[begin:end] - low]
        begin = end
    return counts
