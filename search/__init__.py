"""A QUERY IN -> RANKED, GROUPED, HIGHLIGHTED, EXPLAINED RESULTS OUT.

`engine.py` is the read path top to bottom. The names below are the door; each is loaded when first touched.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search.api.app import create_app
    from search.engine import SearchEngine
    from search.live import LiveEngine
    from search.models import Answer, Passage, Result, SearchOptions

_HOME = {
    "Answer": "models",
    "LiveEngine": "live",
    "Passage": "models",
    "Result": "models",
    "SearchEngine": "engine",
    "SearchOptions": "models",
    "create_app": "api",
}

__all__ = ["Answer", "LiveEngine", "Passage", "Result", "SearchEngine", "SearchOptions", "create_app"]


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name in _HOME:
        return getattr(import_module(f"search.{_HOME[name]}"), name)
    raise AttributeError(f"module 'search' has no attribute {name!r}")
