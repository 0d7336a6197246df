"""The tools, resources and the prompt as an MCP server. Imported on demand: the package mcp takes a second."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ToolError
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field

from index.errors import WensouError
from search.engine import SearchEngine
from search.mcp import tools
from search.mcp.budget import DEFAULT_TOKENS, MAX_TOKENS, MIN_TOKENS
from search.mcp.models import (
    ArticleRange,
    ConnectorDocument,
    ConnectorFound,
    SearchFound,
    SimilarFound,
    Sized,
    SourcesFound,
)
from search.models import Mode
from search.query.options import search_options

EngineSource = Callable[[], SearchEngine]
"""Gives the engine of the newest commit, narrowed to what whoever asks may see."""

_INSTRUCTIONS = (
    "Wensou 文搜 searches a folder of Chinese articles by words and by meaning. Ask search_articles in plain Chinese, "
    "in simplified or traditional characters; quote only what stands in the passages, and name article and offsets. "
    "Where `confident` is false say so. read_article gives what stands around a passage."
)
_READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_PROMPT = """请根据知识库回答下面的问题。

问题：{question}

做法：
1. 用 search_articles 查找；换一种说法再找一次，直到找到能回答问题的段落。
2. 需要上下文时用 read_article 阅读段落前后的内容。
3. 只用找到的原文回答。每个论断后注明出处：〔文章标题，来源，日期，第几页（如有）〕，并逐字引用关键的句子。
4. 如果 confident 为 false，或者没有段落回答这个问题，请直接说明“库中没有找到答案”，不要推测。"""

Tokens = Annotated[
    int, Field(ge=MIN_TOKENS, le=MAX_TOKENS, description="the answer takes at most about so many tokens")
]
Limit = Annotated[int, Field(ge=1, le=tools.MAX_RESULTS, description="results at most")]
Offset = Annotated[int, Field(ge=0, le=10_000, description="results to pass over")]
Names = Annotated[list[str] | None, Field(description="only these; any of them will do")]
Day = Annotated[str | None, Field(description="YYYY-MM-DD, or YYYY-MM or YYYY")]
R = TypeVar("R", bound=Sized)


async def _answer(ask: Callable[[], R]) -> CallToolResult:
    """What `ask` gives, worked out beside the event loop; a cancelled call ends at once.

    An error of ours is the tool's, for the model to read and do better.
    """
    try:
        found = await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)
    except WensouError as error:
        raise ToolError(f"{error.message}" + (f" -> {error.hint}" if error.hint else "")) from error
    text = found.sent()
    content = found.model_dump(mode="json", exclude_none=True)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=content)


def create_server(engine: EngineSource) -> MCPServer:
    """An MCP server whose tools ask `engine()`, anew for each call."""
    server = MCPServer("wensou", title="Wensou 文搜", instructions=_INSTRUCTIONS)
    _add_search(server, engine)
    _add_reading(server, engine)
    _add_connector(server, engine)
    _add_resources(server, engine)
    return server


def _add_search(server: MCPServer, engine: EngineSource) -> None:
    @server.tool(title="Search articles 搜索文章", annotations=_READ_ONLY)
    async def search_articles(  # noqa: PLR0913 - an argument of the tool each
        query: Annotated[str, Field(min_length=1, description="the question, in plain words")],
        limit: Limit = 10,
        offset: Offset = 0,
        source: Names = None,
        author: Names = None,
        tag: Names = None,
        after: Day = None,
        before: Day = None,
        mode: Annotated[Mode, Field(description="hybrid: words and meaning; bm25: words; dense: meaning")] = "hybrid",
        expand: Annotated[bool, Field(description="look for synonyms and full names of short ones, too")] = True,
        max_tokens: Tokens = DEFAULT_TOKENS,
    ) -> Annotated[CallToolResult, SearchFound]:
        """Find articles by words and meaning. Gives verbatim passages with article, date, page and offsets."""

        def ask() -> SearchFound:
            asked = {"k": limit, "offset": offset, "mode": mode, "source": source, "author": author, "tag": tag}
            options = search_options(asked | {"after": after, "before": before, "expand": expand})
            return tools.search_articles(engine(), query, options, max_tokens)

        return await _answer(ask)

    @server.tool(title="Find similar articles 相似文章", annotations=_READ_ONLY)
    async def find_similar(
        article_id: str, limit: Limit = 10, max_tokens: Tokens = DEFAULT_TOKENS
    ) -> Annotated[CallToolResult, SimilarFound]:
        """List the articles most like a given one."""
        return await _answer(lambda: tools.find_similar(engine(), article_id, limit, max_tokens))

    @server.tool(title="List sources 来源", annotations=_READ_ONLY)
    async def list_sources(
        offset: Offset = 0, max_tokens: Tokens = DEFAULT_TOKENS
    ) -> Annotated[CallToolResult, SourcesFound]:
        """Say what can be searched: the sources, how many articles each has, and the months they reach over."""
        return await _answer(lambda: tools.list_sources(engine(), offset, max_tokens))


def _add_reading(server: MCPServer, engine: EngineSource) -> None:
    @server.tool(title="Read an article 阅读文章", annotations=_READ_ONLY)
    async def read_article(
        article_id: str,
        start: Annotated[int, Field(ge=0, description="first character")] = 0,
        end: Annotated[int | None, Field(ge=0, description="character to stop before; absent: to the end")] = None,
        chunk_id: Annotated[str | None, Field(description="read around this passage instead of a range")] = None,
        around: Annotated[int, Field(ge=0, le=50, description="with chunk_id: passages before and behind it")] = 1,
        max_tokens: Tokens = DEFAULT_TOKENS,
    ) -> Annotated[CallToolResult, ArticleRange]:
        """Read an article, or a stretch of it, verbatim; `next_offset` says where to go on."""
        if chunk_id is not None:
            return await _answer(lambda: tools.read_around(engine(), chunk_id, around, max_tokens))
        return await _answer(lambda: tools.read_article(engine(), article_id, start, end, max_tokens))


def _add_connector(server: MCPServer, engine: EngineSource) -> None:
    @server.tool(title="Search", annotations=_READ_ONLY)
    async def search(query: Annotated[str, Field(min_length=1)]) -> Annotated[CallToolResult, ConnectorFound]:
        """Find articles; gives ids, titles and addresses. search_articles gives passages too."""
        return await _answer(lambda: tools.connector_search(engine(), query))

    @server.tool(title="Fetch", annotations=_READ_ONLY)
    async def fetch(id: str) -> Annotated[CallToolResult, ConnectorDocument]:
        """Give the text of an article that `search` named."""
        return await _answer(lambda: tools.connector_fetch(engine(), id, MAX_TOKENS))


def _add_resources(server: MCPServer, engine: EngineSource) -> None:
    @server.resource(
        "wensou://articles/{article_id}", title="Article 文章", mime_type="text/plain",
        description="An article's title and text, as far as a client takes it; read_article gives the rest.",
    )  # fmt: skip
    async def article(article_id: str) -> str:
        read = partial(tools.connector_fetch, engine(), article_id, MAX_TOKENS)
        try:
            found = await anyio.to_thread.run_sync(read, abandon_on_cancel=True)
        except WensouError as error:
            raise ResourceError(error.message) from error
        rest = found.metadata.get("next_offset")
        return f"{found.title}\n\n{found.text}" + (f"\n\n[cut: read_article from {rest} on]" if rest else "")

    @server.prompt(title="Answer with citations 有出处的回答")
    def cited_answer(question: str) -> str:
        """Answer a question from the articles alone, with citations."""
        return _PROMPT.format(question=question)
