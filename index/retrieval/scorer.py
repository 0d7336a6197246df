"""BM25 over all fields and segments of one commit: the best chunks, and the exact score of any chunk.

    score(chunk) = sum over its fields (words, bigrams) + sum over its article's fields (title, body)

idf and average lengths are the whole commit's: they count all segments and leave out the dead, so an index grown in
many steps scores as one built at once. How one segment is searched stands in `index.retrieval.segment_scorer`.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.config import Bm25Options
from index.models import LexicalQuery
from index.retrieval.bm25 import Bm25
from index.retrieval.segment_scorer import FIELD_NAMES, FIELD_WEIGHTS, Plan, Rows, Scores, SegmentScorer, nth_highest
from index.segments.segment import Segment
from index.storage.arrays import release_pages
from index.storage.string_table import encoded

_BODY = FIELD_NAMES.index("body")


class Scorer:
    """BM25 of one commit's chunks. Safe to ask from several threads."""

    def __init__(self, segments: Sequence[Segment], bm25: Bm25Options) -> None:
        """Nothing is read before the first question."""
        self._segments = segments
        self._bm25 = Bm25.of(bm25)

    @cached_property
    def _counts(self) -> dict[str, tuple[int, float]]:
        """Field -> live documents, and their average length in terms."""
        out = {}
        for field in FIELD_NAMES:
            documents = sum(segment.documents(field) for segment in self._segments)
            length = sum(segment.total_length(field) for segment in self._segments)
            out[field] = (documents, length / documents if documents else 0.0)
        return out

    @cached_property
    def _mean_idf(self) -> dict[str, float]:
        """Mean idf over all terms of a field, which only the okapi variant's floor needs."""
        means = {}
        for field in FIELD_NAMES:
            df: dict[bytes, int] = {}
            for segment in self._segments:
                names = segment.fields[field].terms.encoded()
                for name, count in zip(names, segment.dfs(field, names)[1].tolist(), strict=True):
                    df[name] = df.get(name, 0) + count
            live = np.asarray([count for count in df.values() if count], np.int64)
            means[field] = float(self._bm25.idf(live, self._counts[field][0]).mean()) if len(live) else 0.0
        return means

    @cached_property
    def _scorers(self) -> list[SegmentScorer]:
        averages = {field: average for field, (_, average) in self._counts.items()}
        return [SegmentScorer(s, segment, self._bm25, averages) for s, segment in enumerate(self._segments)]

    def plan(self, query: LexicalQuery) -> Plan:
        """The terms of the question in every field that holds them, those first that could add most."""
        terms = {name: query.bigrams if name == "bigrams" else query.words for name in FIELD_WEIGHTS}
        sought = {name: encoded(some) for name, some in (("words", query.words), ("bigrams", query.bigrams))}
        names = [term for some in terms.values() for term in some]
        numbers = np.empty((len(self._segments), len(names)), np.int64)
        df = np.zeros(len(names), np.int64)
        weights, documents = np.empty(len(names)), np.empty(len(names))
        fields, floors = np.empty(len(names), np.uint8), np.zeros(len(names))
        end = 0
        for f, (field, some) in enumerate(terms.items()):
            own = slice(end, end := end + len(some))
            for s, segment in enumerate(self._segments):
                numbers[s, own], counts = segment.dfs(field, sought["bigrams" if field == "bigrams" else "words"])
                df[own] += counts
            weights[own] = [weight * FIELD_WEIGHTS[field] for weight in some.values()]
            fields[own], documents[own] = f, self._counts[field][0]
            if self._bm25.variant == "okapi":
                floors[own] = self._mean_idf[field]
        weights *= self._bm25.floor(self._bm25.idf(df, documents), floors)
        rank = [*zip((-weights).tolist(), fields.tolist(), names, strict=True)]
        order = np.array(sorted(np.flatnonzero(df).tolist(), key=rank.__getitem__), np.int64)
        return Plan([names[at] for at in order.tolist()], fields[order], weights[order], numbers.take(order, axis=1))

    def best(
        self, plan: Plan, k: int, allowed: Callable[[Segment], NDArray[np.bool_] | None]
    ) -> list[tuple[int, Rows, Scores]]:
        """For each segment its number, the rows of its best chunks, and their scores: of all together the `k` best
        and those that tie with them, unordered.

        `allowed` says which chunks of a segment count, (chunks,), or None where all do.
        """
        if not plan.names or k <= 0:
            return [(s, np.zeros(0, np.int64), np.zeros(0)) for s in range(len(self._segments))]
        found: list[tuple[int, Rows, Scores]] = []
        floor = 0.0  # what a chunk needs to be among the best, as far as the segments before tell
        for s, scorer in enumerate(self._scorers):
            release_pages()  # common words map in hundreds of megabytes
            found.append((s, *scorer.best(plan, k, allowed(self._segments[s]), floor)))
            if len(self._scorers) > 1:
                floor = max(floor, nth_highest(np.concatenate([scores for _, _, scores in found]), k))
        return [(s, rows[scores >= floor], scores[scores >= floor]) for s, rows, scores in found]

    def parts(self, plan: Plan, s: int, rows: Rows) -> Scores:
        """What each term of `plan` adds to each of some rows of segment `s`, and their exact scores in the last line,
        (terms + 1, rows).
        """
        return self._scorers[s].parts(plan, rows)

    @staticmethod
    def matched(plan: Plan, parts: Scores) -> tuple[list[str], NDArray[np.bool_]]:
        """The words of the question that stand in some article's title or text, and for each of the chunks of `parts`
        which of them its article has, (chunks, words).
        """
        body = np.flatnonzero(plan.fields == _BODY)
        return [plan.names[i] for i in body.tolist()], (parts[body] != 0).T

    @staticmethod
    def by_term(plan: Plan, parts: Scores) -> list[dict[str, float]]:
        """For each of the chunks of `parts` what each term adds to it in all fields together, where it adds any."""
        out: list[dict[str, float]] = [{} for _ in range(parts.shape[1])]
        for name, line in zip(plan.names, parts, strict=False):
            for j in np.flatnonzero(line).tolist():
                out[j][name] = out[j].get(name, 0.0) + float(line[j])
        return out
