"""The commands that make or change something: index, copy, restore, tune, eval, train-encoder."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.errors import BadOption
from search.cli.console import EXIT_SKIPPED, IndexOption, JsonOption, as_mode, dump, index_path
from search.cli.progress import shown_progress, stoppable
from search.settings import MAX_WORKERS, Settings

if TYPE_CHECKING:
    from index.models import BuildReport


def index(  # noqa: PLR0913 - an option of the command each
    source: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Files, folders, or - for JSONL on stdin.")],
    index: IndexOption = None,
    keep_missing: Annotated[bool, typer.Option(help="Keep articles that a re-read source no longer holds.")] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Leave files out, as .gitignore would; may be repeated."),
    ] = None,
    compact: Annotated[bool, typer.Option(help="Merge all segments into one.")] = False,
    rebuild: Annotated[bool, typer.Option(help="Build all anew aside, then swap.")] = False,
    model: Annotated[
        str | None,
        typer.Option(help="'bundled', 'e5-small' (extra e5), or a sentence-transformers model by name or path"),
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
    keep_boilerplate: Annotated[
        bool | None, typer.Option(help="Take out no line for what a page prints beside its article.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=MAX_WORKERS, help="Processes (default: by cores and size).")
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Of N processes or machines that share the articles of an index on Milvus."),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on until Ctrl-C: read what is saved, renamed or deleted there.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Read articles and bring the index up to date: new, changed and missing ones."""
    from index.backend import Shard
    from index.builder import build_index, configure
    from index.pipeline import automatic_workers
    from index.sources.articles import Meter

    path, settings = index_path(index), Settings.from_env()
    config = configure(
        path, model=model or settings.model, chunk_chars=chunk_chars, user_dict=user_dict, synonyms=synonyms,
        keep_boilerplate=keep_boilerplate, bm25=bm25, k1=k1, b=b,
    )  # fmt: skip

    def build() -> "BuildReport":
        meter = Meter(source, exclude=exclude or ())
        with shown_progress("indexing", meter) as progress:
            return build_index(
                source,
                path,
                config,
                keep_missing=keep_missing,
                compact=compact,
                rebuild=rebuild,
                progress=progress,
                workers=workers or settings.workers or automatic_workers(meter.total, packed=meter.packed),
                meter=meter,
                exclude=exclude or (),
                shard=Shard.parsed(shard) if shard else None,
            )

    def tell(report: "BuildReport") -> None:
        if json_:
            dump(asdict(report))
        else:
            from search.cli.show import show_report

            show_report(report)

    if watch and shard:
        raise BadOption("watch: got --shard, too; a shard cannot know what others hold")
    with stoppable():
        if watch:
            from search.cli.watching import follow

            follow(source, path, build, tell, exclude=exclude or (), keep_missing=keep_missing)
        else:
            report = build()
    tell(report)
    if report.skipped:
        raise typer.Exit(EXIT_SKIPPED)


def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The index to copy: a folder or an address.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="Where to: a folder or an address.")],
    json_: JsonOption = False,
) -> None:
    """Move an index between engines; nothing is encoded again, and a copy that was stopped goes on."""
    from index.copy import copy_index

    with stoppable(), shown_progress("copying") as progress:
        report = copy_index(source, target, progress)
    if json_:
        dump(asdict(report))
        return
    print(
        f"commit {report.commit}: {report.copied} articles copied in {report.chunks} chunks, "
        f"{report.there} were there, {report.removed} removed; {report.compared} compared, all the same"
    )


def restore(
    commit: Annotated[
        int | None, typer.Argument(help="Its number; without one, those that are kept are listed.")
    ] = None,
    index: IndexOption = None,
    json_: JsonOption = False,
) -> None:
    """Make an earlier commit the current one again, as a new commit."""
    from index.connect import open_handle

    handle = open_handle(index_path(index))
    if commit is None:
        names = ("commit", "committed_at", "articles", "chunks")
        kept = [{name: getattr(one, name) for name in names} for one in handle.commits()]
        said = "\n".join("{commit}  {committed_at}  {articles} articles  {chunks} chunks".format(**one) for one in kept)
    else:
        kept = [{"commit": handle.restore(commit), "restored": commit}]
        said = "commit {commit} is what commit {restored} was".format(**kept[0])
    if json_:
        dump(kept)
    else:
        print(said)


def tune(
    index: IndexOption = None,
    qrels: Annotated[
        Path | None, typer.Option(metavar="BEIR_DIR", help="Judged questions about the index's articles.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be set.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Take back what was tuned.")] = False,
    json_: JsonOption = False,
) -> None:
    """Find the weight of BM25 in the mix on the index's own articles, and keep it in the index."""
    from search.evaluation.tune import reset as take_back
    from search.evaluation.tune import tune as find

    path = index_path(index)
    if reset:
        commit = take_back(path)
        print(json.dumps({"commit": commit}) if json_ else f"commit {commit}: as the build measured it")
        return
    found = find(path, qrels, store=not dry_run)
    if json_:
        dump(found.to_json())
        return
    from search.cli.show import show_tuning

    show_tuning(found)


def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="BEIR_DIR", help="corpus.jsonl, queries.jsonl, qrels.tsv.")],
    mode: Annotated[list[str] | None, typer.Option(help="hybrid, bm25, dense; may be repeated (default: all).")] = None,
    model: Annotated[str | None, typer.Option(help="'bundled', 'e5-small' or a sentence-transformers model.")] = None,
    index: Annotated[
        str | None, typer.Option("--index", help="Keep the index there (default: a temporary one).")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="Write a TREC run, 100 articles a query.")] = None,
    json_: JsonOption = False,
) -> None:
    """Index a BEIR folder, ask its questions, and score the answers."""
    from search.evaluation.beir import evaluate_folder

    modes = [as_mode(one) for one in mode or ["bm25", "dense", "hybrid"]]
    with shown_progress("indexing") as progress:
        scores = evaluate_folder(folder, modes, model=model, index=index, run_file=run, progress=progress)
    if json_:
        dump({"dataset": folder.name, "scores": scores})
        return
    names = list(next(iter(scores.values())))
    print(f"{folder.name:20}" + "".join(f"{name:>9}" for name in names))
    for one, values in scores.items():
        print(f"{one:20}" + "".join(f"{values[name]:9.4f}" for name in names))


def train_encoder(
    corpus: Annotated[list[str], typer.Option(help="Files or folders of your own articles; may be repeated.")],
    out: Annotated[Path, typer.Option(help="Folder to write the encoder to.")],
    steps: Annotated[int | None, typer.Option(min=1, help="Steps (default: by the size of the corpus).")] = None,
    json_: JsonOption = False,
) -> None:
    """Train the bundled encoder on with your own articles, and say whether that helps to find them.

    Where the extra `e5` is installed, multilingual-e5-small reads of them and is learned from, if that helps.
    """
    from index.training.adapt import adapt, installed_teacher

    found = adapt(corpus, out, steps=steps, teacher=installed_teacher(), say=lambda line: print(line, file=sys.stderr))
    if json_:
        dump(asdict(found))
    else:
        print(found.summary(out))
