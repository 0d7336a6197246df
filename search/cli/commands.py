"""The `wensou` command: its commands and exit codes.

A command parses, makes one call and prints; heavy imports wait inside it.
"""

import contextlib
import sys

import typer

from index.connect import set_milvus
from index.errors import EngineUnavailable, IndexCorrupt, IndexMismatch, SelfCheckFailed, WensouError, WriterBusy
from search.cli.ask import Asking, analyze, mcp, query, show, similar, stats
from search.cli.build import copy, evaluate, index, restore, train_encoder, tune
from search.cli.keys import keys
from search.cli.operating import backup, log
from search.cli.serving import serve
from search.cli.streams import drop_output, flush_output, prepare_streams
from search.settings import Settings

# The documented exit codes beside 0, 3 (some files were skipped) and 1, which is only for a fault of ours.
EXIT_USAGE = 2  # bad usage, or no index there
EXIT_DAMAGED = 4
EXIT_BUSY = 5
EXIT_REFUSED = 6  # by the system: disk full, no permission, port taken; or by the server of the index
EXIT: dict[type[WensouError], int] = {
    IndexCorrupt: EXIT_DAMAGED,
    IndexMismatch: EXIT_DAMAGED,
    SelfCheckFailed: EXIT_DAMAGED,
    WriterBusy: EXIT_BUSY,
    EngineUnavailable: EXIT_REFUSED,
}

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command(cls=Asking)(query)
for command in (index, show, similar, serve, mcp, stats, copy, restore, analyze, tune):
    app.command()(command)
app.command(name="eval")(evaluate)
app.command()(train_encoder)
app.add_typer(keys, name="keys")
app.command()(backup)
app.command()(log)


def run() -> None:
    """Run the command line; errors of ours and refusals of the system become one line and an exit code."""
    prepare_streams()
    try:
        code = _outcome()
        flush_output()
    except BrokenPipeError:  # whoever read it has seen enough
        drop_output()
        code = 0
    except OSError as error:
        _complain(error)
        drop_output()
        code = EXIT_REFUSED
    sys.exit(code)


def _outcome() -> int:
    try:
        set_milvus(**Settings.from_env().milvus)
        app()
    except SystemExit as stop:  # typer ends the process itself, and says only in the context why
        ended = stop.__context__
        if isinstance(ended, OSError):
            raise ended from None
        if ended is not None and isinstance(ended.__cause__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        return stop.code if isinstance(stop.code, int) else int(bool(stop.code))
    except WensouError as error:
        print(f"wensou: {error.message}" + (f"\n  -> {error.hint}" if error.hint else ""), file=sys.stderr)
        return EXIT.get(type(error), EXIT_USAGE)
    return 0


def _complain(error: OSError) -> None:
    what = error.strerror or str(error) or type(error).__name__
    place = f": {error.filename}" if error.filename is not None else ""
    with contextlib.suppress(OSError):
        print(f"wensou: the system refused: {what}{place}", file=sys.stderr)
        sys.stderr.flush()
