"""A client of the HTTP API, waiting (`Client`) or not (`AsyncClient`): typed answers, errors of the server's as ours.

with Client("http://127.0.0.1:8000", key="wk_...") as client:
    answer = client.search("年轻干部 双导师", k=5)
"""

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from index import errors
from index.errors import WensouError
from search.models import Answer, Similar

_ANSWER = TypeAdapter(Answer)
_SIMILAR = TypeAdapter(list[Similar])
_ERRORS: dict[str, type[WensouError]] = {
    kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, WensouError)
}


class ServerError(WensouError):
    """The server refused, for a reason that is none of the index's; `code` says which, `status` is HTTP's."""

    def __init__(self, message: str, *, hint: str = "", code: str = "error", status: int = 0) -> None:
        """As the server told it."""
        super().__init__(message, hint=hint)
        self.code, self.status = code, status


class Unreachable(ServerError):
    """No server answers there."""


def _checked(response: httpx.Response) -> Any:
    try:
        data = response.json()
    except ValueError:
        raise ServerError(f"{response.url}: got no JSON, want the API of wensou", status=response.status_code) from None
    if response.is_success:
        return data
    error = data.get("error", {}) if isinstance(data, dict) else {}
    code, message, hint = (str(error.get(name, "")) for name in ("code", "message", "hint"))
    if code in _ERRORS and code != "error":
        raise _ERRORS[code](message, hint=hint)
    raise ServerError(message or f"HTTP {response.status_code}", hint=hint, code=code, status=response.status_code)


def _unreachable(error: httpx.TransportError) -> Unreachable:
    return Unreachable(
        f"no answer from {error.request.url}: {error or type(error).__name__}", hint="is the server running?"
    )


def _settings(url: str, key: str | None, index: str | None, timeout: float) -> dict[str, Any]:
    base = url.rstrip("/") + (f"/i/{quote(index, safe='')}" if index else "") + "/"
    return {"base_url": base, "headers": {"Authorization": f"Bearer {key}"} if key else {}, "timeout": timeout}


def _question(text: str, options: Mapping[str, Any]) -> dict[str, Any]:
    return {"q": text, **{name: value for name, value in options.items() if value is not None}}


def _article(article_id: str) -> str:
    return f"articles/{quote(article_id, safe='')}"


class Client:
    """Asks a server and waits for each answer. `search` takes what `POST /search` does: k, mode, source, after ..."""

    def __init__(self, url: str, *, key: str | None = None, index: str | None = None, timeout: float = 60.0) -> None:
        """`url` of the server, `key` where it wants one, `index` where it serves several; `timeout` in seconds."""
        self._http = httpx.Client(**_settings(url, key, index, timeout))

    def __enter__(self) -> Self:
        """For `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def request(self, method: str, path: str, **options: Any) -> Any:
        """The JSON of any route; an error of ours where the server says one, Unreachable where none answers."""
        try:
            return _checked(self._http.request(method, path, **options))
        except httpx.TransportError as error:
            raise _unreachable(error) from error

    def search_json(self, text: str, **options: Any) -> dict[str, Any]:
        """The answer as the server sends it."""
        found: dict[str, Any] = self.request("POST", "search", json=_question(text, options))
        return found

    def search(self, text: str, **options: Any) -> Answer:
        """The answer to one question."""
        return _ANSWER.validate_python(self.search_json(text, **options))

    def article(self, article_id: str) -> dict[str, Any]:
        """One article; NotFound."""
        found: dict[str, Any] = self.request("GET", _article(article_id))
        return found

    def similar(self, article_id: str, k: int = 10) -> list[Similar]:
        """Articles like one; NotFound."""
        data = self.request("GET", f"{_article(article_id)}/similar", params={"k": k})
        return _SIMILAR.validate_python(data["results"])

    def suggest(self, text: str, k: int = 8) -> list[str]:
        """What `text` may be the beginning of."""
        return list(self.request("GET", "suggest", params={"q": text, "k": k})["suggestions"])

    def stats(self) -> dict[str, Any]:
        """What the index holds."""
        found: dict[str, Any] = self.request("GET", "stats")
        return found

    def add(self, articles: Sequence[Mapping[str, Any]] | Mapping[str, Any], *, wait: bool = True) -> dict[str, Any]:
        """Add articles or replace them; the job, done where it was waited for."""
        found: dict[str, Any] = self.request("POST", "articles", json=articles, params={"wait": wait})
        return found

    def delete(self, article_id: str, *, wait: bool = True) -> dict[str, Any]:
        """Remove an article; the job."""
        found: dict[str, Any] = self.request("DELETE", _article(article_id), params={"wait": wait})
        return found

    def job(self, job_id: str) -> dict[str, Any]:
        """How far a job is; NotFound."""
        found: dict[str, Any] = self.request("GET", f"jobs/{job_id}")
        return found


class AsyncClient:
    """As `Client`, for asyncio."""

    def __init__(self, url: str, *, key: str | None = None, index: str | None = None, timeout: float = 60.0) -> None:
        """As Client."""
        self._http = httpx.AsyncClient(**_settings(url, key, index, timeout))

    async def __aenter__(self) -> Self:
        """For `async with`."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def request(self, method: str, path: str, **options: Any) -> Any:
        """As Client.request."""
        try:
            return _checked(await self._http.request(method, path, **options))
        except httpx.TransportError as error:
            raise _unreachable(error) from error

    async def search(self, text: str, **options: Any) -> Answer:
        """The answer to one question."""
        return _ANSWER.validate_python(await self.request("POST", "search", json=_question(text, options)))

    async def search_many(self, texts: Iterable[str], **options: Any) -> list[Answer]:
        """The answers to several questions, asked at once."""
        body = [_question(text, options) for text in texts]
        return [_ANSWER.validate_python(one) for one in await self.request("POST", "search", json=body)]

    async def article(self, article_id: str) -> dict[str, Any]:
        """One article; NotFound."""
        found: dict[str, Any] = await self.request("GET", _article(article_id))
        return found

    async def similar(self, article_id: str, k: int = 10) -> list[Similar]:
        """Articles like one; NotFound."""
        data = await self.request("GET", f"{_article(article_id)}/similar", params={"k": k})
        return _SIMILAR.validate_python(data["results"])

    async def suggest(self, text: str, k: int = 8) -> list[str]:
        """What `text` may be the beginning of."""
        return list((await self.request("GET", "suggest", params={"q": text, "k": k}))["suggestions"])

    async def stats(self) -> dict[str, Any]:
        """What the index holds."""
        found: dict[str, Any] = await self.request("GET", "stats")
        return found

    async def add(
        self, articles: Sequence[Mapping[str, Any]] | Mapping[str, Any], *, wait: bool = True
    ) -> dict[str, Any]:
        """Add articles or replace them; the job, done where it was waited for."""
        found: dict[str, Any] = await self.request("POST", "articles", json=articles, params={"wait": wait})
        return found

    async def delete(self, article_id: str, *, wait: bool = True) -> dict[str, Any]:
        """Remove an article; the job."""
        found: dict[str, Any] = await self.request("DELETE", _article(article_id), params={"wait": wait})
        return found

    async def job(self, job_id: str) -> dict[str, Any]:
        """How far a job is; NotFound."""
        found: dict[str, Any] = await self.request("GET", f"jobs/{job_id}")
        return found
