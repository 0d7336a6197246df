"""Files that a reader drops on the page: what they hold, as articles that `POST /articles` takes."""

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel

from index.models import Article
from index.sources.articles import read_upload
from search.api.answers import Refused
from search.api.asked import Asked
from search.api.security import need
from search.service.keys import Role


class RightsOut(BaseModel):
    """What the key of the request may do to the one index that is meant."""

    writes: bool


class SkippedOut(BaseModel):
    """What was left out of a file, and why."""

    where: str
    reason: str
    detail: str


class FileOut(BaseModel):
    """What a file holds: articles as `POST /articles` takes them, and what was left out."""

    articles: list[dict[str, Any]]
    skipped: list[SkippedOut]


def files_router(asked: Asked) -> APIRouter:
    """The routes over what is `asked`."""
    router = APIRouter()

    @router.get("/rights", response_model=RightsOut)
    def rights() -> dict[str, bool]:
        """Whether articles can be added with the key of this request."""
        try:
            need(Role.WRITE, asked.one().name)
        except Refused:
            return {"writes": False}
        return {"writes": True}

    @router.post(
        "/read",
        response_model=FileOut,
        openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string"}}}}},
    )
    async def read(request: Request, name: str) -> dict[str, object]:
        """Read a file of any kind that is read from folders; its name says the kind. Needs a key that may write."""
        need(Role.WRITE, asked.one().name)
        data = await request.body()
        own_name = PurePosixPath(PureWindowsPath(name).name).name or "file"
        return await to_thread.run_sync(_read, own_name, data)

    return router


def _read(name: str, data: bytes) -> dict[str, object]:
    articles: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    for item in read_upload(name, data):
        if isinstance(item, Article):
            articles.append(_record(item))
        else:
            skipped.append({"where": item.where, "reason": str(item.reason), "detail": item.detail})
    return {"articles": articles, "skipped": skipped}


def _record(article: Article) -> dict[str, Any]:
    """The article as an object for `POST /articles`; fields that it lacks are left out."""
    fields = {
        **article.meta,
        "id": article.article_id,
        "title": article.title,
        "text": "\n\n".join(part for part in (article.text, article.cells) if part),
        "source": article.source,
        "author": article.author,
        "published": article.published,
        "tags": list(article.tags),
        "url": article.url,
    }
    return {name: value for name, value in fields.items() if value}
