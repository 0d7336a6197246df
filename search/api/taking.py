"""Results taken away: files for a table, for a reference manager, for a feed reader."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from search.api.pages import AskedFilters
from search.engine import SearchEngine
from search.export import MEDIA_TYPES, Format, exported
from search.models import Mode, SearchOptions, Sorting

_NAMES: dict[Format, str] = {"csv": "csv", "json": "json", "ris": "ris", "atom": "xml"}


def taking_router(engine: Callable[[], SearchEngine]) -> APIRouter:
    """The routes; `engine` gives what a request may ask."""
    router = APIRouter()

    @router.get("/export", response_class=Response)
    def export(  # noqa: PLR0913 - a parameter of the route each
        request: Request,
        filters: AskedFilters,
        q: str,
        format: Annotated[Format, Query(description="csv, json, ris or atom")] = "csv",
        mode: Mode = "hybrid",
        sort: Sorting = "relevance",
        k: Annotated[int, Query(description="results, 1..1000")] = 100,
        offset: int = 0,
    ) -> Response:
        """The results of a question as a file, or as an Atom feed of the question."""
        options = SearchOptions(k, offset, mode, filters=filters, passages=1, focus=False, sort=sort)
        answer = engine().search(q, options)
        if format == "atom":  # what is there by chance is no news
            answer = replace(answer, results=tuple(one for one in answer.results if not one.chance))
        found = exported(answer, format, page=str(request.base_url), feed=str(request.url))
        headers = {"X-Content-Type-Options": "nosniff"}
        if format != "atom":
            headers["Content-Disposition"] = f'attachment; filename="wensou.{_NAMES[format]}"'
        return Response(found, media_type=MEDIA_TYPES[format], headers=headers)

    return router
