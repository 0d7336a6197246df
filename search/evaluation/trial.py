"""Try weights on questions whose articles are known: one search a question, every weight from its numbers."""

from collections.abc import Iterable, Iterator, Mapping
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
        """Ask `question`; up to `depth` articles of it are looked at."""
        self._engine = engine
        self._question = question
        self._depth = depth
        self._options = question.options(depth)
        self._pages: dict[tuple[str, ...], list[str]] = {}
        self.ranking = engine.ranking(question.text, self._options)

    def shown(self, ranking: Ranking | None = None) -> list[str]:
        """The articles that `search` shows of `ranking`, by default the question's own, in order."""
        groups = (self.ranking if ranking is None else ranking).groups
        order = tuple(group[0].article_id for group in groups)
        if order not in self._pages:  # many weights give one order
            page = self._engine.page(self.ranking if ranking is None else ranking, self._options)
            self._pages[order] = self._kept(name for name, _ in page)
        return self._pages[order]

    def raw(self) -> list[str]:
        """The first articles as they are ranked, before near-duplicates are folded."""
        return self._kept(group[0].article_id for group in self.ranking.groups)

    def at(self, weights: Iterable[float], *, adaptive: bool) -> Iterator[list[str]]:
        """What is shown if BM25's weight is each of `weights`; it moves with the question where `adaptive`."""
        for weight in weights:
            yield self.shown(self._engine.remixed(self.ranking, self._options, weight, adaptive=adaptive))

    def _kept(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in self._question.left_out][: self._depth]
