"""The MCP server over HTTP: stateless, answers as JSON. Loaded when the first request comes, not before."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import anyio.to_thread
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from search.engine import SearchEngine

EngineOf = Callable[[Scope], SearchEngine]
"""Gives the engine for a request, narrowed to what its key may see."""

_asked: ContextVar[SearchEngine] = ContextVar("engine of this request")


class McpEndpoint:
    """An ASGI application for one path. Host, Origin and keys are checked before it, as for every other route."""

    def __init__(self, engine_of: EngineOf) -> None:
        """`engine_of` is asked once a request."""
        self._engine_of = engine_of
        self._loading = asyncio.Lock()
        self._manager: Any = None
        self._task: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        manager = await self._loaded()
        if manager is None:
            hint = "pip install wensou[mcp]"
            body = {"error": {"code": "not_available", "message": "this server has no MCP package", "hint": hint}}
            await JSONResponse(body, 503)(scope, receive, send)
            return
        engine = await anyio.to_thread.run_sync(self._engine_of, scope)
        token = _asked.set(engine)  # the tasks that answer inherit it
        try:
            await manager.handle_request(scope, receive, send)
        finally:
            _asked.reset(token)

    async def _loaded(self) -> Any:
        async with self._loading:
            if self._task is None:
                try:
                    self._manager = await anyio.to_thread.run_sync(_create_manager)
                except ModuleNotFoundError as error:
                    if error.name != "mcp":
                        raise
                    return None
                running = asyncio.Event()
                self._task = asyncio.create_task(self._run(running), name="mcp")
                await running.wait()
        return self._manager

    async def _run(self, running: asyncio.Event) -> None:
        async with self._manager.run():
            running.set()
            await self._stop.wait()

    async def close(self) -> None:
        """Stop answering; to be called when the server stops."""
        self._stop.set()
        if self._task is not None:
            await self._task


def _create_manager() -> Any:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from search.mcp.server import create_server

    server = create_server(_asked.get)
    return StreamableHTTPSessionManager(app=server._lowlevel_server, json_response=True, stateless=True)
