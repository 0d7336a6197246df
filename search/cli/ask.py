"""The commands that ask an index: query, show, similar, stats, analyze. Thin twins of the API."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import BadOption, EngineUnavailable, IndexCorrupt, WensouError
from search.cli.console import (
    Authors,
    IndexOption,
    JsonOption,
    Metas,
    Reranking,
    Sources,
    Tags,
    as_mode,
    dump,
    index_path,
    open_engine,
)
from search.models import Answer, Fusion, Grouping, SearchOptions, Sorting
from search.settings import Settings

if TYPE_CHECKING:
    from search.engine import SearchEngine


def query(  # noqa: PLR0913 - an option of the command each
    words: Annotated[
        list[str],
        typer.Argument(metavar="TEXT", help="The question; - reads one a line from stdin and prints JSON lines."),
    ],
    index: IndexOption = None,
    k: Annotated[int, typer.Option("-k", help="Results.")] = 10,
    offset: Annotated[int, typer.Option(help="Results to pass over.")] = 0,
    mode: Annotated[str, typer.Option(help="hybrid, bm25 or dense.")] = "hybrid",
    group: Annotated[str, typer.Option(help="article or chunk.")] = "article",
    fusion: Annotated[str, typer.Option(help="adaptive, convex or rrf: how hybrid mixes its legs.")] = "adaptive",
    explain: Annotated[bool, typer.Option("--explain", help="Say why each result is there.")] = False,
    source: Sources = None,
    author: Authors = None,
    tag: Tags = None,
    meta: Metas = None,
    after: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="First day.")] = None,
    before: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="Last day.")] = None,
    recency: Annotated[float | None, typer.Option(metavar="DAYS", help="Half-life: let new articles gain.")] = None,
    passages: Annotated[int, typer.Option(help="Passages of an article, at most.")] = 3,
    context: Annotated[int, typer.Option(help="Sentences shown around each passage.")] = 0,
    diversity: Annotated[float | None, typer.Option(help="0..1: results that differ from those before.")] = None,
    sort: Annotated[str, typer.Option(help="relevance or date, the newest first.")] = "relevance",
    rerank: Reranking = None,
    facets: Annotated[bool, typer.Option("--facets", help="Count candidates by source, tag and month.")] = False,
    url: Annotated[str | None, typer.Option(help="Ask a server at this address instead of an index here.")] = None,
    key: Annotated[str | None, typer.Option(help="The server's key (default: WENSOU_KEY).")] = None,
    json_: JsonOption = False,
) -> None:
    """Answer one question."""
    from search.query.filters import make_filters

    filters = make_filters(
        source=source or (), author=author or (), tag=tag or (), meta=meta or (), after=after, before=before
    )
    options = SearchOptions(
        k, offset, as_mode(mode), _as_group(group), explain, filters, passages,
        fusion=_as_fusion(fusion), recency=recency, diversity=diversity, context=context, facets=facets,
        sort=_as_sorting(sort),
    )  # fmt: skip
    asked = {
        "k": k, "offset": offset, "mode": mode, "group": group, "fusion": fusion, "explain": explain, "source": source,
        "author": author, "tag": tag, "meta": meta, "after": after, "before": before, "recency": recency,
        "passages": passages, "context": context, "diversity": diversity, "sort": sort, "facets": facets,
    }  # fmt: skip
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


def _as_fusion(value: str) -> Fusion:
    return value  # type: ignore[return-value]


def _as_sorting(value: str) -> Sorting:
    return value  # type: ignore[return-value]


def _as_group(value: str) -> Grouping:
    return value  # type: ignore[return-value]


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
