"""The SDK's own client asks every tool: in memory, over standard streams and over HTTP."""

import json
import sys
import threading
from contextlib import asynccontextmanager

import anyio
import pytest

mcp = pytest.importorskip("mcp", reason="the package mcp is not installed")

from search.mcp.http import McpEndpoint  # noqa: E402
from search.mcp.server import create_server  # noqa: E402
from tests.conftest import ROOT, need_bundled_encoder  # noqa: E402

TOOLS = {"search_articles", "read_article", "find_similar", "list_sources", "search", "fetch"}


@pytest.fixture
def anyio_backend():
    return "asyncio"


def told(result):
    """The structured content, which the text says too."""
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


async def ask_everything(client):
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == TOOLS
    for tool in tools.values():
        assert tool.annotations.read_only_hint
        assert not tool.annotations.destructive_hint
        assert tool.output_schema["properties"]
        assert tool.description.endswith(".")
    found = told(await client.call_tool("search_articles", {"query": "年轻干部 双导师", "limit": 3}))
    first = found["results"][0]
    read = told(await client.call_tool("read_article", {"article_id": first["article_id"]}))
    passage = first["passages"][0]
    assert read["text"][passage["start"] : passage["end"]] == passage["text"]
    around = told(await client.call_tool("read_article", {"article_id": "x", "chunk_id": f"{first['article_id']}:0"}))
    assert around["start"] == 0
    assert told(await client.call_tool("find_similar", {"article_id": first["article_id"], "limit": 2}))["results"]
    assert told(await client.call_tool("list_sources", {}))["articles"] > 0
    named = told(await client.call_tool("search", {"query": "馒头"}))["results"][0]
    assert told(await client.call_tool("fetch", {"id": named["id"]}))["title"] == named["title"]
    resource = await client.read_resource(f"wensou://articles/{first['article_id']}")
    assert passage["text"][:10] in resource.contents[0].text
    prompt = await client.get_prompt("cited_answer", {"question": "谁来考核？"})
    assert "谁来考核？" in prompt.messages[0].content.text
    return first


@pytest.mark.anyio
async def test_every_tool_in_memory(engine):
    async with mcp.Client(create_server(lambda: engine)) as client:
        first = await ask_everything(client)
        assert first["article_id"] == "train"


BAD = [
    ("search_articles", {"query": ""}),
    ("search_articles", {}),
    ("search_articles", {"query": "馒头", "limit": 0}),
    ("search_articles", {"query": "馒头", "limit": "many"}),
    ("search_articles", {"query": "馒头", "after": "yesterday"}),
    ("search_articles", {"query": "馒头", "max_tokens": 1}),
    ("search_articles", {"query": "馒头", "max_tokens": 30_000}),
    ("read_article", {"article_id": "nobody"}),
    ("read_article", {"article_id": "train", "start": 9, "end": 3}),
    ("read_article", {"article_id": "train", "chunk_id": "train:99"}),
    ("find_similar", {"article_id": "nobody"}),
    ("fetch", {"id": "nobody"}),
]


@pytest.mark.anyio
async def test_bad_arguments_are_the_tools_errors(engine):
    async with mcp.Client(create_server(lambda: engine)) as client:
        for name, arguments in BAD:
            result = await client.call_tool(name, arguments)
            assert result.is_error, (name, arguments)
            assert result.content[0].text
            assert "Traceback" not in result.content[0].text


@pytest.mark.anyio
async def test_calls_are_answered_side_by_side(engine):
    """Two calls that wait for each other, which one at a time would for ever."""
    both = threading.Barrier(2, timeout=60)

    class Meeting:
        def __getattr__(self, name):
            return getattr(engine, name)

        def search(self, *args, **kwargs):
            both.wait()
            return engine.search(*args, **kwargs)

    found = {}

    async def ask(client, question):
        found[question] = told(await client.call_tool("search_articles", {"query": question}))["query"]

    async with mcp.Client(create_server(lambda: Meeting())) as client, anyio.create_task_group() as group:
        for question in ("馒头", "电梯"):
            group.start_soon(ask, client, question)
    assert found == {"馒头": "馒头", "电梯": "电梯"}


@pytest.mark.anyio
async def test_a_cancelled_call_stops(engine):
    asked, let_go = threading.Event(), threading.Event()

    class Slow:
        def __getattr__(self, name):
            return getattr(engine, name)

        def search(self, *args, **kwargs):
            asked.set()
            let_go.wait()
            return engine.search(*args, **kwargs)

    try:
        async with mcp.Client(create_server(lambda: Slow())) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "search_articles", {"query": "馒头"})
                await anyio.to_thread.run_sync(asked.wait)
                group.cancel_scope.cancel()
            # The server is free for the next one while the engine is still at the first.
            assert told(await client.call_tool("list_sources", {}))["articles"] == 6
    finally:
        let_go.set()


@pytest.mark.anyio
async def test_every_tool_on_standard_streams(samples_index):
    need_bundled_encoder()
    command = mcp.StdioServerParameters(
        command=sys.executable,
        args=["-c", "from search.cli import main; main()", "mcp", "--index", str(samples_index)],
        cwd=str(ROOT),
    )
    async with mcp.Client(command) as client:
        await ask_everything(client)


@asynccontextmanager
async def served(endpoint):
    """The endpoint behind uvicorn on a free port of this machine."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(endpoint, port=0, log_level="error", lifespan="off"))
    async with anyio.create_task_group() as group:
        group.start_soon(server.serve)
        while not server.started:
            await anyio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            server.should_exit = True
            await endpoint.close()


@pytest.mark.anyio
async def test_every_tool_over_http_by_several_clients_at_once(engine):
    endpoint = McpEndpoint(lambda scope: engine)

    async def one(url):
        async with mcp.Client(url) as client:
            await ask_everything(client)

    async with served(endpoint) as url, anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(one, url)


@pytest.mark.anyio
async def test_each_request_asks_the_engine_that_its_key_may_see(engine, measured_engine):
    by_path = {"/mcp": engine, "/other": measured_engine}
    endpoint = McpEndpoint(lambda scope: by_path[scope["path"]])
    async with served(endpoint) as url:
        for path, wanted in by_path.items():
            async with mcp.Client(url.replace("/mcp", path)) as client:
                found = told(await client.call_tool("list_sources", {}))
                assert found["articles"] == wanted.stats().articles
