"""The command line: a thin face over the engine."""

from search.cli.main import app, main

__all__ = ["app", "main"]
