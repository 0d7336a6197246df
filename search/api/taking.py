"""Results taken away: files for a table, for a reference manager, for a feed reader."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from search.api.asked import Asked
from search.api.feeds import address
from search.api.pages import AskedFilters
from search.api.security import INDEX_PREFIX, current
from search.export import MEDIA_TYPES, Format, exported
from search.models import Mode, SearchOptions, Sorting

_NAMES: dict[Format, str] = {"csv": "csv", "json": "json", "ris": "ris", "atom": "xml"}


class FeedOut(BaseModel):
    """Where the feed of a question is: `export?…`."""

    address: str


def _base(request: Request) -> str:
    """The address that the routes of the index meant begin with."""
    index = current.get().index
    return str(request.base_url) + (f"{INDEX_PREFIX[1:]}{quote(index)}/" if index else "")


def taking_router(asked: Asked) -> APIRouter:
    """The routes over what is `asked`."""
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
        answer = asked.engine().search(q, options)
        if format != "json":  # which says what is there by chance; of a feed it is no news, nor is it worth keeping
            sure = tuple(one for one in answer.results if not one.chance)
            answer = replace(answer, results=sure if sure or format == "atom" else answer.results)
        found = exported(answer, format, page=str(request.base_url), feed=f"{_base(request)}export?{request.url.query}")
        headers = {"X-Content-Type-Options": "nosniff"}
        if format != "atom":
            headers["Content-Disposition"] = f'attachment; filename="wensou.{_NAMES[format]}"'
        return Response(found, media_type=MEDIA_TYPES[format], headers=headers)

    @router.get("/feed", response_model=FeedOut)
    def feed(
        request: Request, filters: AskedFilters, q: str, mode: Mode = "hybrid", sort: Sorting = "relevance"
    ) -> FeedOut:
        """The address of a question's Atom feed, from where the index's routes begin.

        Where a key is needed the address is signed by that of the request: it opens this feed to readers that send no
        key, shows what the key sees, and ends with it.
        """
        access = current.get()
        rings = {name: served.ring for name, served in asked.indexes.items()}
        pairs = request.query_params.multi_items()
        return FeedOut(address=address(pairs, access.index, access.keys, rings))

    return router
