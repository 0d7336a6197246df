"""The `wensou` command. Each command parses, makes one call and prints; heavy imports wait inside."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from index.errors import (
    BadOption,
    IndexCorrupt,
    IndexMismatch,
    SelfCheckFailed,
    WensouError,
    WriterBusy,
)
from search.models import Fusion, Grouping, Mode, SearchOptions
from search.progress import shown_progress, stoppable
from search.settings import MOST_WORKERS, Settings, check_bind

if TYPE_CHECKING:
    from search.engine import SearchEngine

# The documented exit codes; any other error of ours is bad usage.
EXIT_SKIPPED = 3
EXIT_DAMAGED = 4
EXIT_BUSY = 5
EXIT: dict[type[WensouError], int] = {
    IndexCorrupt: EXIT_DAMAGED,
    IndexMismatch: EXIT_DAMAGED,
    SelfCheckFailed: EXIT_DAMAGED,
    WriterBusy: EXIT_BUSY,
}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

IndexOption = Annotated[str | None, typer.Option("--index", "-i", help="The index folder (default: WENSOU_INDEX).")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Sources = Annotated[list[str] | None, typer.Option(help="Only from this source; may be repeated.")]
Authors = Annotated[list[str] | None, typer.Option(help="Only by this author; may be repeated.")]
Reranking = Annotated[str | None, typer.Option(metavar="MODEL", help="A CrossEncoder that reads the best again.")]
Tags = Annotated[list[str] | None, typer.Option(help="Only with this tag; may be repeated.")]
Metas = Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only where a field has this value.")]


def main() -> None:
    """Run the command line; errors of ours become one line and an exit code."""
    try:
        app()
    except WensouError as error:
        print(f"wensou: {error.message}" + (f"\n  -> {error.hint}" if error.hint else ""), file=sys.stderr)
        sys.exit(EXIT.get(type(error), 2))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _index_path(index: str | None) -> str:
    path = index or Settings.from_env().index
    if not path:
        raise BadOption("no index given", hint="name it with --index DIR, or set WENSOU_INDEX")
    return path


@contextmanager
def _engine(index: str | None, rerank: str | None = None) -> "Iterator[SearchEngine]":
    from search.engine import SearchEngine

    with SearchEngine.open(_index_path(index), rerank=rerank) as engine:
        yield engine


def _dump(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, default=str))


@app.command()
def index(
    source: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Files, folders, or - for JSONL on stdin.")],
    index: IndexOption = None,
    keep_missing: Annotated[bool, typer.Option(help="Keep articles that a re-read source no longer holds.")] = False,
    compact: Annotated[bool, typer.Option(help="Merge all segments into one.")] = False,
    rebuild: Annotated[bool, typer.Option(help="Build all anew aside, then swap.")] = False,
    model: Annotated[
        str | None, typer.Option(help="'bundled', or a sentence-transformers model by name or path.")
    ] = None,
    chunk_chars: Annotated[int | None, typer.Option(help="Characters a passage, about.")] = None,
    user_dict: Annotated[Path | None, typer.Option(help="Words to keep whole, one a line.")] = None,
    synonyms: Annotated[
        Path | None, typer.Option(help="Words that mean the same, a group a line, commas between.")
    ] = None,
    bm25: Annotated[
        str | None, typer.Option(help="lucene, okapi, plus or l; kept with the index, as k1 and b are.")
    ] = None,
    k1: Annotated[float | None, typer.Option(help="How soon more of a term stops to count.")] = None,
    b: Annotated[float | None, typer.Option(help="0..1: how much length counts against a text.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=MOST_WORKERS, help="Processes (default: by cores and size).")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Read articles and bring the index up to date: new, changed and missing ones."""
    from index.articles import Meter
    from index.builder import build_index, configure
    from index.pipeline import automatic_workers

    path, settings = _index_path(index), Settings.from_env()
    config = configure(
        path, model=model or settings.model, chunk_chars=chunk_chars, user_dict=user_dict, synonyms=synonyms,
        bm25=bm25, k1=k1, b=b,
    )  # fmt: skip
    meter = Meter(source)
    with stoppable(), shown_progress("indexing", meter) as progress:
        report = build_index(
            source,
            path,
            config,
            keep_missing=keep_missing,
            compact=compact,
            rebuild=rebuild,
            progress=progress,
            workers=workers or settings.workers or automatic_workers(meter.total, packed=meter.packed),
            meter=meter,
        )
    if json_:
        _dump(asdict(report))
    else:
        from search.show import show_report

        show_report(report)
    if report.skipped:
        raise typer.Exit(EXIT_SKIPPED)


