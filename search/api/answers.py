"""What every answer shares: JSON with Chinese as it is, one shape of errors, and which error has which status."""

import json
import sys
import traceback
from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Mount
from starlette.types import Receive, Scope, Send

from index.errors import (
    BadArticle,
    BadOption,
    BadQuery,
    EngineUnavailable,
    IndexCorrupt,
    IndexMismatch,
    IndexMissing,
    NotFound,
    WensouError,
    WriterBusy,
)

STATUS: dict[type[WensouError], int] = {
    BadQuery: 400,
    BadOption: 400,
    BadArticle: 422,
    NotFound: 404,
    WriterBusy: 409,
    EngineUnavailable: 503,
    IndexMissing: 503,
    IndexCorrupt: 503,
    IndexMismatch: 503,
}
CODES = {
    400: "bad_request",
    401: "key_needed",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    422: "bad_request",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}


class Refused(WensouError):
    """A request that is answered by `status` and one of CODES, and not looked at any further."""

    def __init__(
        self, status: int, message: str, *, hint: str = "", code: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """`code` instead of the usual one of the status."""
        super().__init__(message, hint=hint)
        self.status, self.headers = status, dict(headers or {})
        self.code = code or CODES[status]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer so."""
        await error_response(self.status, self.code, self.message, self.hint, self.headers)(scope, receive, send)


class UnescapedJSON(JSONResponse):
    """JSON with Chinese as it is, UTF-8."""

    def render(self, content: object) -> bytes:
        """Encode `content`."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def error_response(
    status: int, code: str, message: str, hint: str = "", headers: Mapping[str, str] | None = None
) -> UnescapedJSON:
    """The one shape of every error."""
    error = {"code": code, "message": message, "hint": hint}
    return UnescapedJSON({"error": error}, status_code=status, headers=dict(headers or {}))


def of_error(error: WensouError) -> UnescapedJSON:
    """What an error of ours is answered by."""
    if isinstance(error, Refused):
        return error_response(error.status, error.code, error.message, error.hint, error.headers)
    return error_response(STATUS.get(type(error), 503), error.code, error.message, error.hint)


def handle_errors(app: FastAPI) -> None:
    """Answer every error of `app` in the one shape."""

    @app.exception_handler(WensouError)
    async def ours(_: Request, error: WensouError) -> UnescapedJSON:
        return of_error(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> UnescapedJSON:
        return error_response(422, "bad_request", first_complaint(error), "see /docs for what each parameter takes")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> UnescapedJSON:
        status, headers = error.status_code, dict(error.headers or {})
        if status == 405:
            allowed = allowed_methods(app, request.scope)
            status, headers = (405, {"Allow": ", ".join(allowed)}) if allowed else (404, {})
        detail = "Not Found" if status == 404 else str(error.detail)
        return error_response(status, CODES.get(status, "http_error"), detail, headers=headers)

    @app.exception_handler(Exception)
    async def fault(request: Request, error: Exception) -> UnescapedJSON:
        print(f"wensou: a fault of ours at {request.url.path}", file=sys.stderr)  # noqa: T201 - the log of last resort
        traceback.print_exception(error, file=sys.stderr)
        return error_response(500, "internal", "a fault of the server's own", "its log says more")


def first_complaint(error: RequestValidationError) -> str:
    """The first of what validation found wrong, in one line."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part not in ("query", "body"))
    got = first.get("input")
    return f"{where or 'request'}: {first['msg']}" + (f", got {str(got)[:80]!r}" if got is not None else "")


def allowed_methods(app: FastAPI, scope: Scope) -> list[str]:
    """The methods that some route takes at the path of `scope`; none where there is nothing."""
    routes = [route for route in app.routes if not isinstance(route, Mount)]  # which would take anything
    found = {
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    }
    if scope["path"] in getattr(app.state, "unlocked", ()):
        found.add("GET")  # files of the page
    if "GET" in found:
        found.add("HEAD")
    return sorted(found)
