"""Chunks that a question may be answered with, in columns: what both legs say of each, exactly.

Some hundred stand behind every answer, and what is made of them (fusion, coverage, groups by article) is arithmetic
over columns; one at a time they are `Evidence`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.models import NO_TERMS, Evidence, article_of


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Chunks and their exact scores. Iterated over, it gives an `Evidence` each.

    `articles` are the places in `article_ids` of the chunks' articles, (chunks,); `bm25`, `cosine` and
    `article_cosine`, (chunks,), are what Evidence says. `matched`, (chunks, words), tells which of the `words` of the
    question a chunk's article has in title or text. `terms` is each term's share of `bm25`, or empty where that was not
    asked for.
    """

    chunk_ids: Sequence[str]
    article_ids: Sequence[str]
    articles: NDArray[np.int64]
    bm25: NDArray[np.float64]
    cosine: NDArray[np.float64]
    article_cosine: NDArray[np.float64]
    words: Sequence[str]
    matched: NDArray[np.bool_]
    terms: Sequence[Mapping[str, float]] = ()

    @classmethod
    def of(cls, rows: Iterable[Evidence]) -> "Candidates":
        """The columns of `rows`."""
        rows = list(rows)
        words = list(dict.fromkeys(word for row in rows for word in row.matched))
        matched = [[word in row.matched for word in words] for row in rows]
        ids = [article_of(row.chunk_id) for row in rows]
        numbers = {article_id: n for n, article_id in enumerate(dict.fromkeys(ids))}
        return cls(
            [row.chunk_id for row in rows],
            [*numbers],
            np.array([numbers[article_id] for article_id in ids], np.int64),
            np.array([row.bm25 for row in rows], np.float64),
            np.array([row.cosine for row in rows], np.float64),
            np.array([row.article_cosine for row in rows], np.float64),
            words,
            np.array(matched, bool).reshape(len(rows), len(words)),
            [row.terms for row in rows] if any(row.terms for row in rows) else (),
        )

    def taken(self, order: Sequence[int]) -> "Candidates":
        """Those at the positions `order`, in that order."""
        at = np.asarray(order, np.int64)
        return Candidates(
            [self.chunk_ids[i] for i in order],
            self.article_ids,
            self.articles[at],
            self.bm25[at],
            self.cosine[at],
            self.article_cosine[at],
            self.words,
            self.matched[at],
            [self.terms[i] for i in order] if self.terms else (),
        )

    def by_id(self) -> "Candidates":
        """The same in order of their ids, so that equals stand in one order wherever they lie."""
        return self.taken(sorted(range(len(self)), key=self.chunk_ids.__getitem__))

    def best_of_articles(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """The highest of each article's chunks' `scores`, (chunks,), or 0: (article_ids,)."""
        best = np.zeros(len(self.article_ids))
        np.maximum.at(best, self.articles, scores)
        return best

    def __len__(self) -> int:
        """How many chunks there are."""
        return len(self.chunk_ids)

    def __getitem__(self, position: int) -> Evidence:
        """The chunk at a position; IndexError past the end."""
        return Evidence(
            self.chunk_ids[position],
            float(self.bm25[position]),
            float(self.cosine[position]),
            float(self.article_cosine[position]),
            self.terms[position] if self.terms else NO_TERMS,
            tuple(self.words[n] for n in np.flatnonzero(self.matched[position]).tolist()),
        )

    def __iter__(self) -> Iterator[Evidence]:
        """All of them, in order."""
        return map(self.__getitem__, range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether both say the same of the same chunks, in the same order."""
        return isinstance(other, Candidates) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]


def joined(parts: Sequence[Candidates]) -> Candidates:
    """All of `parts`, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    words = [*dict.fromkeys(word for part in parts for word in part.words)]
    article_ids = [*dict.fromkeys(article_id for part in parts for article_id in part.article_ids)]
    numbers = {article_id: n for n, article_id in enumerate(article_ids)}
    homes = [np.array([numbers[article_id] for article_id in part.article_ids], np.int64) for part in parts]
    return Candidates(
        [chunk_id for part in parts for chunk_id in part.chunk_ids],
        article_ids,
        _column([own[part.articles] for own, part in zip(homes, parts, strict=True)], np.int64),
        _column([part.bm25 for part in parts]),
        _column([part.cosine for part in parts]),
        _column([part.article_cosine for part in parts]),
        words,
        np.concatenate([np.zeros((0, len(words)), bool), *(_of_words(part, words) for part in parts)]),
        [terms for part in parts for terms in part.terms] if all(part.terms for part in parts) else (),
    )


def _column(columns: Sequence[NDArray[Any]], kind: type = np.float64) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *columns])


def _of_words(part: Candidates, words: Sequence[str]) -> NDArray[np.bool_]:
    """Which of `words` the chunks of `part` match, (chunks, words)."""
    if part.words == words:
        return part.matched
    at = {word: n for n, word in enumerate(part.words)}
    columns = [part.matched[:, at[word]] if word in at else np.zeros(len(part), bool) for word in words]
    return np.array(columns, bool).reshape(len(words), len(part)).T
