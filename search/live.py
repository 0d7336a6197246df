"""An engine that follows its index: between two questions it moves to the newest commit by itself."""

import threading
import time
from collections import OrderedDict
from pathlib import Path

from index.backend import IndexHandle
from index.connect import open_handle
from index.errors import IndexCorrupt, IndexMissing, WensouError
from index.models import Filters
from index.storage.layout import IndexState
from search.engine import SearchEngine
from search.models import SearchOptions
from search.ranking.rerank import CrossEncoderReranker

LOOK_EVERY = 0.2  # seconds between two looks at the pointer, where a thread follows it
PROBED_FOR = 1.0  # seconds for which one trial question stands
_VIEWS = 32  # narrowed engines that are kept


def folder_of(uri: str | Path) -> Path | None:
    """Where an index lies; None for one that lies in another engine."""
    return None if "://" in str(uri) else Path(uri)


class LiveEngine:
    """Hands out the engine of the current commit.

    A question holds the engine it was given until it is answered, so a commit in the middle of it changes nothing;
    the old commit's memory goes when its last question ends. Where a new commit cannot be opened, the old one
    goes on answering.
    """

    def __init__(self, uri: str | Path, *, rerank: str | None = None) -> None:
        """Open the index at `uri` now, to fail early; errors as SearchEngine.open. `rerank` is loaded once for all."""
        self.root = Path(uri)
        self._uri = uri
        self._index: IndexHandle = open_handle(uri)
        self._lock = threading.Lock()
        self._seen = self._index.mark()
        self._reranker = CrossEncoderReranker(rerank) if rerank else None
        self._views: OrderedDict[Filters, tuple[SearchEngine, SearchEngine]] = OrderedDict()  # (of which, narrowed)
        self._narrowing = threading.Lock()
        self._follower: threading.Thread | None = None
        self._stop = threading.Event()
        self._probed: tuple[float, WensouError | None] = (0.0, None)
        self._engine = self._opened()
        self.trouble: WensouError | None = None

    def _opened(self) -> SearchEngine:
        engine = SearchEngine.open(self._uri, rerank=self._reranker)
        engine.warm()
        engine.verify_in_background()
        return engine

    def engine(self, filters: Filters | None = None) -> SearchEngine:
        """The engine of the newest commit that can be opened; with `filters`, one that knows only what passes them."""
        if self._follower is None:
            self.refresh(wait=False)
        engine = self._engine
        return self._narrowed(engine, filters) if filters else engine

    def refresh(self, *, wait: bool = True) -> None:
        """Move to the newest commit now. Without `wait`, only where no other thread is about to."""
        if self._index.mark() == self._seen or not self._lock.acquire(blocking=wait):
            return
        try:
            mark = self._index.mark()
            if mark == self._seen:
                return
            try:
                self._engine = self._opened()
                self.trouble = None
            except WensouError as error:
                self.trouble = error
            self._seen = mark
        finally:
            self._lock.release()

    def follow(self) -> None:
        """Look for new commits in a thread, so that no question waits while one is opened and warmed."""
        if self._follower is None:
            self._follower = threading.Thread(target=self._following, name="follower", daemon=True)
            self._follower.start()

    def _following(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            self.refresh()
            engine = self._engine
            for filters in list(self._views):  # so that a narrowed key does not wait either
                self._narrowed(engine, filters)

    def close(self) -> None:
        """Stop following; the engine goes with its last question."""
        self._stop.set()
        if self._follower is not None:
            self._follower.join()

    def _narrowed(self, engine: SearchEngine, filters: Filters) -> SearchEngine:
        with self._narrowing:
            of, view = self._views.get(filters, (None, None))
            if view is None or of is not engine:
                view = engine.narrowed(filters, view)
                self._views[filters] = (engine, view)
            self._views.move_to_end(filters)
            while len(self._views) > _VIEWS:
                self._views.popitem(last=False)
            return view

    @property
    def folder(self) -> Path | None:
        """Where the index lies; None for one that lies in another engine."""
        return folder_of(self._uri)

    def state(self) -> IndexState:
        """What is on disk now."""
        return self._index.state()

    def unready(self) -> WensouError | None:
        """Why questions cannot be answered, or the next start could not; None while all is well.

        Asks a question of its own, at most once a second.
        """
        now = time.monotonic()
        asked, error = self._probed
        if now - asked > PROBED_FOR or error is not None:
            error = None
            try:
                self.engine().search("文搜", SearchOptions(k=1))
            except WensouError as found:
                error = found
            self._probed = (now, error)
        if error is None and (found_state := self.state()) in _BAD:
            error = _BAD[found_state](f"index {self.root}: {found_state}, what was opened before still answers")
        return error


_BAD: dict[IndexState, type[WensouError]] = {IndexState.MISSING: IndexMissing, IndexState.CORRUPT: IndexCorrupt}
