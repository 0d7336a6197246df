"""Try weights on questions whose articles are known: one search a question, every weight from its numbers."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from index.retrieval.measures import DEPTH
from search.engine import SearchEngine
from search.models import SearchOptions
from search.ranking.ranker import Ranking


class Question(NamedTuple):
    """A question, what is relevant to it (article id -> grade), and what is left out of its ranking."""

    text: str
    relevant: Mapping[str, int]
    left_out: frozenset[str] = frozenset()

    def options(self, depth: int = DEPTH) -> SearchOptions:
        """As it is asked: a first page, or more where articles are left out of it."""
        return SearchOptions(k=depth + len(self.left_out), passages=1)


class Trial:
    """One question's ranking, and what `search` would show of it at other weights of BM25."""

    def __init__(self, engine: SearchEngine, question: Question, depth: int = DEPTH) -> None:
        """Ask `question` for as many candidates as `depth` articles call for."""
        self._engine = engine
        self._question = question
        self._depth = depth
        self._pages: dict[tuple[str, ...], list[str]] = {}
        self._options = question.options(depth)
        self.ranking = engine.ranking(question.text, self._options)

    def shown(self, depth: int | None = None) -> list[str]:
        """The first articles that `search` shows, in order."""
        return self._page(self.ranking, depth or self._depth)

    def raw(self) -> list[str]:
        """The first articles as they are ranked, before near-duplicates are folded."""
        return self._kept((group[0].article_id for group in self.ranking.groups), self._depth)

    def at(self, weights: Iterable[float], *, adaptive: bool, depth: int | None = None) -> Iterator[list[str]]:
        """What is shown if BM25's weight is each of `weights`; it moves with the question where `adaptive`."""
        for weight in weights:
            remixed = self._engine.remixed(self.ranking, self._options, weight, adaptive=adaptive)
            yield self._page(remixed, depth or self._depth)

    def _page(self, ranking: Ranking, depth: int) -> list[str]:
        options = self._question.options(depth)
        first = (group[0].article_id for group in ranking.groups)
        key = (str(depth), *islice(first, 3 * options.k))
        if key not in self._pages:  # many weights give one order
            self._pages[key] = self._kept((name for name, _ in self._engine.page(ranking, options)), depth)
        return self._pages[key]

    def _kept(self, names: Iterable[str], depth: int) -> list[str]:
        return list(islice((name for name in names if name not in self._question.left_out), depth))
