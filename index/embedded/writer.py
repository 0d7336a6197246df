"""The local engine, write side: one writer at a time, and a commit that costs what the change costs."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import FieldTerms
from index.backend import Recipe
from index.embedded.commits import now
from index.embedded.reader import EmbeddedIndex
from index.errors import IndexCorrupt, IndexMissing, WensouError
from index.models import StoredArticle
from index.segments.merge import live, merge_segments, merges_due
from index.segments.segment import Segment, write_segment
from index.segments.tombstones import Tombstones
from index.storage.layout import (
    KEPT_COMMITS,
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
from index.storage.system import remove_file, remove_folder

_MIN_SEGMENTS_FOR_MERGE = 4  # segments that call for a merge; two that checkpoints of a build left


class IndexWriter:
    """Changes on top of the current commit. Use inside `writer_lock`; nothing shows before `commit`."""

    def __init__(self, root: Path, recipe: Recipe, *, fresh: bool = False) -> None:
        """Start from the current commit of `root`; from nothing where there is none, or where `fresh` says so.

        A fresh writer leaves what is there alone until its first commit, which replaces it whole. It goes on
        from the segments that a fresh writer of the same options finished before it was interrupted.
        """
        self._root = root
        self._tokenizer = recipe.tokenizer
        self._fresh = fresh
        config, encoder = recipe.config.to_json(), dict(recipe.encoder)
        empty = Manifest(last_commit(root), now(), recipe.fingerprint, config, encoder)
        self._changed = fresh
        try:
            manifest = self._resumed(empty) if fresh else read_manifest(root)
        except IndexMissing:
            manifest = empty
            self._changed = True  # an index without articles is an index
        # Options that leave the content as it is, such as synonyms, are a change too: readers get them with a commit.
        new, old = (json.dumps(options, sort_keys=True) for options in (config, manifest.config))
        self._changed |= new != old
        self._manifest = replace(manifest, fingerprint=recipe.fingerprint, config=config, encoder=encoder)
        self._index = EmbeddedIndex(root, manifest)
        check_small(root, manifest)
        self._entries = list(manifest.segments)
        names = (entry.name for entry in self._entries)
        self._readers: dict[str, Segment] = dict(zip(names, self._index.segments, strict=True))
        self._dead: dict[str, set[int]] = {}
        self._own: set[str] = set()  # segments that hold only what this writer was given
        self._given: set[str] = set()  # ids of the articles that are in them
        self._passed: set[int] = set()  # commits whose articles are all in a later one of this writer
        self.warnings: list[str] = []
        self._building = False  # whether there was a checkpoint since the last commit
        # Lines that sources print on every page, learned so far.
        self.boilerplate = frozenset(manifest.calibration.get("boilerplate", ()))
        self.calibration: Mapping[str, Any] = {
            name: value for name, value in manifest.calibration.items() if name != "boilerplate"
        }
        self._compacted = False
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

    def _find(self, article_id: str) -> tuple[str, int] | None:
        for entry in self._entries:
            if entry.name in self._own and article_id not in self._given:
                continue  # a build of a million articles asks for each, and has many segments
            segment = self._readers[entry.name]
            row = segment.store.article_row(article_id)
            if row >= 0 and segment.live_articles[row] and row not in self._dead.get(entry.name, ()):
                return entry.name, row
        return None

    def content_hash(self, article_id: str) -> str | None:
        """Hash of the input that the article in the index came from; None where there is none."""
        found = self._find(article_id)
        return self._readers[found[0]].store.get(found[1]).content_hash if found else None

    def paths(self, roots: Sequence[str]) -> dict[str, str]:
        """article_id -> path of every article whose file is one of `roots` or lies inside one."""
        out = {}
        for entry in self._entries:
            segment = self._readers[entry.name]
            dead = self._dead.get(entry.name, set())
            for row, path in segment.store.rows_under(roots).items():
                if segment.live_articles[row] and row not in dead:
                    out[segment.store.article_id(row)] = path
        return out

    def ids(self) -> set[str]:
        """Ids of all articles."""
        out = set()
        for entry in self._entries:
            segment = self._readers[entry.name]
            dead = self._dead.get(entry.name, set())
            rows = np.flatnonzero(segment.live_articles).tolist()
            out |= {segment.store.article_id(row) for row in rows if row not in dead}
        return out

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove articles; returns how many there were."""
        count = 0
        for article_id in article_ids:
            found = self._find(article_id)
            if found:
                self._dead.setdefault(found[0], set()).add(found[1])
                self._changed = True
                count += 1
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
        self._given |= last.keys()
        self._own.add(name)
        self._adopt(SegmentEntry(name, len(stored), len(vectors), files, recall=recall))

    def _new_name(self) -> str:
        return f"{self._manifest.commit + 1:06d}-{uuid.uuid4().hex[:8]}"

    def _adopt(self, entry: SegmentEntry) -> None:
        self._entries.append(entry)
        self._readers[entry.name] = Segment(self._root / SEGMENTS / entry.name, Tombstones.empty())
        self._changed = True

    def checkpoint(self) -> None:
        """Keep what there is, so that an interrupted build goes on from here; a fresh index shows whole or not.

        The segments of a build are merged at its end, or before where there are enough for a whole one.
        """
        self._bury()
        self._building = True
        if self._fresh:
            self._merged(whole=True)
            write_synced(self._root / REBUILD, replace(self._manifest, segments=tuple(self._entries)).dumps())
        elif self._changed:
            self._publish()
            self._publish_merged(whole=True)
            self._passed.add(self._manifest.commit)

    def preview(self) -> EmbeddedIndex:
        """What the next commit would answer."""
        self._bury()
        if self._building:
            self._merged()  # asking the many small segments of a build would take longer
        return EmbeddedIndex(self._root, replace(self._manifest, segments=tuple(self._entries)))

    def calibrate(self, name: str, value: Mapping[str, Any] | None) -> None:
        """Put `value` under `name` in the calibration of the next commit, or take it away; see Writer."""
        self.calibration = {key: old for key, old in self.calibration.items() if key != name}
        if value is not None:
            self.calibration = {**self.calibration, name: dict(value)}
        self._changed = True

    def counts(self) -> tuple[int, int]:
        """Live articles and chunks; see Writer."""
        dead = sum(map(len, self._dead.values()))
        articles = sum(entry.articles - entry.dead_articles for entry in self._entries) - dead
        chunks = sum(entry.chunks - entry.dead_chunks for entry in self._entries)
        for entry in self._entries if dead else ():
            starts = self._readers[entry.name].store.chunk_starts
            chunks -= sum(int(starts[row + 1] - starts[row]) for row in self._dead.get(entry.name, ()))
        return articles, chunks

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
        if self._changed or self._building:
            self._bury()
            if self._fresh:
                self._merged()  # nobody waits: the index shows once it is whole
            self._publish()
            self._publish_merged()
            self._building = False
        return self._manifest.commit

    def _publish_merged(self, *, whole: bool = False) -> None:
        if self._merged(whole=whole):
            self._passed.add(self._manifest.commit)
            self._publish()

    def _merged(self, *, whole: bool = False) -> bool:
        """Merge what `merges_due` says, if anything; where the disk fails it, all stays as it is, with a warning."""
        before = self._entries, self._readers
        groups = merges_due(self._entries, fewest=2 if self._building else _MIN_SEGMENTS_FOR_MERGE, whole=whole)
        try:
            for group in groups:
                self._merge(group)
        except OSError as error:
            self._entries, self._readers = before
            self._drop_leftovers()
            self.warnings.append(f"committed, but segments could not be merged: {error}; the next commit tries again")
            return False
        return bool(groups)

    def _publish(self) -> None:
        commit = self._manifest.commit
        previous = (commit or None) if self._fresh else self._manifest.previous
        self._manifest = replace(
            self._manifest,
            commit=commit + 1,
            committed_at=now(),
            segments=tuple(self._entries),
            calibration={"measured": None, **self.calibration, "boilerplate": sorted(self.boilerplate)},
            previous=None if self._compacted else previous,
        )
        publish(self._root, self._manifest)
        self._changed = self._fresh = self._compacted = False
        self._drop_leftovers()

    def _bury(self) -> None:
        """Turn the deletions since the last commit into tombstone files; drop segments with nothing left."""
        kept = []
        for entry in self._entries:
            rows = self._dead.get(entry.name)
            segment = self._readers[entry.name]
            if rows:
                tombstones = segment.bury(rows, self._tokenizer)
                if len(tombstones.articles) == entry.articles:
                    continue
                name = f"tombstones-{self._manifest.commit + 1:06d}.npz"
                saved = tombstones.save(segment.folder / name)
                files = {f: e for f, e in entry.files.items() if f != entry.tombstones} | {name: saved}
                dead_chunks = int(np.isin(segment.store.chunk_articles, tombstones.articles).sum())
                entry = replace(
                    entry,
                    files=files,
                    tombstones=name,
                    dead_articles=len(tombstones.articles),
                    dead_chunks=dead_chunks,
                )
                self._readers[entry.name] = Segment(segment.folder, tombstones)
            kept.append(entry)
        self._entries = kept
        self._dead = {}

    def compact(self) -> None:
        """Merge all segments into one without dead articles, at the next commit; an index replaced is let go."""
        self._bury()
        if self._manifest.previous is not None and not self._fresh:
            self._changed = self._compacted = True
        if len(self._entries) > 1 or any(entry.dead_articles for entry in self._entries):
            self._merge(self._entries)

    def _merge(self, group: Sequence[SegmentEntry]) -> None:
        name = self._new_name()
        gone = {entry.name for entry in group}
        parts = [self._readers[entry.name] for entry in group]
        self._check(group)
        files, recall = merge_segments(self._root / SEGMENTS / name, parts)
        articles = sum(entry.articles - entry.dead_articles for entry in group)
        self._entries = [entry for entry in self._entries if entry.name not in gone]
        self._readers = {old: reader for old, reader in self._readers.items() if old not in gone}
        if gone <= self._own:
            self._own.add(name)
        self._adopt(SegmentEntry(name, articles, sum(map(live, group)), files, recall=recall))

    def _check(self, group: Sequence[SegmentEntry]) -> None:
        """Altered bytes must not get a new checksum by being merged; IndexCorrupt."""
        bad = damaged_files(self._root, replace(self._manifest, segments=tuple(group)))
        if bad:
            raise damage(self._root, bad)

    def _drop_leftovers(self) -> None:
        """Delete manifests older than the kept ones, and segments and files that no kept manifest names."""
        current = self._manifest.commit
        wanted: set[str] = set()
        manifests = {int(path.stem.split("-")[1]): path for path in self._root.glob("commit-*.json")}
        # A manifest beyond the current one is a commit that never became real.
        real = sorted(number for number in manifests if number <= current and number not in self._passed - {current})
        kept = {*real[-1 - KEPT_COMMITS :], self._manifest.previous}
        for number, path in manifests.items():
            if number not in kept:
                remove_file(path)
                continue
            try:
                wanted |= {name for name, _ in read_manifest(self._root, number).files()}
            except WensouError:
                return  # whose files are these? Nothing is deleted that a kept commit may still need
        segments = self._root / SEGMENTS
        wanted |= {f"{SEGMENTS}/{entry.name}/{name}" for entry in self._entries for name in entry.files}
        names = {name.split("/")[1] for name in wanted}
        for folder in segments.iterdir() if segments.is_dir() else ():
            if folder.name not in names:
                remove_folder(folder)  # what a reader still has open may go at another commit
                continue
            for path in folder.glob("tombstones-*.npz"):
                if f"{SEGMENTS}/{folder.name}/{path.name}" not in wanted:
                    remove_file(path)
        for path in self._root.glob(".*.tmp"):
            remove_file(path)
        if not self._fresh:
            remove_file(self._root / REBUILD)

    def close(self) -> None:
        """Drop what is not committed."""
        self._index.close()
        self._readers = {}
