"""An index folder by its path: state, commits, reader and writer; `index.backend.IndexHandle` over a folder."""

from collections.abc import Hashable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from index.backend import Description, Recipe, Shard
from index.config import IndexConfig
from index.embedded.commits import kept_commits, restore_commit, set_calibration, writer_lock
from index.embedded.reader import EmbeddedIndex
from index.embedded.writer import IndexWriter
from index.errors import BadOption
from index.storage.layout import CURRENT, IndexState, Manifest, damaged_files, read_manifest, state


class FolderHandle:
    """The index in a folder, whether it is there or not."""

    def __init__(self, root: Path) -> None:
        """Nothing is read or made."""
        self._root = root

    def mark(self) -> Hashable:
        """Time and inode of the pointer; see IndexHandle."""
        try:
            status = (self._root / CURRENT).stat()
        except OSError:
            return (0, 0)
        return status.st_mtime_ns, status.st_ino

    def state(self, *, fingerprint: str | None = None) -> IndexState:
        """What is there; see IndexHandle."""
        return state(self._root, fingerprint=fingerprint)

    def describe(self) -> Description:
        """What the current commit was built with; see IndexHandle."""
        return _described(read_manifest(self._root))

    def reader(self, commit: int | None = None) -> EmbeddedIndex:
        """A commit, open; see IndexHandle."""
        return EmbeddedIndex.open(self._root, commit)

    def sharded(self, shard: Shard) -> "FolderHandle":
        """Refused: see IndexHandle."""
        raise BadOption(
            f"index {self._root}: a folder has one writer at a time, so no --shard {shard}",
            hint="use more processes with --workers, or an index on Milvus",
        )

    def lock(self) -> AbstractContextManager[None]:
        """Held by who writes; see IndexHandle."""
        return writer_lock(self._root)

    def writer(self, recipe: Recipe, *, fresh: bool = False) -> IndexWriter:
        """A writer on top of the current commit, or of nothing; see IndexHandle."""
        return IndexWriter(self._root, recipe, fresh=fresh)

    def commits(self) -> list[Description]:
        """Those that can be restored; see IndexHandle."""
        return [_described(manifest) for manifest in kept_commits(self._root)]

    def damaged(self) -> list[str]:
        """Files whose checksum is wrong; see IndexHandle."""
        return damaged_files(self._root, read_manifest(self._root))

    def restore(self, commit: int) -> int:
        """Make an earlier commit the current one; see IndexHandle."""
        return restore_commit(self._root, commit)

    def set_calibration(self, name: str, value: Mapping[str, Any] | None) -> int:
        """Put `value` under `name` in the calibration; see IndexHandle."""
        return set_calibration(self._root, name, value)


def _described(manifest: Manifest) -> Description:
    return Description(
        IndexConfig.from_json(manifest.config),
        manifest.fingerprint,
        manifest.encoder,
        manifest.commit,
        manifest.committed_at,
        manifest.articles,
        manifest.chunks,
    )
