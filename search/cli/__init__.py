"""The command line: a thin face over the engine. `main` is the door; nothing is loaded before it is called."""

import sys
from typing import Any

__all__ = ["app", "main"]


def main() -> None:
    """Run the command line; the exit code says how it ended (search.cli.commands.EXIT)."""
    try:
        from search.cli.commands import run

        run()
    except KeyboardInterrupt:  # while the commands were still being loaded, or by one that writes nothing
        print("wensou: stopped", file=sys.stderr)
        sys.exit(130)


def __getattr__(name: str) -> Any:
    """`app`, the commands, loaded when asked for."""
    if name == "app":
        from search.cli.commands import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
