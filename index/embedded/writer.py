"""The local engine, write side: one writer at a time, and a commit that costs what the change costs."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import FieldTerms
from index.backend import Recipe
from index.embedded.commits import drop_leftovers, now
from index.embedded.pending import PendingSegments
from index.embedded.reader import EmbeddedIndex
from index.errors import IndexCorrupt, IndexMissing
from index.models import StoredArticle
from index.segments.merge import live, merge_segments, merges_due
from index.segments.segment import write_segment
from index.storage.layout import (
    REBUILD,
    SEGMENTS,
    Manifest,
    SegmentEntry,
    check_sizes,
    check_small,
    damage,
    damaged_files,
    last_commit,
    publish,
    read_manifest,
    write_synced,
)
from index.storage.system import remove_file

_MIN_SEGMENTS_FOR_MERGE = 4  # segments that call for a merge; two that checkpoints of a build left


@dataclass(slots=True)
class _State:
    """Where a writer stands, which is all that its steps depend on. No other state leads to another but as said here.

    `fresh`, from the beginning to the first commit: it is to replace what is there, so until then nothing shows, and
        a checkpoint is only for whoever goes on after an interruption.
    `changed`, from a change (of articles, options, calibration; compaction; no index so far) to any publication:
        there is something to publish.
    `building`, from a checkpoint to a commit: segments are merged from two on, and the commit is made even where
        nothing has changed since the checkpoint.
    """

    fresh: bool
    changed: bool
    building: bool = False


class IndexWriter:
    """Changes on top of the current commit. Use inside `writer_lock`; nothing shows before `commit`."""

    def __init__(self, root: Path, recipe: Recipe, *, fresh: bool = False) -> None:
        """Start from the current commit of `root`; from nothing where there is none, or where `fresh` says so.

        A fresh writer leaves what is there alone until its first commit, which replaces it whole. It goes on
        from the segments that a fresh writer of the same options finished before it was interrupted.
        """
        self._root = root
        self._tokenizer = recipe.tokenizer
        config, encoder = recipe.config.to_json(), dict(recipe.encoder)
        empty = Manifest(last_commit(root), now(), recipe.fingerprint, config, encoder)
        self._state = _State(fresh, changed=fresh)
        try:
            manifest = self._resumed(empty) if fresh else read_manifest(root)
        except IndexMissing:
            manifest = empty
            self._state.changed = True  # an index without articles is an index
        # Options that leave the content as it is, such as synonyms, are a change too: readers get them with a commit.
        new, old = (json.dumps(options, sort_keys=True) for options in (config, manifest.config))
        self._state.changed |= new != old
        self._manifest = replace(manifest, fingerprint=recipe.fingerprint, config=config, encoder=encoder)
        self._index = EmbeddedIndex(root, manifest)
        check_small(root, manifest)
        self._pending = PendingSegments(root / SEGMENTS, manifest.segments, self._index.segments)
        # The commit that is kept because a rebuild took its place, until the index is compacted.
        self._previous = (manifest.commit or None) if fresh else manifest.previous
        self._passed: set[int] = set()  # commits whose articles are all in a later one of this writer
        self.warnings: list[str] = []
        # Lines that sources print on every page, learned so far.
        self.boilerplate = frozenset(manifest.calibration.get("boilerplate", ()))
        self.calibration: Mapping[str, Any] = {
            name: value for name, value in manifest.calibration.items() if name != "boilerplate"
        }
        self._drop_leftovers()

    def _resumed(self, empty: Manifest) -> Manifest:
        """The segments of an interrupted rebuild where it was of the same kind and on top of the same commit."""
        try:
            begun = Manifest.loads((self._root / REBUILD).read_text("utf-8"))
            if replace(begun, segments=(), committed_at=empty.committed_at).dumps() == empty.dumps():
                resumed = replace(empty, segments=begun.segments)
                check_sizes(self._root, resumed)
                return resumed
        except (OSError, ValueError, KeyError, TypeError, IndexCorrupt):
            pass  # none was interrupted, or what it left is damaged: all is built anew
        return empty

    @property
    def manifest(self) -> Manifest:
        """The last commit."""
        return self._manifest

    def content_hash(self, article_id: str) -> str | None:
        """Hash of the input that the article in the index came from; None where there is none."""
        found = self._pending.find(article_id)
        return found[0].store.get(found[1]).content_hash if found else None

    def paths(self, roots: Sequence[str]) -> dict[str, str]:
        """article_id -> path of every article whose file is one of `roots` or lies inside one."""
        return {
            segment.store.article_id(row): path
            for segment, alive in self._pending.alive()
            for row, path in segment.store.rows_under(roots).items()
            if alive[row]
        }

    def ids(self) -> set[str]:
        """Ids of all articles."""
        return {
            segment.store.article_id(row)
            for segment, alive in self._pending.alive()
            for row in np.flatnonzero(alive).tolist()
        }

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove articles; returns how many there were."""
        count = sum(map(self._pending.delete, article_ids))
        self._state.changed |= count > 0
        return count

    def upsert(
        self, stored: Sequence[StoredArticle], terms: Sequence[FieldTerms], vectors: NDArray[np.floating]
    ) -> None:
        """Write a new segment of articles, replacing those of the same id; of two with one id the later counts.

        Where the writing fails, what there was is still there.
        """
        last = {item.article.article_id: at for at, item in enumerate(stored)}
        if len(last) < len(stored):
            keep = sorted(last.values())
            rows = np.isin(np.repeat(np.arange(len(stored)), [len(item.spans) for item in stored]), keep)
            stored, terms, vectors = [stored[at] for at in keep], [terms[at] for at in keep], vectors[rows]
        if not stored:
            return
        name = self._new_name()
        files, recall = write_segment(self._root / SEGMENTS / name, stored, terms, vectors)
        self.delete(list(last))
        self._pending.add(SegmentEntry(name, len(stored), len(vectors), files, recall=recall), last)
        self._state.changed = True

    def _new_name(self) -> str:
        return f"{self._manifest.commit + 1:06d}-{uuid.uuid4().hex[:8]}"

    def checkpoint(self) -> None:
        """Keep what there is, so that an interrupted build goes on from here; a fresh index shows whole or not.

        The segments of a build are merged at its end, or before where there are enough for a whole one.
        """
        self._bury()
        self._state.building = True
        if self._state.fresh:
            self._merged(whole=True)
            write_synced(self._root / REBUILD, replace(self._manifest, segments=self._pending.entries).dumps())
        elif self._state.changed:
            self._publish()
            self._publish_merged(whole=True)
            self._passed.add(self._manifest.commit)

    def preview(self) -> EmbeddedIndex:
        """What the next commit would answer."""
        self._bury()
        if self._state.building:
            self._merged()  # asking the many small segments of a build would take longer
        return EmbeddedIndex(self._root, replace(self._manifest, segments=self._pending.entries))

    def calibrate(self, name: str, value: Mapping[str, Any] | None) -> None:
        """Put `value` under `name` in the calibration of the next commit, or take it away; see Writer."""
        self.calibration = {key: old for key, old in self.calibration.items() if key != name}
        if value is not None:
            self.calibration = {**self.calibration, name: dict(value)}
        self._state.changed = True

    def counts(self) -> tuple[int, int]:
        """Live articles and chunks; see Writer."""
        return self._pending.counts()

    def recall(self) -> float | None:
        """The least recall@10 of the segments of the last commit; see Writer."""
        return min((entry.recall for entry in self._manifest.segments if entry.recall is not None), default=None)

    def whole(self) -> bool:
        """Always: a folder has one writer; see Writer."""
        return True

    def commit(self) -> int:
        """Make all changes visible at once; returns the commit's number, the old one where nothing changed.

        Segments are merged after that, as a commit of its own that takes this one's place: nobody waits for it to see
        the changes, and readers stay on what they have open.
        """
        if self._state.changed or self._state.building:
            self._bury()
            if self._state.fresh:
                self._merged()  # nobody waits: the index shows once it is whole
            self._publish()
            self._publish_merged()
            self._state.building = False
        return self._manifest.commit

    def _publish_merged(self, *, whole: bool = False) -> None:
        if self._merged(whole=whole):
            self._passed.add(self._manifest.commit)
            self._publish()

    def _merged(self, *, whole: bool = False) -> bool:
        """Merge what `merges_due` says, if anything; where the disk fails it, all stays as it is, with a warning."""
        before = self._pending
        fewest = 2 if self._state.building else _MIN_SEGMENTS_FOR_MERGE
        groups = merges_due(self._pending.entries, fewest=fewest, whole=whole)
        try:
            for group in groups:
                self._merge(group)
        except OSError as error:
            self._pending = before
            self._drop_leftovers()
            self.warnings.append(f"committed, but segments could not be merged: {error}; the next commit tries again")
            return False
        return bool(groups)

    def _publish(self) -> None:
        self._manifest = replace(
            self._manifest,
            commit=self._manifest.commit + 1,
            committed_at=now(),
            segments=self._pending.entries,
            calibration={"measured": None, **self.calibration, "boilerplate": sorted(self.boilerplate)},
            previous=self._previous,
        )
        publish(self._root, self._manifest)
        self._state.changed = self._state.fresh = False
        self._drop_leftovers()

    def _bury(self) -> None:
        self._pending.bury(self._manifest.commit + 1, self._tokenizer)

    def compact(self) -> None:
        """Merge all segments into one without dead articles, at the next commit; an index replaced is let go."""
        self._bury()
        if self._previous is not None and not self._state.fresh:
            self._previous = None
            self._state.changed = True
        entries = self._pending.entries
        if len(entries) > 1 or any(entry.dead_articles for entry in entries):
            self._merge(entries)

    def _merge(self, group: Sequence[SegmentEntry]) -> None:
        name = self._new_name()
        self._check(group)
        files, recall = merge_segments(self._root / SEGMENTS / name, self._pending.segments(group))
        articles = sum(entry.articles - entry.dead_articles for entry in group)
        entry = SegmentEntry(name, articles, sum(map(live, group)), files, recall=recall)
        self._pending = self._pending.with_merged(group, entry)
        self._state.changed = True

    def _check(self, group: Sequence[SegmentEntry]) -> None:
        """Altered bytes must not get a new checksum by being merged; IndexCorrupt."""
        bad = damaged_files(self._root, replace(self._manifest, segments=tuple(group)))
        if bad:
            raise damage(self._root, bad)

    def _drop_leftovers(self) -> None:
        drop_leftovers(self._root, self._manifest, self._pending.entries, self._passed)
        if not self._state.fresh:
            remove_file(self._root / REBUILD)

    def close(self) -> None:
        """Drop what is not committed."""
        self._index.close()
        self._pending.close()
