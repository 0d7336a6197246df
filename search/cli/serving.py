"""`wensou serve`: the page and the API, for one index or several."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from index.errors import BadOption
from search.cli.console import Reranking
from search.settings import LOOPBACK, Settings, check_bind


def serve(  # noqa: PLR0913 - an option of the command each
    index: Annotated[
        list[str] | None,
        typer.Option("--index", "-i", metavar="[NAME=]DIR", help="The index folder; several by name, NAME=DIR."),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to bind (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to bind (default 8000).")] = None,
    workers: Annotated[int, typer.Option(help="Processes that answer.")] = 1,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Another name this server is asked by; * for any.")
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="A site whose pages may ask, as https://portal.example.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(min=1, help="Requests a second, for each key and each address (default: any number).")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="A file or folder that POST /reindex reads again; may be repeated.")
    ] = None,
    watch: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]SOURCE", help="A file or folder that the index follows; may be repeated."),
    ] = None,
    access_log: Annotated[str | None, typer.Option(metavar="FILE", help="A JSON line a request; - for stderr.")] = None,
    log_questions: Annotated[bool, typer.Option("--log-questions", help="Log what was asked, too.")] = False,
    log_empty: Annotated[bool, typer.Option(help="Keep questions that found nothing, for `wensou log`.")] = True,
    rerank: Reranking = None,
) -> None:
    """Serve the page and the API."""
    settings = Settings.from_env()
    bind = host or settings.host
    indexes = named_indexes(index or ([settings.index] if settings.index else []))
    from search.live import folder_of
    from search.service.keys import KeyRing

    followed = followed_sources(watch or [], dict(indexes))
    rings = [KeyRing(folder_of(path), settings.key) for _, path in indexes]
    check_bind(bind, all(rings))
    from search.api.app import Options
    from search.api.security import host_names
    from search.api.workers import Plan, serve

    options = Options(
        names=host_names(bind, allow_host or ()),
        loopback=bind in LOOPBACK,
        origins=tuple(allow_origin or ()),
        key=settings.key,
        rate=rate,
        sources=tuple(str(Path(one).absolute()) for one in source or ()),
        access_log=access_log,
        log_questions=log_questions,
        log_empty=log_empty,
    )
    plan = Plan(
        indexes=tuple(indexes),
        host=bind,
        port=settings.port if port is None else port,
        workers=workers,
        followed=tuple(followed),
        rerank=rerank or settings.rerank,
        options=options,
    )
    serve(plan, lambda address: print(address, file=sys.stderr, flush=True))


def followed_sources(given: list[str], indexes: dict[str, str]) -> list[tuple[str, str]]:
    """`SOURCE`, or `NAME=SOURCE` where there are several indexes -> (the index's folder, source); BadOption."""
    from search.live import folder_of

    found = []
    for one in given:
        name, mark, source = one.partition("=")
        if len(indexes) == 1 and not (mark and name in indexes):
            name, source = next(iter(indexes)), one
        if name not in indexes or not source:
            raise BadOption(f"watch: got {one!r}, want NAME=SOURCE", hint=f"NAME is one of {', '.join(indexes)}")
        if folder_of(indexes[name]) is None:
            raise BadOption("watch: a server writes to indexes in folders only", hint="wensou index SOURCE --watch")
        found.append((indexes[name], str(Path(source).absolute())))
    return found


def named_indexes(given: list[str]) -> list[tuple[str, str]]:
    """`DIR`, or `NAME=DIR` once or more -> (name, folder); BadOption where names are missing or given twice."""
    if not given:
        raise BadOption("no index given", hint="name it with --index DIR, or set WENSOU_INDEX")
    if len(given) == 1 and ("=" not in given[0] or "://" in given[0].partition("=")[0] or Path(given[0]).exists()):
        return [("index", given[0])]
    found: dict[str, str] = {}
    for one in given:
        name, mark, path = one.partition("=")
        if not mark or not path or not name.replace("-", "_").isidentifier() or name in found:
            raise BadOption(
                f"index: got {one!r}, want NAME=DIR, each name once", hint="--index news=DIR --index laws=DIR"
            )
        found[name] = path
    return list(found.items())
