"""Ranked chunks -> results: an article each, near-duplicates of one story folded into one. Pure."""

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.near_duplicates import nominated
from index.models import article_of


class Ranked(NamedTuple):
    """A chunk in the final order; `position` is its place among the candidates."""

    chunk_id: str
    score: float
    position: int

    @property
    def article_id(self) -> str:
        """The article the chunk belongs to."""
        return article_of(self.chunk_id)


def in_order(ranked: list[Ranked]) -> None:
    """Sort `ranked`: the best first, equals by name."""
    ranked.sort(key=itemgetter(0))
    ranked.sort(key=itemgetter(1), reverse=True)


def found(chunk_ids: Sequence[str], scores: NDArray[np.float64]) -> list[Ranked]:
    """The candidates with a score above 0, the best first, equals as they stand; `scores` are (chunk_ids,)."""
    order = np.argsort(-scores, kind="stable")[: np.count_nonzero(scores > 0)]
    positions = order.tolist()
    return [*map(Ranked, map(chunk_ids.__getitem__, positions), scores[order].tolist(), positions)]


def by_article(ranked: Sequence[Ranked], articles: Sequence[int], *, passages: int) -> list[list[Ranked]]:
    """Groups of chunks of one article, in the order of each article's best chunk, at most `passages` a group.

    `articles` are numbers of the candidates' articles, by position.
    """
    groups: dict[int, list[Ranked]] = {}
    for item in ranked:
        group = groups.setdefault(articles[item.position], [])
        if len(group) < passages:
            group.append(item)
    return list(groups.values())


def by_chunk(ranked: Sequence[Ranked]) -> list[list[Ranked]]:
    """Each chunk a group of its own."""
    return [[item] for item in ranked]


class Cluster(NamedTuple):
    """One result: the ranked chunks of its article, and the ids of other articles that tell the same story."""

    chunks: list[Ranked]
    duplicates: tuple[str, ...] = ()


def fold_near_duplicates(
    groups: Sequence[list[Ranked]], signatures: NDArray[np.uint32], same: Callable[[str, str], bool]
) -> list[Cluster]:
    """Fold each article that tells the story of one before it into that one, which ranks higher.

    `signatures` are the MinHashes of the first articles of `groups`, (n, size), n <= len(groups): the rest is left
    as it is. `same(a, b)` decides about a nominated pair of article ids on their texts.
    """
    heads: list[int] = []
    duplicates: dict[int, list[str]] = {}
    for i, alike in enumerate(nominated(signatures)):
        for j in alike:
            if j in heads and same(groups[j][0].article_id, groups[i][0].article_id):
                duplicates.setdefault(j, []).append(groups[i][0].article_id)
                break
        else:
            heads.append(i)
    kept = [Cluster(groups[i], tuple(duplicates.get(i, ()))) for i in heads]
    return [*kept, *map(Cluster, groups[len(signatures) :])]
