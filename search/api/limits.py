"""What one request may cost: bytes, depth and size of its JSON before it is parsed, time; how many come a second."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from anyio import to_thread
from limits import RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from numpy.typing import NDArray
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from index.errors import WensouError
from search.api.answers import Refused, of_error

MIB = 1 << 20
DEPTH = 32  # of lists and objects in each other
UNKNOWN_KEYS = 60  # a minute and address: each one's hash must be checked
IN_PLACE = 32_768  # bytes that are looked at without a thread: a fraction of a millisecond
_BRACKETS = np.zeros(256, np.int8)
_BRACKETS[[ord("["), ord("{")]], _BRACKETS[[ord("]"), ord("}")]] = 1, -1
_PARTS = np.zeros(256, np.bool_)
_PARTS[[ord(mark) for mark in "[{,:"]] = True


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes, parts of JSON (members, items, lists, objects) and seconds that requests may take, each of one kind."""

    body: int = MIB
    parts: int = 10_000
    articles_body: int = 16 * MIB
    articles_parts: int = 100_000
    stream_body: int = 1024 * MIB
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    at_once: int = 200


NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")


def check_shape(data: bytes, parts: int, depth: int = DEPTH) -> None:
    """Refuse JSON of more than `parts` or deeper than `depth`, without parsing it; Refused with 413.

    Marks inside strings do not count. What is not JSON at all passes, for the parser to refuse.
    """
    text = np.frombuffer(data, np.uint8)
    quotes = _open_quotes(text)
    marks = np.flatnonzero(_PARTS[text] | (_BRACKETS[text] != 0))
    outside = marks[np.searchsorted(quotes, marks) % 2 == 0]
    count = int(_PARTS[text[outside]].sum())
    if count > parts:
        raise Refused(
            413,
            f"body: got JSON of {count} parts, want at most {parts}",
            hint="send less at once, or articles as NDJSON",
        )
    steps = _BRACKETS[text[outside]]
    deepest = int(np.cumsum(steps, dtype=np.int64).max(initial=0))
    if deepest > depth:
        raise Refused(413, f"body: got JSON {deepest} levels deep, want at most {depth}")


def _open_quotes(text: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Where strings begin and end: quotes that no odd run of backslashes stands before."""
    quotes = np.flatnonzero(text == ord('"'))
    slashes = text == ord("\\")
    if len(quotes) and slashes.any():
        other = np.where(slashes, -1, np.arange(len(text), dtype=np.int64))
        last = np.maximum.accumulate(other)  # the nearest place at or before that is no backslash
        before = np.where(quotes > 0, quotes - 1 - last[np.maximum(quotes - 1, 0)], 0)
        quotes = quotes[before % 2 == 0]
    return quotes


class BodyLimits:
    """Reads bodies before the routes do, by their limits; NDJSON of articles is passed on as it comes."""

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        """Before `app`."""
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
        file = scope["path"] == "/read"  # bytes of any kind
        articles = file or scope["path"] == "/articles"
        stream = articles and not file and kind in NDJSON
        limits = self._limits
        most = limits.stream_body if stream else limits.articles_body if articles else limits.body
        try:
            declared = headers.get(b"content-length", b"")
            if declared.isdigit() and int(declared) > most:
                raise _too_large(int(declared), most)
            counted = _Counted(receive, most, limits.body_seconds, each=stream)
            if stream:
                await self._app(scope, counted, send)
                return
            body = await counted.whole()
            if file:
                await self._app(scope, _replayed(body, receive), send)
                return
            check = partial(check_shape, body, limits.articles_parts if articles else limits.parts)
            if len(body) <= IN_PLACE:
                check()
            else:
                await to_thread.run_sync(check)
        except WensouError as error:
            await of_error(error)(scope, receive, send)
            return
        await self._app(scope, _replayed(body, receive), send)


def _too_large(got: int, most: int) -> Refused:
    return Refused(
        413, f"body: got {got} bytes or more, want at most {most}", hint="send less at once, or articles as NDJSON"
    )


class _Counted:
    """`receive` with its bytes counted and its time measured: all of it, or with `each` every piece."""

    def __init__(self, receive: Receive, most: int, seconds: float, *, each: bool) -> None:
        self._receive, self._most, self._seconds, self._each = receive, most, seconds, each
        self._got = 0
        self._until = asyncio.get_running_loop().time() + seconds

    async def __call__(self) -> Message:
        until = asyncio.get_running_loop().time() + self._seconds if self._each else self._until
        try:
            async with asyncio.timeout_at(until):
                message = await self._receive()
        except TimeoutError:
            raise Refused(
                400,
                f"body: not here after {self._seconds:g} seconds",
                code="body_timeout",
                headers={"Connection": "close"},
            ) from None
        self._got += len(message.get("body", b""))
        if self._got > self._most:
            raise _too_large(self._got, self._most)
        return message

    async def whole(self) -> bytes:
        pieces = []
        while True:
            message = await self()
            if message["type"] == "http.disconnect":
                raise Refused(400, "body: the connection was closed before all of it was here")
            pieces.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(pieces)


def _replayed(body: bytes, receive: Receive) -> Receive:
    left = [body]

    async def again() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return again


class Rates:
    """How many requests a second each key and each address may make, counted by the `limits` library."""

    def __init__(self, per_second: int | None, storage: Storage | None = None) -> None:
        """None for no limit; `storage` is shared where several processes serve."""
        self._limiter = FixedWindowRateLimiter(storage or MemoryStorage())
        self._requests = RateLimitItemPerSecond(per_second) if per_second else None
        self._unknown = RateLimitItemPerMinute(UNKNOWN_KEYS)

    def count(self, key: str | None, address: str) -> None:
        """Count a request; Refused with 429 where its key or its address has made too many."""
        if self._requests is None:
            return
        for kind, who in (("key", key), ("address", address)):
            if who and not self._limiter.hit(self._requests, kind, who):
                raise self._refused(f"too many requests from this {kind}", 1)

    def count_unknown_key(self, address: str) -> None:
        """Count a key that was not seen before; Refused with 429 where an address tries too many."""
        if not self._limiter.hit(self._unknown, "unknown", address):
            raise self._refused("too many keys tried from this address", 60)

    @staticmethod
    def _refused(message: str, seconds: float) -> Refused:
        return Refused(429, message, hint="wait a little", headers={"Retry-After": str(math.ceil(seconds))})


class Overload:
    """Refuses at once what would only wait: more requests than `most` at work or waiting."""

    def __init__(self, app: ASGIApp, most: int, on_refusal: Callable[[], None] = lambda: None) -> None:
        """Before `app`."""
        self._app, self._most, self._refused = app, most, on_refusal
        self._at_work = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse."""
        if scope["type"] != "http" or scope["path"] == "/healthz":
            await self._app(scope, receive, send)
            return
        if self._at_work >= self._most:
            self._refused()
            await Refused(
                503, "more requests than can be answered", hint="try again soon", code="overloaded",
                headers={"Retry-After": "1"},
            )(scope, receive, send)  # fmt: skip
            return
        self._at_work += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._at_work -= 1
