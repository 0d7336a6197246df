"""Follow sources while they change: what was saved, renamed or deleted is read again, many changes at once."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from index.backend import Backend
from index.batches import Progress
from index.builder import update_index
from index.connect import open_backend, open_handle
from index.errors import BadOption, IndexMissing, NotFound
from index.models import Article, BuildReport, Skipped, SkipReason
from index.rebuild import holds
from index.sources.articles import is_read, read_changed
from index.sources.ignored import IGNORE_FILE, check_patterns
from index.sources.records import path_name
from index.storage.layout import IndexState

QUIET_MS, MAX_STORM_MS = 200, 1_000  # without a change, or of changes, after which those so far are read
LOOK_MS = 500  # between two looks at whether the sources themselves are there
POLLED_MS = 1_000  # between two looks at every file, where the system tells of no change

Said = Callable[[str], None]


class Watch:
    """Files and folders that are followed."""

    def __init__(
        self, sources: Sequence[str | Path], *, exclude: Sequence[str] = (), say: Said = lambda _: None
    ) -> None:
        """`exclude` as in `read_sources`; `say` is told in a line of what cannot be followed for now.

        Raises BadOption for a source that is not there or a stream.
        """
        check_patterns(exclude)
        self.sources = [Path(source).absolute() for source in sources if str(source) != "-"]
        if len(self.sources) < len(sources):
            raise BadOption("watch: got the source -, a stream, want files and folders")
        for source in self.sources:
            if not source.exists():
                raise BadOption(f"no such source: got {source}, wanted a file or a folder", hint="check the path")
        self._exclude, self._say = tuple(exclude), say
        self._first = {source: _identity(source) for source in self.sources}

    def batches(self, stop: threading.Event | None = None) -> Generator[list[Path], None, None]:
        """What has to be read: first the sources whole, once nothing can be missed any more; then what changes.

        Ends when `stop` is set. A source that is gone, as when its disk was taken away, counts as changed when it is
        back, not before: what it held is kept.
        """
        stop = stop or threading.Event()
        there = self._there()
        pending = set(there)
        while not stop.is_set():
            if not there:
                stop.wait(LOOK_MS / 1_000)
                there = self._there()
                pending |= set(there)
                continue
            for found in _changes(list(there), stop, self._say):
                now = self._there()
                gone = there.keys() - now.keys()
                back = {source for source in now if now[source] != there.get(source)}
                changed = {self._read_for(Path(name)) for name in found}
                pending |= {path for path in changed if path and not any(_in(path, source) for source in gone)}
                if gone or back:
                    for source in sorted(gone):
                        self._say(f"{source} is not there any more: what it held is kept until it is back")
                    pending |= back
                    there = now
                    break  # to watch what is there now; what is pending is given once that is begun
                if pending:
                    yield sorted(pending)
                    pending = set()

    def _there(self) -> dict[Path, object]:
        """The sources that are there. Another folder in place of one, and empty, is where a disk was mounted."""
        found = {source: _identity(source) for source in self.sources}
        return {
            source: identity
            for source, identity in found.items()
            if identity is not None and (identity == self._first[source] or not _is_empty(source))
        }

    def _read_for(self, path: Path) -> Path | None:
        """What is to be read again because of a change at `path`; None where that is no part of any source."""
        if path.name == IGNORE_FILE:
            path = path.parent
        source = next((source for source in self.sources if _in(path, source)), None)
        return path if source is not None and is_read(path, source, self._exclude) else None


class Following:
    """Keeps an index up to date with what changes in sources."""

    def __init__(
        self,
        index: str | Path,
        sources: Sequence[str | Path],
        *,
        exclude: Sequence[str] = (),
        keep_missing: bool = False,
    ) -> None:
        """`exclude` and `keep_missing` as in `build_index`."""
        self._index, self._exclude, self._keep_missing = index, tuple(exclude), keep_missing
        self._sources = [Path(source).absolute() for source in sources]
        self._doubles: set[Path] = set()  # files with an id that another file has

    def update(self, changed: Iterable[str | Path], progress: Progress | None = None) -> BuildReport:
        """Read files and folders of the sources that have changed, and nothing else; raises as `build_index`.

        What they held and do not hold any more is removed; not so where a source itself is gone, or would be read whole
        and is an empty folder, as where a disk is to be mounted: a warning says so. An id that a file has which did not
        change stays that file's, until it is gone.
        """
        paths = {Path(path) for path in changed} | self._doubles
        if open_handle(self._index).state() is IndexState.MISSING:
            paths = set(self._sources)
        away = [one for one in self._sources if not one.exists() or (one in paths and _is_empty(one))]
        paths = {path for path in paths if not any(_in(path, source) for source in away)}
        items = self._first_come(read_changed(paths, self._sources, exclude=self._exclude), set(map(path_name, paths)))
        report = update_index(
            items, self._index, sources=None if self._keep_missing else sorted(paths), progress=progress
        )
        self.note(report)
        kept = (f"{source} is empty or gone: what it held is kept" for source in away)
        return replace(report, warnings=(*report.warnings, *kept))

    def note(self, report: BuildReport) -> None:
        """Remember what a report of the sources, or of some of their files, says of ids that two files have."""
        doubles = {Path(one.where) for one in report.skipped if one.reason is SkipReason.DUPLICATE_ID}
        self._doubles = {path for path in doubles if path.exists()}

    def _first_come(self, items: Iterable[Article | Skipped], changed: set[str]) -> Iterator[Article | Skipped]:
        try:
            backend = open_backend(self._index)
        except IndexMissing:
            yield from items
            return
        with closing(backend):
            for item in items:
                held = _file_of(backend, item.article_id) if isinstance(item, Article) else None
                if isinstance(item, Article) and held and held != item.path and not holds(changed, held):
                    yield Skipped(item.path or item.article_id, SkipReason.DUPLICATE_ID, item.article_id)
                else:
                    yield item


def _file_of(backend: Backend, article_id: str) -> str | None:
    """The file that an article of the index was read from, where it is there still."""
    try:
        path = backend.article(article_id).article.path
    except NotFound:
        return None
    return path if path and Path(path).exists() else None


def _in(path: Path, source: Path) -> bool:
    return path == source or source in path.parents


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file or folder from another of its name; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino)


def _is_empty(path: Path) -> bool:
    try:
        return path.is_dir() and not any(path.iterdir())
    except OSError:
        return True


def _changes(paths: Sequence[Path], stop: threading.Event, say: Said) -> Iterator[set[Path]]:
    """Files and folders that were changed, several at once; now and then an empty set."""
    from watchfiles import Change, watch

    for poll in (None, True):
        try:
            for found in watch(
                *paths, watch_filter=None, debounce=MAX_STORM_MS, step=QUIET_MS, stop_event=stop, rust_timeout=LOOK_MS,
                yield_on_timeout=True, force_polling=poll, poll_delay_ms=POLLED_MS, ignore_permission_denied=True,
            ):  # fmt: skip
                # A folder is changed by what happens in it, which is told, too.
                yield {Path(name) for kind, name in found if kind is not Change.modified or not Path(name).is_dir()}
            return
        except FileNotFoundError:  # one went while the others were begun with
            stop.wait(LOOK_MS / 1_000)
            yield set()
            return
        except (OSError, RuntimeError) as error:  # such as more folders than the system tells of
            if poll:
                raise
            say(f"the system does not tell of changes ({error}): looking at every file instead")
