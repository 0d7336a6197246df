"""The query API and the page: `create_app(live)` makes the application; importing does nothing.

The layers, outermost first: what every answer has (`Door`), the name asked for, origins, keys, load, bodies, routes.
"""

import threading
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from limits.storage import Storage
from pydantic import TypeAdapter
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from index.pipeline import cores
from search.api.answers import STATUS, UnescapedJSON, error_response, handle_errors
from search.api.asked import Asked, Served, journal_of
from search.api.corpus import corpus_router
from search.api.files import files_router
from search.api.limits import BodyLimits, Limits, Overload, Rates
from search.api.observe import AccessLog, Metrics, Observer
from search.api.pages import pages_router
from search.api.schemas import ErrorOut, SearchRequest
from search.api.searching import EncodedIds, searching
from search.api.security import Door, HostCheck, KeyCheck
from search.api.state import state
from search.api.taking import taking_router
from search.api.writing import writing
from search.live import LiveEngine
from search.mcp.http import McpEndpoint
from search.service.keys import KeyRing
from search.service.question_log import note_empty
from search.service.writing import JournalWriter

__all__ = ["STATUS", "Options", "UnescapedJSON", "create_app", "error_response"]

_WEB = Path(__file__).parent.parent / "web"
_DOCS = Path(__file__).parent / "docs"
_STATUSES = (400, 401, 403, 404, 405, 409, 413, 422, 429, 503)


@dataclass(frozen=True, slots=True)
class Options:
    """How a server is run, beside what it serves.

    `names` are the host names it is asked by (None: any, where something before it checks), `loopback` whether only
    this machine can reach it; `origins` other sites whose pages may ask; `key` one that may do everything; `rate`
    requests a second for each key and each address; `sources` what `/reindex` may read again; `writes` whether this
    process does what the journal asks, in a thread; `log_empty` whether questions that found nothing are kept beside
    the index; `access_log` a file or `-` for a line a request, with `log_questions` what was asked too; `metrics` the
    folder where processes share their counts.
    """

    names: frozenset[str] | None = None
    loopback: bool = True
    origins: tuple[str, ...] = ()
    key: str | None = None
    rate: int | None = None
    sources: tuple[str, ...] = ()
    writes: bool = False
    log_empty: bool = False
    access_log: str | None = None
    log_questions: bool = False
    metrics: Path | None = None
    limits: Limits = field(default_factory=Limits)


def create_app(
    indexes: LiveEngine | Mapping[str, LiveEngine],
    options: Options = Options(),
    *,
    counters: Storage | None = None,
    slot: int = 0,
) -> FastAPI:
    """The application over an open index, or several by name.

    `counters` of rates are given where processes share them, of which this is number `slot`.
    """
    lives = {"index": indexes} if isinstance(indexes, LiveEngine) else dict(indexes)
    served = {n: Served(n, live, KeyRing(live.folder, options.key), journal_of(live)) for n, live in lives.items()}
    asked = Asked(served, options.sources)
    errors: dict[int | str, dict[str, Any]] = {status: {"model": ErrorOut} for status in _STATUSES}
    app = FastAPI(
        title="Wensou 文搜",
        version="1",
        summary="Semantic search over Chinese articles",
        default_response_class=UnescapedJSON,
        responses=errors,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.asked, app.state.unlocked = asked, _unlocked()
    metrics = Metrics(options.metrics, slot)
    _tell_metrics(app, asked, metrics)
    handle_errors(app)

    def note(name: str, question: str, answer: dict[str, Any]) -> None:
        if not answer["total"] and not answer["offset"]:
            metrics.empty.inc()
            folder = asked.indexes[name].live.folder
            if options.log_empty and folder:
                note_empty(folder, question)

    app.include_router(searching(asked, note))
    app.include_router(writing(asked))
    app.include_router(state(asked))
    app.include_router(pages_router(asked))
    app.include_router(corpus_router(asked))
    app.include_router(taking_router(asked))
    app.include_router(files_router(asked))
    endpoint = McpEndpoint(lambda _: asked.engine())
    app.state.closing, app.state.writes = endpoint.close, options.writes
    app.router.routes.append(Route("/mcp", endpoint))
    _describe(app)
    app.mount("/", StaticFiles(directory=_WEB, html=True), name="page")
    for layer, settings in _layers(asked, options, counters, metrics):
        app.add_middleware(layer, **settings)
    return app


def _layers(
    asked: Asked, options: Options, counters: Storage | None, metrics: Metrics
) -> Iterable[tuple[Any, dict[str, Any]]]:
    """What stands before the routes, innermost first."""
    yield EncodedIds, {}
    yield BodyLimits, {"limits": options.limits}
    yield Overload, {"most": options.limits.at_once}
    rings = {name: served.ring for name, served in asked.indexes.items()}
    yield KeyCheck, {"rings": rings, "unlocked": _unlocked(), "rates": Rates(options.rate, counters)}
    if options.origins:
        methods = ["GET", "POST", "DELETE"]
        headers = ["Authorization", "Content-Type"]
        yield CORSMiddleware, {"allow_origins": options.origins, "allow_methods": methods, "allow_headers": headers}
    if options.names is not None:
        yield HostCheck, {"names": options.names, "loopback": options.loopback}
    yield Door, {}
    log = AccessLog(options.access_log, questions=options.log_questions) if options.access_log else None
    yield Observer, {"metrics": metrics, "log": log}


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Few threads, so that questions wait in line instead of for each other."""
    to_thread.current_default_thread_limiter().total_tokens = 2 * cores()
    stop = threading.Event()
    asked: Asked = app.state.asked
    writers = [
        JournalWriter(one.live.root, asked.sources)
        for one in asked.indexes.values()
        if one.journal and app.state.writes
    ]
    threads = [threading.Thread(target=writer.run, args=(stop,), name="writer") for writer in writers]
    for thread in threads:
        thread.start()
    yield
    stop.set()
    for thread in threads:
        await to_thread.run_sync(thread.join)
    await app.state.closing()


def _tell_metrics(app: FastAPI, asked: Asked, metrics: Metrics) -> None:
    @app.get("/metrics", response_class=Response)
    def told() -> Response:
        """Counts and times of requests, and what each index holds, as Prometheus reads it."""
        asked.whole()
        numbers = {}
        for one in asked.served():
            stats = one.live.engine().stats()
            numbers[one.name] = {"articles": stats.articles, "chunks": stats.chunks, "commit": stats.commit}
        return Response(metrics.text(numbers), media_type="text/plain; version=0.0.4")


def _unlocked() -> set[str]:
    """Paths that anyone may ask for: they hold nothing of an index, and the page must be there to ask for a key."""
    files = {f"/{path.relative_to(_WEB).as_posix()}" for path in _WEB.rglob("*") if path.is_file()}
    return {"/", "/healthz", "/docs", *(f"/docs/{path.name}" for path in _DOCS.iterdir()), *files}


def _describe(app: FastAPI) -> None:
    """`/docs` from files of our own, and the description with what is read here and not by FastAPI."""

    @app.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(_DOCS / "index.html")

    app.mount("/docs", StaticFiles(directory=_DOCS), name="docs")

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
            defined = TypeAdapter(SearchRequest).json_schema(ref_template="#/components/schemas/{model}")
            made["components"]["schemas"].setdefault("SearchRequest", defined)
            for operations in made["paths"].values():
                for operation in operations.values():
                    operation["responses"].pop("HTTPValidationError", None)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = description  # type: ignore[method-assign]
