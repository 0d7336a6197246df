"""The `wensou` command: its commands and exit codes.

A command parses, makes one call and prints; heavy imports wait inside it.
"""

import sys

import typer

from index.errors import IndexCorrupt, IndexMismatch, SelfCheckFailed, WensouError, WriterBusy
from search.cli.ask import analyze, query, serve, show, similar, stats
from search.cli.build import evaluate, index, restore, train_encoder, tune

# The documented exit codes; any other error of ours is bad usage.
EXIT_DAMAGED = 4
EXIT_BUSY = 5
EXIT: dict[type[WensouError], int] = {
    IndexCorrupt: EXIT_DAMAGED,
    IndexMismatch: EXIT_DAMAGED,
    SelfCheckFailed: EXIT_DAMAGED,
    WriterBusy: EXIT_BUSY,
}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
for command in (index, query, show, similar, serve, stats, restore, analyze, tune):
    app.command()(command)
app.command(name="eval")(evaluate)
app.command()(train_encoder)


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
