"""What every retriever gives: passages with the fields of their article and their true offsets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from index.models import Filters
from search.models import Answer, Mode, SearchOptions
from search.query.filters import make_filters


class Searcher(Protocol):
    """What is asked: a `SearchEngine`, or whatever else answers as it does, such as a client of a server."""

    def search(self, text: str, options: SearchOptions | None = None, /) -> Answer:
        """Answer one question."""
        ...


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


def filters_of(given: Mapping[str, Any] | None) -> Filters:
    """Filters from a mapping such as `{"source": "汉东日报", "after": "2024-01-01"}`; a value may be a list.

    Raises BadOption for a day that is none, TypeError for a name that is none of `FILTERS`.
    """
    wanted = dict(given or {})
    if unknown := sorted(set(wanted) - set(FILTERS)):
        raise TypeError(f"filters: got {', '.join(unknown)}, want {', '.join(FILTERS)}")

    def several(name: str) -> Sequence[str]:
        value = wanted.get(name) or ()
        return (value,) if isinstance(value, str) else tuple(value)

    return make_filters(
        source=several("source"),
        author=several("author"),
        tag=several("tag"),
        meta=several("meta"),
        after=wanted.get("after"),
        before=wanted.get("before"),
    )


def find(
    searcher: Searcher, query: str, *, k: int, filters: Mapping[str, Any] | None = None, mode: Mode = "hybrid"
) -> list[FoundPassage]:
    """The best `k` passages, those of the best article first; errors as the engine's."""
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
