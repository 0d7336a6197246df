"""The query API and what serves the page: a thin face over the engine."""

from search.api.app import create_app

__all__ = ["create_app"]