@app.command()
def query(
    text: Annotated[str, typer.Argument(help="The question; - reads one a line from stdin and prints JSON lines.")],
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
    rerank: Reranking = None,
    facets: Annotated[bool, typer.Option("--facets", help="Count candidates by source, tag and month.")] = False,
    json_: JsonOption = False,
) -> None:
    """Answer one question."""
    from search.filters import make_filters

    filters = make_filters(
        source=source or (), author=author or (), tag=tag or (), meta=meta or (), after=after, before=before
    )
    options = SearchOptions(
        k, offset, _as_mode(mode), _as_group(group), explain, filters,
        fusion=_as_fusion(fusion), recency=recency, facets=facets,
    )  # fmt: skip
    with _engine(index, rerank or Settings.from_env().rerank) as engine:
        if text == "-":
            for line in sys.stdin:
                if line.strip():
                    _dump(_answer_line(engine, line.rstrip("\n"), options))
                    sys.stdout.flush()
            return
        answer = engine.search(text, options)
    if json_:
        _dump(answer.to_json())
    else:
        from search.show import show_answer

        show_answer(answer)


def _answer_line(engine: "SearchEngine", text: str, options: SearchOptions) -> dict[str, Any]:
    """One bad question among many is an error object in its place, so that lines in and out stay paired."""
    try:
        return engine.search(text, options).to_json()
    except WensouError as error:
        return {"query": text, "error": {"code": error.code, "message": error.message, "hint": error.hint}}


def _as_mode(value: str) -> Mode:
    return value  # type: ignore[return-value]  # the engine checks it and says what it wants


def _as_fusion(value: str) -> Fusion:
    return value  # type: ignore[return-value]


def _as_group(value: str) -> Grouping:
    return value  # type: ignore[return-value]


@app.command()
def show(
    article_id: Annotated[str, typer.Argument(help="As in an answer's article_id.")],
    index: IndexOption = None,
    json_: JsonOption = False,
) -> None:
    """Print one article as indexed: its fields and display text."""
    with _engine(index) as engine:
        stored = engine.article(article_id)
    if json_:
        from search.schemas import article_json

        _dump(article_json(stored))
        return
    from search.show import show_article

    show_article(stored)


@app.command()
def similar(
    article_id: Annotated[str, typer.Argument(help="As in an answer's article_id.")],
    index: IndexOption = None,
    k: Annotated[int, typer.Option("-k", help="Results.")] = 10,
    json_: JsonOption = False,
) -> None:
    """List the articles most like a given one."""
    with _engine(index) as engine:
        found = engine.similar(article_id, k)
    if json_:
        _dump({"results": [asdict(one) for one in found]})
        return
    for one in found:
        print(
            "  ".join([f"{one.score:.3f}", one.article_id, one.title, one.source or "", one.published or ""]).rstrip()
        )


@app.command()
def serve(
    index: IndexOption = None,
    host: Annotated[str | None, typer.Option(help="Address to bind (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to bind (default 8000).")] = None,
    rerank: Reranking = None,
) -> None:
    """Serve the page and the API."""
    settings = Settings.from_env()
    bind = host or settings.host
    check_bind(bind, settings.key)
    from search.api import create_app
    from search.live import LiveEngine

    live = LiveEngine(_index_path(index), rerank=rerank or settings.rerank)
    import uvicorn

    print(f"http://{bind}:{settings.port if port is None else port}/", file=sys.stderr)
    uvicorn.run(create_app(live), host=bind, port=settings.port if port is None else port, log_level="warning")


