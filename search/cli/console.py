"""What the commands share: options, the way to an engine, output."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_origin

import typer

from index.errors import BadOption
from search.models import Mode
from search.query.options import SEARCH_OPTIONS, SearchOption
from search.settings import Settings

if TYPE_CHECKING:
    from search.engine import SearchEngine

EXIT_SKIPPED = 3  # some files were skipped; the other exit codes stand in search.cli.commands

IndexOption = Annotated[str | None, typer.Option("--index", "-i", help="The index folder (default: WENSOU_INDEX).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Reranking = Annotated[str | None, typer.Option(metavar="MODEL", help="A CrossEncoder that reads the best again.")]


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


def with_search_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for each of SEARCH_OPTIONS: all that was asked for reaches it as `asked`, by name."""
    options = [one for one in SEARCH_OPTIONS if not one.served_only]

    @wraps(command)
    def asking(**values: Any) -> None:
        command(asked={one.name: values.pop(one.name) for one in options}, **values)

    own = [one for one in signature(command).parameters.values() if one.name != "asked"]
    made = [Parameter(one.name, Parameter.KEYWORD_ONLY, default=one.default, annotation=_typed(one)) for one in options]
    keyword = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in own]
    asking.__signature__ = Signature([*keyword, *made])  # type: ignore[attr-defined]
    asking.__annotations__ = {one.name: one.annotation for one in (*keyword, *made)}
    return asking


def _typed(option: SearchOption) -> Any:
    """An option as typer takes it. What is one of a few words is a string here: the engine checks it and says what it
    wants.
    """
    flag = option.short or f"--{option.name}"
    flags = f"{flag}/--no-{option.name}" if option.default is True else flag
    kind = str if get_origin(option.type) is Literal else option.type
    kind = kind | None if option.type == list[str] else kind
    text = option.help[0].upper() + option.help[1:] + ("; may be repeated." if option.type == list[str] else ".")
    return Annotated[kind, typer.Option(flags, metavar=option.metavar, help=text)]


def dump(value: Any) -> None:
    """Print `value` as one line of JSON, Chinese unescaped."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def as_mode(value: str) -> Mode:
    """What was typed as a mode; the engine checks it and says what it wants."""
    return value  # type: ignore[return-value]
