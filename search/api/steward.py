"""The process that writes, one an index: started when there is work, again where it died, ended with its parent.

Sources that are followed are watched here, in a thread each; what changes in them goes through the journal as what
comes over HTTP does.
"""

import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.context import SpawnProcess
from pathlib import Path

from index.errors import WensouError
from index.storage.system import interrupts_held
from index.watch import Watch
from search.service.journal import Journal
from search.service.writing import FOLLOW, LOOK, JournalWriter

GRACE = 10.0  # seconds for what is under way when a server stops
SOON = 2.0  # seconds: a process that lived shorter is started again only after as long
_IDLE = 600.0  # seconds without work after which the writing process ends, until there is some


def end_with_parent() -> None:
    """End this process when the one that started it ends, however that was."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(0)

        threading.Thread(target=watch, name="parent", daemon=True).start()


def stop_all(processes: Sequence[SpawnProcess]) -> None:
    """Ask processes to end, and end those that do not."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + GRACE + 2
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def _write(root: str, sources: Sequence[str], idle: float) -> None:
    end_with_parent()
    stop = threading.Event()
    for name in ("SIGINT", "SIGHUP"):  # a terminal's, which are meant for the parent; it asks for an end
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    JournalWriter(Path(root), sources, _say).run(stop, idle)


class _Index:
    """The writer of one index, and the watch over the sources that it follows."""

    def __init__(self, path: str, sources: Sequence[str], followed: Sequence[str]) -> None:
        self._path, self._sources = path, sources
        self._journal = Journal(Path(path))
        self._watch = Watch(followed, say=_say) if followed else None
        self.writer: SpawnProcess | None = None
        self._began = 0.0

    def look(self) -> None:
        """Start the writer where there is work and none is alive."""
        if self.writer is not None and self.writer.is_alive():
            return
        if time.monotonic() - self._began < SOON or not (self._journal.folder.is_dir() and self._journal.waiting()):
            return
        if self.writer is not None and self.writer.exitcode and self._watch is not None:
            # It alone knew which files have ids that others have, too.
            self._tell(self._watch.sources)
        self._began = time.monotonic()
        context = multiprocessing.get_context("spawn")
        idle = math.inf if self._watch else _IDLE
        self.writer = context.Process(target=_write, args=(self._path, self._sources, idle))
        with interrupts_held():
            self.writer.start()

    def follow(self, stop: threading.Event) -> None:
        """Put what changes in the sources into the journal, until `stop`."""
        if self._watch is not None:
            for changed in self._watch.batches(stop):
                self._tell(changed)

    def _tell(self, changed: Sequence[Path]) -> None:
        assert self._watch is not None
        content = {"sources": [str(path) for path in self._watch.sources], "changed": [str(path) for path in changed]}
        try:
            self._journal.append(FOLLOW, content)
        except OSError as error:
            _say(f"what changed in the sources cannot be noted: {error}; the next start reads them again")


class Steward:
    """Keeps the writing processes of a server, and the watches over what they follow."""

    def __init__(
        self, indexes: Sequence[str], sources: Sequence[str] = (), followed: Sequence[tuple[str, str]] = ()
    ) -> None:
        """`indexes` are folders, `sources` what may be read again, `followed` pairs of an index and a source.

        Nothing runs before it is entered. Raises BadOption for a source that cannot be followed.
        """
        self._indexes = [_Index(path, sources, [what for which, what in followed if which == path]) for path in indexes]
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="steward", daemon=True),
            *(threading.Thread(target=self._follow, args=(one,), name="watch", daemon=True) for one in self._indexes),
        ]

    def _run(self) -> None:
        while not self._stop.wait(LOOK):
            for one in self._indexes:
                one.look()

    def _follow(self, index: _Index) -> None:
        try:
            index.follow(self._stop)
        except WensouError as error:
            _say(f"the sources are not followed any more: {error.message}")

    def __enter__(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        """Let the writers finish what they are committing, and end."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        stop_all([one.writer for one in self._indexes if one.writer is not None])


def _say(line: str) -> None:
    print(f"wensou: {line}", file=sys.stderr, flush=True)  # noqa: T201 - a server's log
