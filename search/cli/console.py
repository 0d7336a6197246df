"""What the commands share: options, the way to an engine, output."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import BadOption
from search.models import Mode
from search.settings import Settings

if TYPE_CHECKING:
    from search.engine import SearchEngine

EXIT_SKIPPED = 3  # some files were skipped; the other exit codes stand in search.cli.commands

IndexOption = Annotated[str | None, typer.Option("--index", "-i", help="The index folder (default: WENSOU_INDEX).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Sources = Annotated[list[str] | None, typer.Option(help="Only from this source; may be repeated.")]
Authors = Annotated[list[str] | None, typer.Option(help="Only by this author; may be repeated.")]
Reranking = Annotated[str | None, typer.Option(metavar="MODEL", help="A CrossEncoder that reads the best again.")]
Tags = Annotated[list[str] | None, typer.Option(help="Only with this tag; may be repeated.")]
Metas = Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only where a field has this value.")]


def index_path(index: str | None) -> str:
    """The index folder or address that was asked for; BadOption where none was."""
    path = index or Settings.from_env().index
    if not path:
        raise BadOption("no index given", hint="name it with --index DIR, or set WENSOU_INDEX")
    return path


@contextmanager
def open_engine(index: str | None, rerank: str | None = None) -> "Iterator[SearchEngine]":
    """The index opened for questions, with a reranker where one is named."""
    from search.engine import SearchEngine

    with SearchEngine.open(index_path(index), rerank=rerank) as engine:
        yield engine


def dump(value: Any) -> None:
    """Print `value` as one line of JSON, Chinese unescaped."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def as_mode(value: str) -> Mode:
    """What was typed as a mode; the engine checks it and says what it wants."""
    return value  # type: ignore[return-value]
