"""ARTICLES IN -> A COMMITTED INDEX THAT CAN BE ASKED FOR CANDIDATES. Knows nothing of users, HTTP or fusion.

`builder.py` is the write path top to bottom. The names below are the door; each is loaded when first touched.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from index.builder import build_index, update_index
    from index.config import IndexConfig
    from index.connect import open_backend
    from index.errors import WensouError
    from index.models import Article, BuildReport, Chunk, Filters, Hit, Skipped

_HOME = {
    "Article": "models",
    "BuildReport": "models",
    "Chunk": "models",
    "Filters": "models",
    "Hit": "models",
    "IndexConfig": "config",
    "Skipped": "models",
    "WensouError": "errors",
    "build_index": "builder",
    "open_backend": "connect",
    "update_index": "builder",
}

__all__ = [
    "Article",
    "BuildReport",
    "Chunk",
    "Filters",
    "Hit",
    "IndexConfig",
    "Skipped",
    "WensouError",
    "build_index",
    "open_backend",
    "update_index",
]


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name in _HOME:
        return getattr(import_module(f"index.{_HOME[name]}"), name)
    raise AttributeError(f"module 'index' has no attribute {name!r}")
