"""The routes that write: articles in, articles out, sources read again; jobs, their progress and their end.

A request is on disk before it is acknowledged; the writer does them in order (search.service.writing).
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any
from urllib.parse import unquote

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from index.errors import BadArticle, NotFound
from index.sources.articles import article_from_record
from index.storage.layout import sync
from search.api.answers import Refused, UnescapedJSON
from search.api.asked import Asked, Served
from search.api.schemas import Values
from search.api.searching import complaint, parse_json
from search.api.security import need
from search.service.journal import Journal
from search.service.keys import Role

MAX_ARTICLES = 1_000  # of one body that is no stream
MAX_LINE = 64 << 20  # bytes of one article of a stream
WAIT = 60.0  # seconds that `wait=true` waits, at most
_ENDED = ("done", "failed", "cancelled")
_MAX_LINES = 200

Wait = Annotated[bool, Query(description="answer when it is done, a minute later at most")]


class JobOut(BaseModel):
    """A job: pending, running, done, failed or cancelled; `result` when it is done, `error` when it failed."""

    job: str
    state: str
    articles: list[str] | None = Field(None, description="ids of what was sent")
    progress: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    error: dict[str, str] | None = None


class ReindexRequest(BaseModel):
    """Which of the server's sources to read again, all by default, and whether to merge segments after that."""

    model_config = ConfigDict(extra="forbid")

    sources: Values = Field(default_factory=list)
    compact: bool = False


_ARTICLE = {
    "type": "object",
    "required": ["text"],
    "properties": {
        **{name: {"type": "string"} for name in ("id", "title", "text", "source", "author", "published", "url")},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
_ARTICLES = {"oneOf": [_ARTICLE, {"type": "array", "items": _ARTICLE, "maxItems": MAX_ARTICLES}]}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": _ARTICLES}, "application/x-ndjson": {"schema": {"type": "string"}}},
    }
}
_REINDEX: dict[str, Any] = {
    "requestBody": {"content": {"application/json": {"schema": ReindexRequest.model_json_schema()}}}
}
_DONE: dict[int | str, dict[str, Any]] = {200: {"model": JobOut, "description": "It is done (wait=true)."}}


def writing(asked: Asked) -> APIRouter:
    """The routes over what is `asked`."""
    router = APIRouter()
    _articles(router, asked)
    _jobs(router, asked)
    return router


def _articles(router: APIRouter, asked: Asked) -> None:
    @router.post("/articles", status_code=202, response_model=JobOut, responses=_DONE, openapi_extra=_BODY)
    async def upsert(request: Request, wait: Wait = False) -> UnescapedJSON:
        """Add articles or replace those of the same id: one, a list, or NDJSON. Needs a key that may write."""
        served = asked.one()
        need(Role.WRITE, served.name)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind.endswith(("ndjson", "jsonl", "jsonlines")):
            content = await _received(served.writable(), request.stream())
            ids = None
        else:
            records, ids = await to_thread.run_sync(_checked, await request.body())
            content = {"articles": records}
        return await _accepted(served, "articles", content, wait, {"articles": ids} if ids else {})

    @router.delete("/articles/{article_id:path}", status_code=202, response_model=JobOut, responses=_DONE)
    async def delete(article_id: str, wait: Wait = False) -> UnescapedJSON:
        """Remove an article. Needs a key that may write."""
        served = asked.one()
        need(Role.WRITE, served.name)
        return await _accepted(served, "delete", {"id": unquote(article_id)}, wait)

    @router.post("/reindex", status_code=202, response_model=JobOut, responses=_DONE, openapi_extra=_REINDEX)
    async def reindex(request: Request, wait: Wait = False) -> UnescapedJSON:
        """Read the server's sources again, those it was started with. Needs an admin's key."""
        served = asked.one()
        need(Role.ADMIN, served.name)
        raw = await request.body()
        try:
            wanted = await to_thread.run_sync(_wanted, raw)
        except ValidationError as error:
            raise Refused(422, complaint(error)) from None
        unknown = set(wanted.sources) - set(asked.sources)
        if unknown or not (asked.sources or wanted.compact):
            got = f"got {sorted(unknown)[:3]}" if unknown else "this server was started with none"
            raise Refused(400, f"sources: {got}", hint="start it with --source PATH", code="bad_option")
        return await _accepted(served, "reindex", wanted.model_dump(), wait)


