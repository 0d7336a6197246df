"""What every retriever gives: passages with the fields of their article and their true offsets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from index.models import Filters
from search.client import Client
from search.engine import SearchEngine
from search.models import Answer, Mode, SearchOptions
from search.query.filters import make_filters

Searcher = SearchEngine | Client
"""What is asked: an index, or a server."""


@dataclass(frozen=True, slots=True)
class FoundPassage:
    """A passage, verbatim, and what is known of it as plain values that any store or prompt takes."""

    chunk_id: str
    text: str
    start: int
    end: int
    score: float
    metadata: dict[str, Any]


FILTERS = ("source", "author", "tag", "meta", "after", "before")


def _named(given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Filters as the API names them, lists as lists; TypeError for a name that is none of `FILTERS`."""
    wanted = {name: value for name, value in (given or {}).items() if value}
    if unknown := sorted(set(wanted) - set(FILTERS)):
        raise TypeError(f"filters: got {', '.join(unknown)}, want {', '.join(FILTERS)}")
    several = ("source", "author", "tag", "meta")
    return {
        name: [value] if name in several and isinstance(value, str) else value if isinstance(value, str) else [*value]
        for name, value in wanted.items()
    }


def filters_of(given: Mapping[str, Any] | None) -> Filters:
    """Filters from a mapping such as `{"source": "汉东日报", "after": "2024-01-01"}`; a value may be a list.

    Raises BadOption for a day that is none, TypeError for a name that is none of `FILTERS`.
    """
    return make_filters(**_named(given))


def find(
    searcher: Searcher, query: str, *, k: int, filters: Mapping[str, Any] | None = None, mode: Mode = "hybrid"
) -> list[FoundPassage]:
    """The best `k` passages, those of the best article first; errors as the engine's."""
    if isinstance(searcher, Client):
        answer = searcher.search(query, k=k, mode=mode, **_named(filters))
    else:
        answer = searcher.search(query, SearchOptions(k=k, mode=mode, filters=filters_of(filters)))
    return list(_passages(answer))[:k]


def _passages(answer: Answer) -> Iterator[FoundPassage]:
    for result in answer.results:
        about = {
            "article_id": result.article_id,
            "title": result.title,
            "source": result.source,
            "author": result.author,
            "published": result.published,
            "url": result.url,
            "path": result.path,
            "tags": list(result.tags),
            "confident": answer.confident,
            "chance": result.chance,
        }
        for passage in result.passages:
            place = {
                "chunk_id": passage.chunk_id,
                "start": passage.start,
                "end": passage.end,
                "page": passage.page,
                "heading": passage.heading or None,
            }
            known = {name: value for name, value in (about | place).items() if value not in (None, [])}
            yield FoundPassage(passage.chunk_id, passage.text, passage.start, passage.end, passage.score, known)
