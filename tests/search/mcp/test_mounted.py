"""`/mcp` of the server: the same keys and the same host check as every other route, and what a key may see."""

import json
from contextlib import asynccontextmanager

import anyio
import pytest

mcp = pytest.importorskip("mcp", reason="the package mcp is not installed")
httpx2 = pytest.importorskip("httpx2", reason="the package mcp brings it")

from mcp.client.streamable_http import streamable_http_client  # noqa: E402

from index.builder import update_index  # noqa: E402
from search.api.app import Options, create_app  # noqa: E402
from search.api.security import host_names  # noqa: E402
from search.live import LiveEngine  # noqa: E402
from search.service.keys import add_key  # noqa: E402
from tests.conftest import CORPUS, PLAIN, HashEncoder  # noqa: E402


@pytest.fixture
def anyio_backend():
    return "asyncio"


@asynccontextmanager
async def serving(root):
    """The whole application behind uvicorn on a free port of this machine."""
    import uvicorn

    app = create_app(LiveEngine(root), Options(names=host_names("127.0.0.1")))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve)
        while not server.started:
            await anyio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True


def call(number, method, **params):
    """A request as it goes over the wire."""
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


HEADERS = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


@pytest.mark.anyio
async def test_keys_hosts_and_what_a_key_may_see(tmp_path, hash_bundled):
    root = tmp_path / "index"
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    async with serving(root) as url, httpx2.AsyncClient(base_url=url, headers=HEADERS) as plain:
        listing = call(1, "tools/list")
        assert (await plain.post("/mcp", json=listing)).status_code == 200
        foreign = await plain.post("/mcp", json=listing, headers={"Host": "evil.example"})
        assert foreign.status_code in (400, 403, 421)
        _, whole = add_key(root, "read")
        _, narrow = add_key(root, "read", ["source=汉东日报"])
        assert (await plain.post("/mcp", json=listing)).status_code == 401
        counted = {}
        for token in (whole, narrow):
            async with (
                httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
                mcp.Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
            ):
                found = await client.call_tool("list_sources", {})
                counted[token] = found.structured_content["articles"]
                answer = await client.call_tool("search_articles", {"query": "加装电梯"})
                names = {one["article_id"] for one in answer.structured_content["results"]}
                assert ("lift" in names) == (token == whole)
                hidden = await client.call_tool("read_article", {"article_id": "lift"})
                assert hidden.is_error == (token == narrow)
        assert (counted[whole], counted[narrow]) == (len(CORPUS), 2)
        assert "汉东日报" in json.dumps(found.structured_content, ensure_ascii=False)