def _jobs(router: APIRouter, asked: Asked) -> None:
    def found(job_id: str) -> tuple[Served, dict[str, Any]]:
        for served in asked.served():
            need(Role.WRITE, served.name)
            status = served.journal.status(job_id) if served.journal else None
            if status is not None:
                return served, status
        raise NotFound(f"no job {job_id[:80]!r} here", hint="jobs that ended long ago are forgotten")

    @router.get("/jobs/{job_id}", response_model=JobOut)
    def job(job_id: str) -> UnescapedJSON:
        """How far a job is, and what became of it. Needs a key that may write."""
        return UnescapedJSON(found(job_id)[1])

    @router.delete("/jobs/{job_id}", response_model=JobOut)
    def cancel(job_id: str) -> UnescapedJSON:
        """Take a job back; what it has committed stays. conflict where it has ended."""
        served, status = found(job_id)
        if status["state"] in _ENDED:
            raise Refused(409, f"job {job_id} is {status['state']}")
        _append(served.writable(), "cancel", {"job": job_id})
        return UnescapedJSON(found(job_id)[1])


def _wanted(raw: bytes) -> ReindexRequest:
    return ReindexRequest.model_validate(parse_json(raw) if raw.strip() else {})


def _checked(raw: bytes) -> tuple[list[Any], list[str]]:
    """The articles of a body and their ids; BadArticle names the first that is none."""
    value = parse_json(raw)
    records = value if isinstance(value, list) else [value]
    if not 1 <= len(records) <= MAX_ARTICLES:
        raise Refused(413, f"articles: got {len(records)}, want 1..{MAX_ARTICLES}", hint="send more as NDJSON")
    return records, [_id_of(record, number) for number, record in enumerate(records)]


def _id_of(record: Any, number: int) -> str:
    try:
        return article_from_record(record).article_id
    except BadArticle as error:
        raise BadArticle(f"article {number}: {error.message}", hint=error.hint) from None


async def _received(journal: Journal, stream: AsyncIterator[bytes]) -> dict[str, Any]:
    """Check a stream line by line into a file of the journal; BadArticle names the first line that is no article."""
    try:
        name, path = await to_thread.run_sync(journal.incoming)
    except OSError as error:
        raise _cannot_write(error) from error
    count, rest, lines = 0, b"", list[bytes]()
    try:
        with path.open("wb") as file:
            async for piece in stream:
                parts = (rest + piece).split(b"\n")
                rest = parts.pop()
                if len(rest) > MAX_LINE:
                    raise Refused(413, f"line {count + len(lines) + 1}: got {len(rest)} bytes, want at most {MAX_LINE}")
                lines += [part for part in parts if part.strip()]
                if len(lines) >= _MAX_LINES or sum(map(len, lines)) > 1 << 20:
                    count = await to_thread.run_sync(_write_lines, file, lines, count)
                    lines = []
            lines += [rest] if rest.strip() else []
            count = await to_thread.run_sync(_write_lines, file, lines, count)
            if not count:
                raise Refused(422, "articles: got an empty stream")
            await to_thread.run_sync(os.fsync, file.fileno())
        await to_thread.run_sync(sync, path.parent)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _cannot_write(error) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return {"stream": name, "count": count}


def _write_lines(file: Any, lines: list[bytes], count: int) -> int:
    for line in lines:
        try:
            record = parse_json(line)
        except Refused as error:
            raise Refused(422, f"line {count + 1}: {error.message}") from None
        _id_of(record, count)
        file.write(json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        count += 1
    return count


def _append(journal: Journal, kind: str, content: dict[str, Any]) -> str:
    try:
        return journal.append(kind, content)
    except OSError as error:
        raise _cannot_write(error) from error


def _cannot_write(error: OSError) -> Refused:
    return Refused(503, f"the journal cannot be written: {error.strerror or error}", code="cannot_write")


async def _accepted(
    served: Served, kind: str, content: dict[str, Any], wait: bool, more: dict[str, Any] | None = None
) -> UnescapedJSON:
    job = await to_thread.run_sync(_append, served.writable(), kind, content)
    status = {"job": job, "state": "pending", **(more or {})}
    if wait:
        ended = await _ended(served, job)
        if ended is not None and ended["state"] == "failed":
            error = ended["error"]
            raise Refused(422, error["message"], hint=error["hint"], code=error["code"])
        if ended is not None:
            return UnescapedJSON({**status, **ended})
    return UnescapedJSON(status, status_code=202, headers={"Location": f"jobs/{job}"})


async def _ended(served: Served, job: str) -> dict[str, Any] | None:
    """What became of a job, once it has and once this process answers from it; None after WAIT seconds."""
    pause, waited = 0.02, 0.0
    while waited < WAIT:
        found = served.writable().outcomes().get(job)
        if found is not None and found["state"] in _ENDED:
            await to_thread.run_sync(served.live.refresh)
            return {name: value for name, value in found.items() if name != "times"}
        await asyncio.sleep(pause)
        waited += pause
        pause = min(0.2, pause * 1.3)
    return None
