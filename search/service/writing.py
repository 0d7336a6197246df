"""The one writer of a server: takes requests from the journal in order, and commits many small ones at once."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from index.builder import build_index, update_index
from index.connect import open_backend
from index.errors import (
    BadArticle,
    BadOption,
    IndexCorrupt,
    IndexMismatch,
    IndexMissing,
    NotFound,
    SelfCheckFailed,
    WriterBusy,
)
from index.models import Article, BuildReport
from index.prepare import content_hash
from index.sources.articles import article_from_record
from index.watch import Following
from search.service.journal import Journal, Request

FOLLOW = "follow"  # the kind of requests that tell which files of some sources changed
MAX_BATCH_ARTICLES = 2_000  # articles of small requests that become one commit
LOOK = 0.05  # seconds between two looks for work
SHOWN = 10  # skipped articles that an outcome names
_TELL = 0.25  # seconds between two words of progress
_STARTS_FOR_ALONE, _MAX_STARTS = 3, 20  # starts of a job without an end after which it is tried by itself, and no more
_AGAIN = (0.5, 1, 2, 5)  # seconds before what the system or another writer refused is tried again
_THEIRS = (SelfCheckFailed, BadArticle, BadOption, NotFound)  # faults of a request, not of the moment
_MOMENT = (WriterBusy, IndexCorrupt, IndexMismatch, IndexMissing, OSError)


class Cancelled(Exception):
    """A job that is at work was taken back."""


@dataclass(slots=True)
class _Work:
    """Requests that become one commit."""

    requests: list[Request] = field(default_factory=list)
    articles: int = 0


class JournalWriter:
    """Does what the journal asks. One a journal: it holds no lock of its own beside the index's."""

    def __init__(self, root: Path, sources: Sequence[str] = (), say: Callable[[str], None] = lambda _: None) -> None:
        """`sources` are what `reindex` may read again; `say` is told, once each, what keeps all from being done."""
        self._say, self._said = say, ""
        self._root = root
        self._sources = tuple(sources)
        self.journal = Journal(root)
        self._told = 0.0
        self._refused = 0
        self._tidied = self._busy = False
        self._following: dict[tuple[str, ...], Following] = {}

    def run(self, stop: threading.Event, idle: float = math.inf) -> None:
        """Until `stop` is set, or there was nothing to do for `idle` seconds."""
        last = time.monotonic()
        while not stop.is_set() and time.monotonic() - last < idle:
            if self.run_once() or self._refused:
                last = time.monotonic()
            if not self._busy:
                stop.wait(self._pause())

    def _pause(self) -> float:
        return _AGAIN[min(self._refused, len(_AGAIN)) - 1] if self._refused else LOOK

    def run_once(self) -> bool:
        """Do the next requests, if there are any; False where there are none or the moment is bad."""
        try:
            return self._run_once()
        except OSError:  # a disk so full that not even this can be noted: what was not noted is done again
            self._refused += 1
            self._busy = False
            return False

    def _run_once(self) -> bool:
        self._busy = False
        if not self.journal.folder.is_dir():
            return False
        waiting = self._without_cancelled(list(self.journal.unfinished()))
        if not waiting:
            if not self._tidied:
                self.journal.tidy()
                self._tidied = True
            return False
        self._tidied, self._busy = False, True
        work = self._next(waiting)
        try:
            self._do(work)
        except Cancelled:
            return True
        except _MOMENT as error:
            self._refused += 1
            message = getattr(error, "message", None) or str(error)
            if message != self._said:
                self._say(f"what was asked to be written waits: {message}")
            self._said = message
            self.journal.say([{"job": one.job, "state": "pending"} for one in work.requests])
            self.journal.say_progress({"jobs": [], "trouble": message})
            self._busy = False
            return False
        self._refused, self._said = 0, ""
        return True

    def _without_cancelled(self, waiting: list[Request]) -> list[Request]:
        taken_back = {str(one.content["job"]) for one in waiting if one.kind == "cancel"}
        said = []
        for one in waiting:
            if one.kind == "cancel":
                said.append({"job": one.job, "state": "done", "at": one.at})
            elif one.job in taken_back:
                said.append({"job": one.job, "state": "cancelled"})
                self._drop_stream(one)
        if said:
            self.journal.say(said)
        return [one for one in waiting if one.kind != "cancel" and one.job not in taken_back]

    def _next(self, waiting: Sequence[Request]) -> _Work:
        """The first request and those right behind it that are as small; changes of the same sources together."""
        work, outcomes = _Work(), self.journal.outcomes()
        for one in waiting:
            times = outcomes.get(one.job, {}).get("times", 0)
            if work.requests and _followed(one) != _followed(work.requests[0]):
                break
            alone = one.kind == "reindex" or "stream" in one.content or times >= _STARTS_FOR_ALONE
            size = len(one.content.get("articles", ())) + 1
            if work.requests and (alone or work.articles + size > MAX_BATCH_ARTICLES):
                break
            work.requests.append(one)
            work.articles += size
            if alone:
                break
        return work

    def _do(self, work: _Work) -> None:
        outcomes = self.journal.outcomes()
        worn = [one for one in work.requests if outcomes.get(one.job, {}).get("times", 0) >= _MAX_STARTS]
        if worn:
            self.journal.say([_failed(one, "writer_died", "the writer ended each time it was tried") for one in worn])
            return
        self.journal.say([{"job": one.job, "state": "running"} for one in work.requests])
        self._tell(work, 0, 0, force=True)
        try:
            kind = work.requests[0].kind
            said = (
                self._reindex(work)
                if kind == "reindex"
                else self._follow(work)
                if kind == FOLLOW
                else self._write(work)
            )
        except _THEIRS as error:
            if len(work.requests) > 1:  # one of them is at fault: each by itself
                for one in work.requests:
                    self._do(_Work([one], 1))
                return
            said = [_failed(work.requests[0], error.code, error.message, error.hint)]
        self.journal.say(said)
        self.journal.say_progress({"jobs": []})
        for one in work.requests:
            self._drop_stream(one)

    def _drop_stream(self, request: Request) -> None:
        if "stream" in request.content:
            (self.journal.folder / str(request.content["stream"])).unlink(missing_ok=True)

    def _tell(self, work: _Work, articles: int, chunks: int, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._told < _TELL:
            return
        self._told = now
        jobs = [one.job for one in work.requests]
        self.journal.say_progress({"jobs": jobs, "articles": articles, "chunks": chunks})
        taken_back = {one.content["job"] for one in self.journal.unfinished() if one.kind == "cancel"}
        if taken_back & set(jobs):
            raise Cancelled

    # ---- articles and deletions

    def _write(self, work: _Work) -> list[dict[str, Any]]:
        if "stream" in work.requests[0].content:
            return self._stream(work)
        last: dict[str, Article | None] = {}
        counts = [self._counted(request, last) for request in self._read_known(work.requests, last)]
        report = update_index(
            [article for article in last.values() if article is not None],
            self._root,
            delete=[name for name, article in last.items() if article is None],
            progress=lambda articles, chunks: self._tell(work, articles, chunks),
        )
        skipped = {one.where: f"{one.reason}: {one.detail}" for one in report.skipped}
        said = []
        for request, count in zip(work.requests, counts, strict=True):
            own = {name: skipped[name] for name in _ids(request) if name in skipped}
            result = {**count, "skipped": len(own), "why": dict(list(own.items())[:SHOWN]), "commit": report.commit}
            said.append({"job": request.job, "state": "done", "result": result})
        return said

    def _read_known(self, requests: Sequence[Request], last: dict[str, Article | None]) -> Iterator[Request]:
        with self._before() as known:
            self._known = known
            yield from requests

    @contextmanager
    def _before(self) -> Iterator[Any]:
        """What the index holds before this commit: article id -> hash of its input, or None."""
        backend = open_backend(self._root)

        def known(article_id: str) -> str | None:
            try:
                return backend.article(article_id).content_hash
            except NotFound:
                return None

        try:
            yield known
        finally:
            backend.close()

    def _counted(self, request: Request, last: dict[str, Article | None]) -> dict[str, int]:
        """Note what `request` makes of each of its articles in `last`; how many are added, changed and so on."""
        counts = dict.fromkeys(("added", "changed", "unchanged", "removed"), 0)

        def now(name: str) -> str | None:
            if name in last:
                article = last[name]
                return content_hash(article) if article else None
            return self._known(name)  # type: ignore[no-any-return]

        if request.kind == "delete":
            name = str(request.content["id"])
            counts["removed"] += now(name) is not None
            last[name] = None
            return counts
        for record in request.content["articles"]:
            article = article_from_record(record)
            before = now(article.article_id)
            new = content_hash(article)
            counts["added" if before is None else "unchanged" if before == new else "changed"] += 1
            last.pop(article.article_id, None)
            last[article.article_id] = article
        return counts

    def _stream(self, work: _Work) -> list[dict[str, Any]]:
        request = work.requests[0]
        path = self.journal.folder / str(request.content["stream"])

        def articles() -> Iterator[Article]:
            with path.open("rb") as file:
                for line in file:
                    yield article_from_record(json.loads(line))

        report = update_index(articles(), self._root, progress=lambda a, c: self._tell(work, a, c))
        return [{"job": request.job, "state": "done", "result": _told(report)}]

    # ---- reading sources again

    def _follow(self, work: _Work) -> list[dict[str, Any]]:
        sources = _followed(work.requests[0])
        following = self._following.setdefault(sources, Following(self._root, sources))
        changed = {path for one in work.requests for path in one.content["changed"]}
        report = following.update(changed, progress=lambda articles, chunks: self._tell(work, articles, chunks))
        return [{"job": one.job, "state": "done", "result": _told(report)} for one in work.requests]

    def _reindex(self, work: _Work) -> list[dict[str, Any]]:
        request = work.requests[0]
        asked = request.content
        tell = lambda articles, chunks: self._tell(work, articles, chunks)  # noqa: E731
        sources = list(asked.get("sources") or self._sources)
        if set(sources) - set(self._sources):
            raise BadOption(f"sources: got {sources}, want some of {list(self._sources)}")
        if sources:
            report = build_index(sources, self._root, compact=bool(asked.get("compact")), progress=tell)
        else:
            report = update_index([], self._root, compact=bool(asked.get("compact")), progress=tell)
        return [{"job": request.job, "state": "done", "result": _told(report)}]


def _followed(request: Request) -> tuple[str, ...]:
    """The sources of which a request tells what changed; none where it is another's."""
    return tuple(request.content["sources"]) if request.kind == FOLLOW else ()


def _ids(request: Request) -> list[str]:
    return [article_from_record(record).article_id for record in request.content.get("articles", ())]


def _told(report: BuildReport) -> dict[str, Any]:
    data = asdict(report)
    kept = ("added", "changed", "unchanged", "removed", "chunks", "commit", "seconds", "warnings")
    why = {one.where: f"{one.reason}: {one.detail}" for one in report.skipped[:SHOWN]}
    return {**{name: data[name] for name in kept}, "skipped": len(report.skipped), "why": why}


def _failed(request: Request, code: str, message: str, hint: str = "") -> dict[str, Any]:
    return {"job": request.job, "state": "failed", "error": {"code": code, "message": message, "hint": hint}}
