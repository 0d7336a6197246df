"""Facets: how many of an answer's candidates there are of each source, tag and month.

The rule: every article counts once that has a passage among the candidates (the best passages of both legs, by the
filters in force), on whatever page it would stand, near-duplicates too; it counts for its source, for each of its
tags, and for the month it was published in, and nowhere where it has none. So the counts of a facet change with the
question, and asking again with that value as a filter finds at least as many, since candidates are then looked for
among it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from index.models import Article

NAMES = ("source", "tag", "month")


def count_facets(articles: Iterable[Article]) -> Mapping[str, Mapping[str, int]]:
    """For each of `NAMES` the number of `articles` with each value, most first, then by value."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in NAMES}
    for article in articles:
        for name, value in _values(article):
            counts[name][value] += 1
    return {name: dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))) for name, found in counts.items()}


def _values(article: Article) -> Iterator[tuple[str, str]]:
    if article.source:
        yield "source", article.source
    yield from (("tag", tag) for tag in dict.fromkeys(article.tags))
    if article.published:
        yield "month", article.published[:7]
