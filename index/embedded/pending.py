"""The segments that the next commit will name: those of the last one, with what a writer added, deleted and merged."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis.tokenizer import Tokenizer
from index.segments.segment import Segment
from index.segments.tombstones import Tombstones
from index.storage.layout import SegmentEntry


class PendingSegments:
    """Segments by name, opened, each with the articles deleted from it since the last commit."""

    def __init__(self, folder: Path, entries: Sequence[SegmentEntry], segments: Iterable[Segment]) -> None:
        """`folder` is that of all segments; `entries` say what `segments` are called and hold."""
        self._folder = folder
        self.entries: tuple[SegmentEntry, ...] = tuple(entries)
        self._open = {entry.name: segment for entry, segment in zip(entries, segments, strict=True)}
        self._dead: dict[str, set[int]] = {}  # rows of articles
        self._own: frozenset[str] = frozenset()  # segments that hold only what this writer was given
        self._given: set[str] = set()  # ids of the articles that are in them

    def find(self, article_id: str) -> tuple[Segment, int] | None:
        """The segment and row of an article that is alive."""
        found = self._find(article_id)
        return (self._open[found[0]], found[1]) if found else None

    def _find(self, article_id: str) -> tuple[str, int] | None:
        for entry in self.entries:
            if entry.name in self._own and article_id not in self._given:
                continue  # a build of a million articles asks for each, and has many segments
            segment = self._open[entry.name]
            row = segment.store.article_row(article_id)
            if row >= 0 and segment.live_articles[row] and row not in self._dead.get(entry.name, ()):
                return entry.name, row
        return None

    def alive(self) -> Iterator[tuple[Segment, NDArray[np.bool_]]]:
        """Each segment, and which of its articles are alive, (articles,)."""
        for entry in self.entries:
            segment = self._open[entry.name]
            alive = segment.live_articles.copy()
            alive[list(self._dead.get(entry.name, ()))] = False
            yield segment, alive

    def counts(self) -> tuple[int, int]:
        """Articles and chunks that are alive."""
        dead = sum(map(len, self._dead.values()))
        articles = sum(entry.articles - entry.dead_articles for entry in self.entries) - dead
        chunks = sum(entry.chunks - entry.dead_chunks for entry in self.entries)
        for name, rows in self._dead.items():
            starts = self._open[name].store.chunk_starts
            chunks -= sum(int(starts[row + 1] - starts[row]) for row in rows)
        return articles, chunks

    def segments(self, entries: Sequence[SegmentEntry]) -> list[Segment]:
        """Those that `entries` name."""
        return [self._open[entry.name] for entry in entries]

    def delete(self, article_id: str) -> bool:
        """Let an article be dead from the next commit on; whether it was there."""
        found = self._find(article_id)
        if found:
            self._dead.setdefault(found[0], set()).add(found[1])
        return found is not None

    def add(self, entry: SegmentEntry, given: Iterable[str]) -> None:
        """A new segment, of the articles `given`."""
        self._given.update(given)
        self._own |= {entry.name}
        self._append(entry)

    def _append(self, entry: SegmentEntry) -> None:
        self.entries += (entry,)
        self._open = {**self._open, entry.name: Segment(self._folder / entry.name, Tombstones.empty())}

    def with_merged(self, group: Sequence[SegmentEntry], entry: SegmentEntry) -> "PendingSegments":
        """The same with `entry` in place of those in `group`, none of which may have deletions pending."""
        gone = {old.name for old in group}
        kept = [old for old in self.entries if old.name not in gone]
        merged = PendingSegments(self._folder, kept, self.segments(kept))
        merged._own, merged._given = self._own, self._given
        if gone <= self._own:
            merged._own |= {entry.name}
        merged._append(entry)
        return merged

    def bury(self, commit: int, tokenizer: Tokenizer) -> None:
        """Turn deletions into the tombstone files of commit number `commit`; drop segments with nothing left."""
        kept = [self._buried(entry, commit, tokenizer) for entry in self.entries]
        self.entries = tuple(entry for entry in kept if entry is not None)
        self._dead = {}

    def _buried(self, entry: SegmentEntry, commit: int, tokenizer: Tokenizer) -> SegmentEntry | None:
        rows = self._dead.get(entry.name)
        if not rows:
            return entry
        segment = self._open[entry.name]
        tombstones = segment.bury(rows, tokenizer)
        if len(tombstones.articles) == entry.articles:
            return None
        name = f"tombstones-{commit:06d}.npz"
        saved = tombstones.save(segment.folder / name)
        self._open[entry.name] = Segment(segment.folder, tombstones)
        return replace(
            entry,
            files={file: kept for file, kept in entry.files.items() if file != entry.tombstones} | {name: saved},
            tombstones=name,
            dead_articles=len(tombstones.articles),
            dead_chunks=int(np.isin(segment.store.chunk_articles, tombstones.articles).sum()),
        )

    def close(self) -> None:
        """Let go of files and memory."""
        self._open = {}
