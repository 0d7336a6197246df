"""The query API and the page: parse, one call, answer. `create_app(live)` makes it; importing does nothing."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from index.errors import (
    BadArticle,
    BadOption,
    BadQuery,
    IndexCorrupt,
    IndexMismatch,
    IndexMissing,
    NotFound,
    WensouError,
    WriterBusy,
)
from search.api.corpus import corpus_router
from search.api.pages import pages_router
from search.api.schemas import (
    AnswerOut,
    ArticleOut,
    ErrorOut,
    SearchRequest,
    SimilarArticlesOut,
    SuggestionsOut,
    article_json,
)
from search.live import LiveEngine
from search.models import Fusion, Grouping, Mode
from search.query.parse import MAX_K

STATUS: dict[type[WensouError], int] = {
    BadQuery: 400,
    BadOption: 400,
    BadArticle: 422,
    NotFound: 404,
    WriterBusy: 409,
    IndexMissing: 503,
    IndexCorrupt: 503,
    IndexMismatch: 503,
}
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 422: "bad_request"}
_MAX_BATCH = 100
_WEB = Path(__file__).parent.parent / "web"


class UnescapedJSON(JSONResponse):
    """JSON with Chinese as it is, UTF-8."""

    def render(self, content: object) -> bytes:
        """Encode `content`."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def error_response(status: int, code: str, message: str, hint: str = "") -> UnescapedJSON:
    """The one shape of every error."""
    return UnescapedJSON({"error": {"code": code, "message": message, "hint": hint}}, status_code=status)


def create_app(live: LiveEngine) -> FastAPI:
    """The application over an open index."""
    errors: dict[int | str, dict[str, Any]] = {status: {"model": ErrorOut} for status in (400, 404, 422, 503)}
    app = FastAPI(
        title="Wensou 文搜",
        version="1",
        summary="Semantic search over Chinese articles",
        default_response_class=UnescapedJSON,
        responses=errors,
        redoc_url=None,
    )
    _handle_errors(app)
    _search_routes(app, live)
    _state_routes(app, live)
    app.include_router(pages_router(live))
    app.include_router(corpus_router(live))
    app.mount("/", StaticFiles(directory=_WEB, html=True), name="page")
    return app


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(WensouError)
    def ours(_: Request, error: WensouError) -> UnescapedJSON:
        return error_response(STATUS.get(type(error), 503), error.code, error.message, error.hint)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> UnescapedJSON:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("query", "body"))
        got = first.get("input")
        message = f"{where or 'request'}: {first['msg']}" + (f", got {str(got)[:80]!r}" if got is not None else "")
        return error_response(422, "bad_request", message, "see /docs for what each parameter takes")

    @app.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> UnescapedJSON:
        return error_response(error.status_code, _CODES.get(error.status_code, "http_error"), str(error.detail))


def _search_routes(app: FastAPI, live: LiveEngine) -> None:
    def answer(request: SearchRequest) -> dict[str, Any]:
        return live.engine().search(request.q, request.options()).to_json()

    @app.get("/search", response_model=AnswerOut, response_model_exclude_unset=True)
    def search(
        q: Annotated[str, Query(description="the question")] = "",
        k: int = 10,
        offset: int = 0,
        mode: Mode = "hybrid",
        group: Grouping = "article",
        fusion: Fusion = "adaptive",
        explain: bool = False,
        source: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies defaults
        author: Annotated[list[str], Query()] = [],  # noqa: B006
        tag: Annotated[list[str], Query()] = [],  # noqa: B006
        meta: Annotated[list[str], Query()] = [],  # noqa: B006
        after: str | None = None,
        before: str | None = None,
        recency: float | None = None,
        rerank: bool = True,
        focus: bool | None = None,
        facets: bool = False,
        passages: int = 3,
        context: int = 0,
        diversity: float | None = None,
    ) -> UnescapedJSON:
        """Answer one question."""
        request = SearchRequest(
            q=q, k=k, offset=offset, mode=mode, group=group, fusion=fusion, explain=explain,
            source=source, author=author, tag=tag, meta=meta, facets=facets, after=after, before=before,
            recency=recency, rerank=rerank, focus=focus, passages=passages, context=context, diversity=diversity,
        )  # fmt: skip
        return UnescapedJSON(answer(request))

    @app.post("/search", response_model=AnswerOut | list[AnswerOut])
    def search_many(request: SearchRequest | list[SearchRequest]) -> UnescapedJSON:
        """Answer one question, or a list of them in order."""
        if isinstance(request, SearchRequest):
            return UnescapedJSON(answer(request))
        if len(request) > _MAX_BATCH:
            raise BadOption(f"queries: got {len(request)} at once, want at most {_MAX_BATCH}")
        return UnescapedJSON([answer(one) for one in request])

    @app.get("/suggest", response_model=SuggestionsOut)
    def suggest(q: Annotated[str, Query(description="what is typed so far")] = "", k: int = 8) -> UnescapedJSON:
        """Complete from titles and frequent words, by characters, pinyin or initials."""
        return UnescapedJSON({"suggestions": live.engine().suggest(q, max(0, min(k, MAX_K)))})

    @app.get("/articles/{article_id:path}/similar", response_model=SimilarArticlesOut)
    def similar(article_id: str, k: int = 10) -> UnescapedJSON:
        """Articles like this one."""
        return UnescapedJSON({"results": [asdict(one) for one in live.engine().similar(article_id, k)]})

    @app.get("/articles/{article_id:path}", response_model=ArticleOut)
    def article(article_id: str) -> UnescapedJSON:
        """One article as indexed."""
        return UnescapedJSON(article_json(live.engine().article(article_id)))


def _state_routes(app: FastAPI, live: LiveEngine) -> None:
    @app.get("/stats")
    def stats() -> dict[str, Any]:
        """Counts, sizes and names."""
        return asdict(live.engine().stats())

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """The process is up."""
        return {"status": "ok"}

    @app.get("/readyz")
    def readyz() -> UnescapedJSON:
        """Whether the index can be read, and its state."""
        engine, state = live.engine(), live.state()
        trouble = live.trouble.message if live.trouble else None
        body = {"ready": True, "state": str(state), "commit": engine.commit, "trouble": trouble}
        return UnescapedJSON(body)
