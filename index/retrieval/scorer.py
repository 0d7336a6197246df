"""BM25 over all fields and segments of one commit: the best chunks, and the exact score of any chunk.

    score(chunk) = sum over its fields (words, bigrams) + sum over its article's fields (title, body)

idf and average lengths are the whole commit's: they count all segments and leave out the dead, so an index grown in
many steps scores as one built at once. How one segment is searched stands in `index.retrieval.segment_scorer`.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from index.config import Bm25Options
from index.models import LexicalQuery
from index.retrieval.bm25 import Bm25
from index.retrieval.segment_scorer import FIELD_WEIGHTS, Rows, Scores, SegmentScorer, Term
from index.retrieval.topk import Known, nth_highest
from index.segments.segment import Segment
from index.storage.arrays import release_pages, union
from index.storage.string_table import Sought

Plan = Sequence[Term]


class Scorer:
    """BM25 of one commit's chunks. Safe to ask from several threads."""

    def __init__(self, segments: Sequence[Segment], bm25: Bm25Options) -> None:
        """Nothing is read before the first question."""
        self._segments = segments
        self._bm25 = Bm25.of(bm25)
        # One answer asks about the same query two or three times: its plan, and the rows and scores already found.
        self._planned: tuple[LexicalQuery | None, Plan] = (None, ())
        self._known: tuple[LexicalQuery | None, list[Known]] = (None, [])

    @cached_property
    def _counts(self) -> dict[str, tuple[int, float]]:
        """Field -> live documents, and their average length in terms."""
        out = {}
        for field in FIELD_WEIGHTS:
            documents = sum(segment.documents(field) for segment in self._segments)
            length = sum(segment.total_length(field) for segment in self._segments)
            out[field] = (documents, length / documents if documents else 0.0)
        return out

    @cached_property
    def _mean_idf(self) -> dict[str, float]:
        """Mean idf over all terms of a field, which only the okapi variant's floor needs."""
        means = {}
        for field in FIELD_WEIGHTS:
            df: dict[str, int] = {}
            for segment in self._segments:
                names = list(segment.fields[field].terms)
                for name, count in zip(names, segment.dfs(field, names)[1], strict=True):
                    df[name] = df.get(name, 0) + count
            live = np.asarray([count for count in df.values() if count], np.int64)
            means[field] = float(self._bm25.idf(live, self._counts[field][0]).mean()) if len(live) else 0.0
        return means

    @cached_property
    def _scorers(self) -> list[SegmentScorer]:
        averages = {field: average for field, (_, average) in self._counts.items()}
        return [SegmentScorer(s, segment, self._bm25, averages) for s, segment in enumerate(self._segments)]

    def _plan(self, query: LexicalQuery) -> Plan:
        """The terms of the question in every field that holds them, those first that could add most."""
        if self._planned[0] is query:
            return self._planned[1]
        plan: list[Term] = []
        words, bigrams = Sought.of(query.words), Sought.of(query.bigrams)
        for field, weight in FIELD_WEIGHTS.items() if self._segments else ():
            terms, sought = (query.bigrams, bigrams) if field == "bigrams" else (query.words, words)
            found = [segment.dfs(field, sought) for segment in self._segments]
            df = np.asarray([sum(counts) for counts in zip(*(row for _, row in found), strict=True)], np.int64)
            idf = self._bm25.idf(df, self._counts[field][0])
            if self._bm25.variant == "okapi":
                idf = self._bm25.floor(idf, self._mean_idf[field])
            plan += [
                Term(field, name, weight * times * float(idf[i]), [numbers[i] for numbers, _ in found])
                for i, (name, times) in enumerate(terms.items())
                if df[i]
            ]
        plan.sort(key=lambda term: (-term.weight, term.field, term.name))
        self._planned = (query, plan)
        return plan

    def best(
        self,
        query: LexicalQuery,
        k: int,
        allowed: Callable[[Segment], NDArray[np.bool_] | None],
        also: Sequence[Rows] = (),
    ) -> list[tuple[int, Rows, Scores]]:
        """For each segment its number, the rows of its best chunks, and their scores: of all together the `k` best
        and those that tie with them, unordered.

        `allowed` says which chunks of a segment count, (chunks,), or None where all do. `also` are rows of each
        segment that `scores` will be asked for next: to score them in the same pass costs little.
        """
        plan = self._plan(query)
        found: list[tuple[int, Rows, Scores]] = []
        known: list[Known] = []
        floor = 0.0  # what a chunk needs to be among the best, as far as the segments before tell
        for s, scorer in enumerate(self._scorers):
            release_pages()  # common words map in hundreds of megabytes
            rows = scorer.nominate(plan, k, allowed(self._segments[s]), floor) if plan and k > 0 else np.zeros(0, int)
            every = union(rows, also[s]) if len(also) else rows
            exact = scorer.scores(plan, every)
            known.append(Known(every, exact))
            scores = exact if every is rows else exact[every.searchsorted(rows)]
            matched = scores > 0
            found.append((s, rows[matched], scores[matched]))
            floor = max(floor, nth_highest(np.concatenate([scores for _, _, scores in found]), k))
        self._known = (query, known)
        return [(s, rows[scores >= floor], scores[scores >= floor]) for s, rows, scores in found]

    def scores(self, query: LexicalQuery, s: int, rows: Rows, by_term: dict[str, Scores] | None = None) -> Scores:
        """Exact scores of some rows of segment `s`, (rows,); each term's contribution goes into `by_term`."""
        plan = self._plan(query)
        query_known, known = self._known
        if by_term is not None or query_known is not query:
            return self._scorers[s].scores(plan, rows, by_term)
        return np.asarray(known[s].and_of(rows, lambda new: self._scorers[s].scores(plan, new)), np.float64)

    def matched_terms(self, query: LexicalQuery, s: int, articles: Rows) -> list[list[str]]:
        """For each of the rows `articles` of segment `s` the words of the question that stand in its title or text."""
        terms = [term for term in self._plan(query) if term.field == "body"]
        if not terms:
            return [[] for _ in articles]
        found = self._segments[s].fields["body"].frequencies([term.numbers[s] for term in terms], articles)
        names = [term.name for term in terms]
        return [list(compress(names, there)) for there in (found > 0).T.tolist()]
