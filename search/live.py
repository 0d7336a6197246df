"""An engine that follows its index: between two questions it moves to the newest commit by itself."""

import threading
from pathlib import Path

from index.backend import IndexHandle
from index.connect import open_handle
from index.errors import WensouError
from index.storage.layout import IndexState
from search.engine import SearchEngine
from search.ranking.rerank import CrossEncoderReranker


class LiveEngine:
    """Hands out the engine of the current commit.

    A question holds the engine it was given until it is answered, so a commit in the middle of it changes nothing;
    the old commit's memory goes when its last question ends. Where a new commit cannot be opened, the old one
    goes on answering.
    """

    def __init__(self, uri: str | Path, *, rerank: str | None = None) -> None:
        """Open the index at `uri` now, to fail early; errors as SearchEngine.open. `rerank` is loaded once for all."""
        self._uri = uri
        self._index: IndexHandle = open_handle(uri)
        self._lock = threading.Lock()
        self._seen = self._index.mark()
        self._reranker = CrossEncoderReranker(rerank) if rerank else None
        self._engine = SearchEngine.open(uri, rerank=self._reranker)
        self._engine.warm()
        self._engine.verify_in_background()
        self.trouble: WensouError | None = None

    def engine(self) -> SearchEngine:
        """The engine of the newest commit that can be opened."""
        mark = self._index.mark()
        if mark != self._seen and self._lock.acquire(blocking=False):
            try:
                engine = SearchEngine.open(self._uri, rerank=self._reranker)
                engine.warm()
                engine.verify_in_background()
                self._engine = engine
                self.trouble = None
            except WensouError as error:
                self.trouble = error
            finally:
                self._seen = mark
                self._lock.release()
        return self._engine

    @property
    def folder(self) -> Path | None:
        """Where the index lies; None for one that lies in another engine."""
        return None if "://" in str(self._uri) else Path(self._uri)

    def state(self) -> IndexState:
        """What is there now."""
        return self._index.state()
