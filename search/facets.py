"""Facets: how many of an answer's candidates there are of each source, author, tag, document number and month.

The rule: every article counts once that has a passage among the candidates (the best passages of both legs, by the
filters in force), on whatever page it would stand, near-duplicates too; it counts for its source, its author, its
document number, for each of its tags, and for the month it was published in, and nowhere where it has none. So the
counts of a facet change with the question, and asking again with that value as a filter finds at least as many, since
candidates are then looked for among it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from index.models import Article, Filters

NAMES = ("source", "author", "tag", "number", "month")
NUMBER = "document_number"  # the key of `Article.meta`

Counts = Mapping[str, Mapping[str, int]]


def count_facets(articles: Iterable[Article]) -> Counts:
    """For each of `NAMES` the number of `articles` with each value, most first, then by value."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in NAMES}
    for article in articles:
        for name, value in _values(article):
            counts[name][value] += 1
    return {name: dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))) for name, found in counts.items()}


def _values(article: Article) -> Iterator[tuple[str, str]]:
    if article.source:
        yield "source", article.source
    if article.author:
        yield "author", article.author
    if number := article.meta.get(NUMBER):
        yield "number", number
    yield from (("tag", tag) for tag in dict.fromkeys(article.tags))
    if article.published:
        yield "month", article.published[:7]


def without(filters: Filters, name: str) -> Filters:
    """`filters` but for what they ask of the facet `name`."""
    if name == "month":
        return replace(filters, after=None, before=None)
    if name == "number":
        return replace(filters, meta=tuple(pair for pair in filters.meta if pair[0] != NUMBER))
    return replace(filters, **{name: ()})  # type: ignore[arg-type]


def keeping_to_the_others(filters: Filters, count: Callable[[Filters], Counts]) -> dict[str, Mapping[str, int]]:
    """Each facet counted under all filters but its own, so that its other values can be chosen too.

    `count` is asked once for `filters` and once more for each facet that they narrow.
    """
    known = {filters: count(filters)}
    out = {}
    for name in NAMES:
        others = without(filters, name)
        if others not in known:
            known[others] = count(others)
        out[name] = known[others][name]
    return out
