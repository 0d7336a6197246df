"""The commands that ask an index: query, show, similar, stats, analyze. Thin twins of the API."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from index.errors import BadOption, EngineUnavailable, IndexCorrupt, WensouError
from search.cli.console import (
    IndexOption,
    JsonOption,
    Reranking,
    dump,
    index_path,
    open_engine,
    with_search_options,
)
from search.models import Answer, SearchOptions
from search.query.options import search_options
from search.settings import Settings

if TYPE_CHECKING:
    from search.engine import SearchEngine


class Asking(TyperCommand):
    """`wensou query`, where -电梯 leaves a word out, as it does in the question: no option begins like that."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Options as in any command; excluded words that are not ASCII go behind them."""
        if "--" not in args:
            left_out = [arg for arg in args if arg[:1] == "-" and arg[1:2] > "\x7f"]
            args = [*(arg for arg in args if arg not in left_out), *(["--", *left_out] if left_out else [])]
        return super().parse_args(ctx, args)


@with_search_options
def query(  # noqa: PLR0913 - an option of the command each
    words: Annotated[
        list[str],
        typer.Argument(metavar="TEXT", help="The question; - reads one a line from stdin and prints JSON lines."),
    ],
    asked: dict[str, Any],
    index: IndexOption = None,
    rerank: Reranking = None,
    url: Annotated[str | None, typer.Option(help="Ask a server at this address instead of an index here.")] = None,
    key: Annotated[str | None, typer.Option(help="The server's key (default: WENSOU_KEY).")] = None,
    json_: JsonOption = False,
) -> None:
    """Answer one question."""
    options = search_options(asked)
    text, settings = " ".join(words), Settings.from_env()
    with ExitStack() as stack:
        if url:
            search: Callable[[str], Answer] = stack.enter_context(_server(url, key or settings.key, asked))
        else:
            engine = stack.enter_context(open_engine(index, rerank or settings.rerank))
            search = partial(_search, engine, options)
        if text == "-":
            for line in sys.stdin:
                if line.strip():
                    dump(_answer_line(search, line.rstrip("\n")))
                    sys.stdout.flush()
            return
        answer = search(text)
    if json_:
        dump(answer.to_json())
    else:
        from search.cli.show import show_answer

        show_answer(answer)


def _search(engine: "SearchEngine", options: SearchOptions, text: str) -> Answer:
    return engine.search(text, options)


@contextmanager
def _server(url: str, key: str | None, asked: dict[str, Any]) -> Iterator[Callable[[str], Answer]]:
    """Questions go to the server at `url`, with what was `asked` for beside them; EngineUnavailable where none is."""
    from search.client import Client, Unreachable

    try:
        with Client(url, key=key) as client:
            yield lambda text: client.search(text, **asked)
    except Unreachable as error:
        raise EngineUnavailable(error.message, hint=error.hint) from error


def _answer_line(search: Callable[[str], Answer], text: str) -> dict[str, Any]:
    """One bad question among many is an error object in its place, so that lines in and out stay paired."""
    try:
        return search(text).to_json()
    except WensouError as error:
        return {"query": text, "error": {"code": error.code, "message": error.message, "hint": error.hint}}


def show(
    article_id: Annotated[str, typer.Argument(help="As in an answer's article_id.")],
    index: IndexOption = None,
    json_: JsonOption = False,
) -> None:
    """Print one article as indexed: its fields and display text."""
    with open_engine(index) as engine:
        stored = engine.article(article_id)
    if json_:
        from search.api.schemas import article_json

        dump(article_json(stored))
        return
    from search.cli.show import show_article

    show_article(stored)


def similar(
    article_id: Annotated[str, typer.Argument(help="As in an answer's article_id.")],
    index: IndexOption = None,
    k: Annotated[int, typer.Option("-k", help="Results.")] = 10,
    json_: JsonOption = False,
) -> None:
    """List the articles most like a given one."""
    with open_engine(index) as engine:
        found = engine.similar(article_id, k)
    if json_:
        dump({"results": [asdict(one) for one in found]})
        return
    for one in found:
        print(
            "  ".join([f"{one.score:.3f}", one.article_id, one.title, one.source or "", one.published or ""]).rstrip()
        )


def stats(
    index: IndexOption = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read every file and check its checksum.")] = False,
    json_: JsonOption = False,
) -> None:
    """Say what the index holds, and whether it is whole."""
    from index.connect import open_handle

    path = index_path(index)
    handle = open_handle(path)
    bad = handle.damaged() if verify else []
    found: dict[str, Any] = {}
    if not bad:
        with closing(handle.reader()) as backend:
            found = asdict(backend.stats())
    if verify:
        found["damaged"] = bad
    if json_:
        dump(found)
    else:
        for name, value in found.items():
            print(f"{name:13} {value if value != [] else 'none'}")
    if bad:
        raise IndexCorrupt(
            f"index {path}: {len(bad)} damaged file(s): {', '.join(bad[:5])}",
            hint="rebuild it: wensou index SOURCE... --index DIR --rebuild",
        )


def analyze(
    text: Annotated[str, typer.Argument(help="A text, or the path of a file.")],
    index: IndexOption = None,
    json_: JsonOption = False,
) -> None:
    """Show what becomes of a text: cleaning, fields, chunks and tokens."""
    from search.cli.analysis import analyze_text

    path = index or Settings.from_env().index
    found = analyze_text(text, path)
    if json_:
        dump(found)
        return
    from search.cli.show import show_analysis

    show_analysis(found)


def mcp(index: IndexOption = None) -> None:
    """Serve the index to language models over the Model Context Protocol, on standard input and output."""
    import logging

    try:
        from search.mcp.server import create_server
    except ModuleNotFoundError as error:
        if error.name != "mcp":
            raise
        raise BadOption("the MCP server needs the package mcp", hint="pip install wensou[mcp]") from error
    from search.live import LiveEngine

    live = LiveEngine(index_path(index))
    logging.basicConfig(level=logging.WARNING)  # to standard error: standard output is the protocol's
    create_server(live.engine).run("stdio")
