"""What a rebuild does with articles of the old index that its sources do not hold: keep them, or say that they go."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from index.backend import Backend, IndexHandle
from index.errors import IndexCorrupt, IndexMismatch, IndexMissing
from index.models import StoredArticle


def old_index(handle: IndexHandle) -> Backend | None:
    """The index that is to be replaced; None where there is none that can be read."""
    try:
        return handle.reader()
    except (IndexMissing, IndexCorrupt, IndexMismatch):
        return None


def holds(roots: Collection[str], path: str | None) -> bool:
    """Whether a file is one of `roots` or lies inside one."""
    return path is not None and not roots_of(path).isdisjoint(roots)


def roots_of(path: str) -> set[str]:
    """A file and all folders it lies in."""
    return {path, *map(str, Path(path).parents)}


class Others:
    """The articles of an old index that the sources of its rebuild did not hold."""

    def __init__(self, old: Backend, roots: Sequence[str] | None) -> None:
        """`roots`: files and folders that are read again, so that what they no longer hold goes; None: all others go.

        What came from elsewhere, from a stream or a program, or could not be read this time is kept.
        """
        self._old = old
        self._roots = None if roots is None else set(roots)
        self.removed = 0

    def kept(self, seen: Collection[str], unread: Collection[str]) -> Iterator[StoredArticle]:
        """Those to be kept, once all sources were read: `seen` are the ids that they held, `unread` the files and
        folders of which something could not be read. The others are counted as removed.
        """
        for article_id in self._old.article_ids():
            if article_id in seen:
                continue
            stored = self._old.article(article_id)
            path = stored.article.path
            read_again = self._roots is None or (holds(self._roots, path) and not holds(unread, path))
            if read_again:
                self.removed += 1
            else:
                yield stored
