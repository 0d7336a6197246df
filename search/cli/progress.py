"""What a terminal shows while an index is written, and how writing is stopped."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from index.sources.articles import Meter


@contextmanager
def shown_progress(label: str, meter: "Meter | None" = None) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal with the rate and, where `meter` knows how much there is to read, the time left."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    total = meter.total if meter else None
    if total:
        columns += [BarColumn(), TextColumn("left"), TimeRemainingColumn()]
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)

        def step(articles: int, chunks: int) -> None:
            elapsed = bar.tasks[task].elapsed or 1e-9
            rate = f"{label}: {articles:,} articles, {chunks:,} chunks ({chunks / elapsed:,.0f}/s)"
            # Reading runs ahead, by far where a large model encodes: what is done is what has its vectors.
            fraction = min(1.0, articles / max(1, meter.articles)) if meter else 0.0
            bar.update(task, description=rate, completed=meter.done * fraction if meter else None)

        yield step


@contextmanager
def stoppable() -> Iterator[None]:
    """Ctrl-C while an index is written is no accident: the last commit stands."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("wensou: stopped; the last commit stands", err=True)
        raise typer.Exit(130) from None
