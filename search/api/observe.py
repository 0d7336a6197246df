"""What a server says of itself: metrics for Prometheus, one line a request, questions that found nothing.

No line holds the text of an article, and none a question unless that was asked for.
"""

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search.api.security import public

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_UNMATCHED = "other"  # the route of what matched none, so that made-up paths make no new series


class Metrics:
    """Counts of this process; where several serve, each has a file in `folder` and any of them tells the sum."""

    def __init__(self, folder: Path | None = None, slot: int = 0) -> None:
        """`slot` is the place of this process among them: one that takes a dead one's place goes on in its file.

        What a dead one was at work on when it died is forgotten.
        """
        registry = CollectorRegistry()
        if folder is not None:
            from prometheus_client import multiprocess, values

            multiprocess.mark_process_dead(slot, str(folder))  # type: ignore[no-untyped-call]
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # the library asks for it nowhere else
            values.ValueClass = values.MultiProcessValue(lambda: slot)  # type: ignore[no-untyped-call]
        self._folder, self._registry = folder, registry
        labels = ("method", "route", "status")
        self.requests = Counter("wensou_requests", "requests answered", labels, registry=registry)
        self.seconds = Histogram(
            "wensou_request_seconds", "seconds until the answer", ("route",), buckets=_BUCKETS, registry=registry
        )
        self.at_work = Gauge(
            "wensou_requests_at_work", "requests at work", registry=registry, multiprocess_mode="livesum"
        )
        self.empty = Counter("wensou_questions_without_answer", "questions that found nothing", registry=registry)

    def text(self, indexes: Mapping[str, Mapping[str, float]]) -> bytes:
        """All of it as Prometheus reads it, and what is true of each index now."""
        registry = self._registry
        if self._folder is not None:
            from prometheus_client.multiprocess import MultiProcessCollector

            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        now = CollectorRegistry()
        now.register(_Now(indexes))
        return generate_latest(registry) + generate_latest(now)


class _Now(Collector):
    """What is true of each index at this moment, whichever process tells it."""

    def __init__(self, indexes: Mapping[str, Mapping[str, float]]) -> None:
        self._indexes = indexes

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name in dict.fromkeys(name for numbers in self._indexes.values() for name in numbers):
            family = GaugeMetricFamily(f"wensou_{name}", f"{name} of the index", labels=["index"])
            for index, numbers in self._indexes.items():
                family.add_metric([index], numbers[name])
            yield family


class AccessLog:
    """A JSON object a line: time, method, route, path, status, milliseconds, bytes, address, key."""

    def __init__(self, target: str, *, questions: bool = False) -> None:
        """`target` is a file, or `-` for the standard error stream; with `questions` the query string too."""
        self._path = None if target == "-" else Path(target)
        if self._path is not None:
            self._path.open("ab").close()  # to fail at start, where it cannot be written
        self._questions = questions
        self._lock = threading.Lock()

    def write(self, line: Mapping[str, Any], query: str) -> None:
        """One line; a log that cannot be written stops no answer."""
        text = json.dumps({**line, **({"query": query} if self._questions and query else {})}, ensure_ascii=False)
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._path is None:
                print(text, file=sys.stderr, flush=True)  # noqa: T201 - a log
                return
            with self._path.open("ab") as file:  # anew each time, so that the file may be put aside
                file.write(text.encode("utf-8", "replace") + b"\n")


class Observer:
    """Counts and logs every request, refused ones too."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: AccessLog | None) -> None:
        """Before `app`."""
        self._app, self._metrics, self._log = app, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, method, path = time.perf_counter(), scope["method"], scope["path"]
        told = {"status": 500, "bytes": 0}

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
            elif message["type"] == "http.response.body":
                told["bytes"] += len(message.get("body", b""))
            await send(message)

        self._metrics.at_work.inc()
        try:
            await self._app(scope, receive, noted)
        finally:
            seconds = time.perf_counter() - began
            self._metrics.at_work.dec()
            route = str(getattr(scope.get("route"), "path", None) or _UNMATCHED)
            known = method if method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH") else _UNMATCHED
            self._metrics.requests.labels(known, route, str(told["status"])).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            if self._log is not None:
                access = public(scope)
                line = {
                    "at": datetime.now(UTC).isoformat(timespec="milliseconds"), "method": method, "route": route,
                    "path": path[:500], "status": told["status"], "ms": round(1000 * seconds, 2),
                    "bytes": told["bytes"],
                    "address": (scope.get("client") or ("",))[0], "key": access.who if access else None,
                }  # fmt: skip
                self._log.write(line, scope.get("query_string", b"").decode("latin-1"))


Told = Callable[[str, str, dict[str, Any]], None]
"""Told of each index asked, the question and the answer."""
