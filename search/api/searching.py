"""The routes that ask: search, suggest, articles and what is like them. Parse, one call, answer."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import unquote

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import BadOption, NotFound
from index.models import Filters
from search.api.answers import Refused, UnescapedJSON
from search.api.asked import Asked
from search.api.schemas import (
    AnswerOut,
    ArticleOut,
    SearchParameters,
    SearchRequest,
    SimilarArticlesOut,
    SuggestionsOut,
    article_json,
)
from search.api.several import search_all, suggest_all
from search.query.parse import MAX_K

MAX_BATCH = 100
_QUESTIONS = TypeAdapter(SearchRequest | list[SearchRequest])
Note = Callable[[str, str, dict[str, Any]], None]
"""Told of each index asked, the question and the answer."""


def question_body() -> dict[str, Any]:
    """How the description of the API tells of the body of `POST /search`, which is read here and not by FastAPI."""
    schema = _QUESTIONS.json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def parse_questions(raw: bytes) -> tuple[list[SearchRequest], bool]:
    """The questions of a body, and whether it is a list of them; Refused with 422, BadOption for too many."""
    value = parse_json(raw)
    many = isinstance(value, list)
    if many and len(value) > MAX_BATCH:
        raise BadOption(f"queries: got {len(value)} at once, want at most {MAX_BATCH}")
    try:
        return [SearchRequest.model_validate(one) for one in (value if many else [value])], many
    except ValidationError as error:
        raise Refused(422, complaint(error), hint="see /docs for what a question takes") from None


def parse_json(raw: bytes) -> Any:
    """The value of a JSON body; Refused with 422 where it is none."""
    try:
        return from_json(raw)
    except ValueError as error:
        raise Refused(422, f"body: not JSON: {str(error)[:200]}") from None


def complaint(error: ValidationError) -> str:
    """The first of what validation found wrong, in one line."""
    first = error.errors(include_url=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where or 'body'}: {first['msg']}, got {str(first.get('input'))[:80]!r}"


def searching(asked: Asked, note: Note) -> APIRouter:
    """The routes over what is `asked`; `note` is told of every answer."""
    router = APIRouter()

    def answer(request: SearchRequest) -> dict[str, Any]:
        engines = asked.engines()
        if len(engines) > 1:
            found, each = search_all(engines, request.q, request.options())
        else:
            ((name, engine),) = engines.items()
            found = engine.search(request.q, request.options()).to_json()
            each = {name: found}
        if request.options().filters == Filters():  # else it may be the filters that leave nothing
            for name, own in each.items():
                note(name, request.q, own)
        return found

    @router.get("/search", response_model=AnswerOut, response_model_exclude_unset=True)
    def search(parameters: Annotated[SearchParameters, Query()]) -> UnescapedJSON:
        """Answer one question."""
        return UnescapedJSON(answer(parameters))

    @router.post("/search", response_model=AnswerOut | list[AnswerOut], openapi_extra=question_body())
    async def search_many(request: Request) -> UnescapedJSON:
        """Answer one question, or a list of them in order."""
        questions, many = await to_thread.run_sync(parse_questions, await request.body())
        answers = [await to_thread.run_sync(answer, one) for one in questions]
        return UnescapedJSON(answers if many else answers[0])

    @router.get("/suggest", response_model=SuggestionsOut)
    def suggest(
        q: Annotated[str, Query(description="what is typed so far", max_length=1_000)] = "", k: int = 8
    ) -> UnescapedJSON:
        """Complete from titles and frequent words, by characters, pinyin or initials."""
        return UnescapedJSON({"suggestions": suggest_all(asked.engines(), q, max(0, min(k, MAX_K)))})

    _articles(router, asked)
    return router


def _articles(router: APIRouter, asked: Asked) -> None:
    def found(article_id: str) -> dict[str, Any]:
        engines = asked.engines()
        for name, engine in engines.items():
            try:
                data = article_json(engine.article(article_id))
            except NotFound:
                continue
            return data | ({"index": name} if len(engines) > 1 else {})
        raise NotFound(f"no article {article_id!r} in this index")

    def neighbours(article_id: str, k: int) -> dict[str, Any]:
        for engine in asked.engines().values():
            try:
                return {"results": [asdict(one) for one in engine.similar(article_id, k)]}
            except NotFound:
                continue
        raise NotFound(f"no article {article_id!r} in this index")

    @router.get("/articles/{article_id:path}/similar", response_model=SimilarArticlesOut)
    def similar(article_id: str, k: int = 10) -> UnescapedJSON:
        """Articles like this one. Where the id holds slashes, send them as %2F."""
        article_id = unquote(article_id)
        try:
            return UnescapedJSON(neighbours(article_id, k))
        except NotFound:
            try:  # an id that ends so, sent with its slash as it is
                return UnescapedJSON(found(f"{article_id}/similar"))
            except NotFound:
                pass
            raise

    @router.get("/articles/{article_id:path}", response_model=ArticleOut)
    def article(article_id: str) -> UnescapedJSON:
        """One article as indexed. Where the id holds slashes, send them as %2F."""
        return UnescapedJSON(found(unquote(article_id)))


class EncodedIds:
    """Keeps `%2F` in an article's id apart from the slashes of the path: routes see such ids quoted."""

    def __init__(self, app: ASGIApp) -> None:
        """Before `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        raw = scope.get("raw_path") or b""
        if scope["type"] == "http" and scope["path"].startswith("/articles/"):
            # Without a raw path what was quoted is not known, and a lone % must not be unquoted a second time.
            text = raw.partition(b"?")[0].decode("ascii", "replace") if raw else scope["path"].replace("%", "%25")
            parts = text.removeprefix("/articles/").split("/")
            kept = (unquote(part).replace("%", "%25").replace("/", "%2F") for part in parts)
            scope["path"] = "/articles/" + "/".join(kept)
        await self._app(scope, receive, send)
