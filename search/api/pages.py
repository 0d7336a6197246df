"""What the page asks for beyond answers: counts to narrow by, marks, script, citation and file of an article."""

import mimetypes
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel

from index.errors import NotFound
from index.models import Filters
from search.api.asked import Asked
from search.api.several import added
from search.citation import gb7714
from search.facets import NAMES, NUMBER, Counts, keeping_to_the_others
from search.models import Mode, SearchOptions
from search.query.filters import make_filters
from search.script import Script, converted

_FIELDS = {name: f"meta.{NUMBER}" if name == "number" else name for name in NAMES}  # as the index calls them


class FacetsOut(BaseModel):
    """How many articles have each value of a facet, most first, each facet counted under all filters but its own."""

    source: dict[str, int]
    author: dict[str, int]
    tag: dict[str, int]
    number: dict[str, int]
    month: dict[str, int]


class MarksOut(BaseModel):
    """Where words of the question stand in an article: characters of its title and of its text."""

    title: list[tuple[int, int]]
    text: list[tuple[int, int]]


class ScriptOut(BaseModel):
    """An article's title and text in one script; as long as the article's own."""

    title: str
    text: str


class CitationOut(BaseModel):
    """A reference by GB/T 7714."""

    citation: str


def asked_filters(
    source: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies defaults
    author: Annotated[list[str], Query()] = [],  # noqa: B006
    tag: Annotated[list[str], Query()] = [],  # noqa: B006
    meta: Annotated[list[str], Query()] = [],  # noqa: B006
    after: str | None = None,
    before: str | None = None,
) -> Filters:
    """The filters of a request, as `/search` takes them; BadOption."""
    return make_filters(source=source, author=author, tag=tag, meta=meta, after=after, before=before)


AskedFilters = Annotated[Filters, Depends(asked_filters)]


def pages_router(asked: Asked) -> APIRouter:
    """The routes over an open index."""
    router = APIRouter()
    _counts(router, asked)
    _one_article(router, asked)
    return router


def _counts(router: APIRouter, asked: Asked) -> None:

    @router.get("/facets", response_model=FacetsOut)
    def facets(
        filters: AskedFilters, q: str = "", mode: Mode = "hybrid", k: int = 10, offset: int = 0
    ) -> dict[str, object]:
        """Count an answer's candidates by source, author, tag, document number and month.

        Without a question all articles are counted.
        """
        engines = list(asked.engines().values())

        def candidates(those: Filters) -> Counts:
            options = SearchOptions(k, offset, mode, filters=those, passages=1, focus=False, facets=True)
            return added([engine.search(q, options).facets or {} for engine in engines])

        def all_articles(those: Filters) -> Counts:
            found = added([engine.counts(those, list(_FIELDS.values())) for engine in engines])
            return {name: found[field] for name, field in _FIELDS.items()}

        return dict(keeping_to_the_others(filters, candidates if q.strip() else all_articles))


def _one_article(router: APIRouter, asked: Asked) -> None:
    @router.get("/marks", response_model=MarksOut)
    def marks(id: str, q: str) -> dict[str, object]:
        """Every place in one article where a word of the question stands."""
        title, text = asked.engine().marks(id, q)
        return {"title": title, "text": text}

    @router.get("/script", response_model=ScriptOut)
    def script(id: str, to: Script) -> dict[str, str]:
        """One article in simplified (hans) or traditional (hant) characters; every offset stays."""
        article = asked.engine().article(id).article
        return {"title": converted(article.title, to), "text": converted(article.text, to)}

    @router.get("/cite", response_model=CitationOut)
    def cite(id: str, page: int | None = None) -> dict[str, str]:
        """One article as a reference by GB/T 7714."""
        return {"citation": gb7714(asked.engine().article(id).article, page=page)}

    @router.get("/original", response_class=FileResponse)
    def original(id: str) -> FileResponse:
        """The file that one article was read from, to be saved; not_found where it is gone or lay in an archive."""
        asked.whole()  # a file may hold other articles too
        path = asked.engine().article(id).article.path
        if not path or not Path(path).is_file():
            raise NotFound(
                f"article {id!r}: its file is not there any more", hint="the text is in the index all the same"
            )
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        shown = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return FileResponse(path, media_type=kind, filename=Path(path).name, headers=shown)