@app.command()
def stats(
    index: IndexOption = None,
    verify: Annotated[bool, typer.Option("--verify", help="Read every file and check its checksum.")] = False,
    json_: JsonOption = False,
) -> None:
    """Say what the index holds, and whether it is whole."""
    from index.embedded import EmbeddedIndex
    from index.layout import damaged_files

    path = _index_path(index)
    backend = EmbeddedIndex.open(path)
    found = asdict(backend.stats())
    bad = damaged_files(backend.root, backend.manifest) if verify else []
    if verify:
        found["damaged"] = bad
    if json_:
        _dump(found)
    else:
        for name, value in found.items():
            print(f"{name:13} {value if value != [] else 'none'}")
    backend.close()
    if bad:
        raise IndexCorrupt(
            f"index {path}: {len(bad)} damaged file(s): {', '.join(bad[:5])}",
            hint="rebuild it: wensou index SOURCE... --index DIR --rebuild",
        )


@app.command()
def restore(
    commit: Annotated[
        int | None, typer.Argument(help="Its number; without one, those that are kept are listed.")
    ] = None,
    index: IndexOption = None,
    json_: JsonOption = False,
) -> None:
    """Make an earlier commit the current one again, as a new commit."""
    from index.writer import kept_commits, restore_commit

    root = Path(_index_path(index))
    if commit is None:
        names = ("commit", "committed_at", "articles", "chunks")
        kept = [{name: getattr(one, name) for name in names} for one in kept_commits(root)]
        said = "\n".join("{commit}  {committed_at}  {articles} articles  {chunks} chunks".format(**one) for one in kept)
    else:
        kept = [{"commit": restore_commit(root, commit), "restored": commit}]
        said = "commit {commit} is what commit {restored} was".format(**kept[0])
    if json_:
        _dump(kept)
    else:
        print(said)


@app.command()
def analyze(
    text: Annotated[str, typer.Argument(help="A text, or the path of a file.")],
    index: IndexOption = None,
    json_: JsonOption = False,
) -> None:
    """Show what becomes of a text: cleaning, fields, chunks and tokens."""
    from search.analysis import analyze_text

    path = index or Settings.from_env().index
    found = analyze_text(text, path)
    if json_:
        _dump(found)
        return
    from search.show import show_analysis

    show_analysis(found)


@app.command(name="eval")
def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="BEIR_DIR", help="corpus.jsonl, queries.jsonl, qrels.tsv.")],
    mode: Annotated[list[str] | None, typer.Option(help="hybrid, bm25, dense; may be repeated (default: all).")] = None,
    model: Annotated[str | None, typer.Option(help="'bundled', or a sentence-transformers model.")] = None,
    index: Annotated[
        Path | None, typer.Option("--index", help="Keep the index there (default: a temporary one).")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Write a TREC run, 100 articles a query.")] = None,
    json_: JsonOption = False,
) -> None:
    """Index a BEIR folder, ask its questions, and score the answers."""
    from search.evaluation import evaluate_folder

    modes = [_as_mode(one) for one in mode or ["bm25", "dense", "hybrid"]]
    with shown_progress("indexing") as progress:
        scores = evaluate_folder(folder, modes, model=model, index=index, run_file=run, progress=progress)
    if json_:
        _dump({"dataset": folder.name, "scores": scores})
        return
    names = list(next(iter(scores.values())))
    print(f"{folder.name:20}" + "".join(f"{name:>9}" for name in names))
    for one, values in scores.items():
        print(f"{one:20}" + "".join(f"{values[name]:9.4f}" for name in names))


@app.command()
def train_encoder(
    corpus: Annotated[list[str], typer.Option(help="Files or folders of your own articles; may be repeated.")],
    out: Annotated[Path, typer.Option(help="Folder to write the encoder to.")],
    steps: Annotated[int | None, typer.Option(min=1, help="Steps (default: by the size of the corpus).")] = None,
    json_: JsonOption = False,
) -> None:
    """Train the bundled encoder on with your own articles, and say whether that helps to find them."""
    from index.training.adapt import adapt

    found = adapt(corpus, out, steps=steps, say=lambda line: print(line, file=sys.stderr))
    if json_:
        _dump(asdict(found))
    else:
        print(found.told(out))
