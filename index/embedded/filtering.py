"""Which articles may be found: filters and conditions over the segments of a commit."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis.names import name_facets
from index.errors import IndexCorrupt
from index.models import Filters
from index.retrieval.conditions import has_value, meets
from index.segments.postings import Postings, Rows, among
from index.segments.segment import Segment
from index.segments.store import NO_DATE, day_number
from index.storage.arrays import firsts, release_pages
from index.storage.damage import names_damage
from index.storage.layout import Manifest
from index.storage.string_table import encoded

_MAX_MASKS = 16  # conditions whose articles are remembered, a byte an article each


class Filtering:
    """Filters over segments, and the counts of exact values among what passes."""

    root: Path
    manifest: Manifest
    segments: Sequence[Segment]
    damage: IndexCorrupt | None
    _passed: dict[tuple[str, Filters], NDArray[np.bool_]]

    def _allowed(self, segment: Segment, filters: Filters) -> NDArray[np.bool_] | None:
        """(chunks,) which may be found, or None where all may."""
        if not filters:
            return segment.live_chunks if len(segment.tombstones.articles) else None
        return self.passing(segment, filters)[segment.store.chunk_articles]

    def passing(self, segment: Segment, filters: Filters) -> NDArray[np.bool_]:
        """(articles,) which are alive and pass. What a query asks for is remembered: both legs want it."""
        key = (segment.folder.name, filters)
        known = self._passed.get(key) if filters.where else None
        if known is not None:
            return known
        passing = self._by_metadata(segment, filters)
        if filters.where:
            passing = meets(segment, filters.where, passing)
            release_pages()  # a phrase maps in the positions of all its pairs
            if len(self._passed) >= _MAX_MASKS:
                self._passed = {}
            self._passed[key] = passing
        return passing

    @names_damage
    def named(self, names: Sequence[str], most: int, filters: Filters) -> dict[str, list[str]]:
        """For each of the `normal` names that some live article has the ids of these; see Namer."""
        names = list(dict.fromkeys(names))  # a question may say one twice
        sought = encoded(name_facets(names))
        found: dict[str, list[str]] = {}
        for segment in self.segments:
            postings = segment.fields["facets"]
            numbers = postings.terms.find_all(sought)
            for at in np.flatnonzero(numbers >= 0).tolist():
                rows = postings.documents(int(numbers[at]))
                passing = self.passing(segment, filters) if filters else segment.live_articles
                rows = rows[passing[rows]][: most + 1]
                found.setdefault(names[at], []).extend(segment.store.article_ids(rows))
        return {name: ids for name, ids in found.items() if 0 < len(ids) <= most}

    @names_damage
    def titled(self, words: Mapping[str, float], least: float, most: int, filters: Filters) -> list[str]:
        """The articles whose titles hold `least` of the weight of `words`; see TitleFinder."""
        names = [*words]
        sought = encoded(names)
        numbers = np.array([segment.fields["title"].terms.find_all(sought) for segment in self.segments], np.int64)
        weights = np.fromiter(words.values(), np.float64) * (numbers >= 0).any(axis=0) if len(numbers) else np.zeros(0)
        needed = least * float(weights.sum())
        found: list[tuple[float, str]] = []
        for segment, own in zip(self.segments, numbers if needed > 0 else (), strict=False):
            rows, sums = _heaviest(segment.fields["title"], own, weights, needed)
            passing = self.passing(segment, filters) if filters else segment.live_articles
            rows, sums = rows[passing[rows]], sums[passing[rows]]
            best = np.argsort(-sums, kind="stable")[:most]
            found += zip((-sums[best]).tolist(), segment.store.article_ids(rows[best]), strict=True)
        return [name for _, name in sorted(found)[:most]]

    @staticmethod
    def _by_metadata(segment: Segment, filters: Filters) -> NDArray[np.bool_]:
        passing = segment.live_articles.copy()
        postings = segment.fields["facets"]
        groups = [[(name, v) for v in getattr(filters, name)] for name in ("source", "author", "tag")]
        groups += [[(f"meta.{key}", value)] for key, value in filters.meta]
        for group in groups:
            if group:
                one = np.zeros_like(passing)
                for name, value in group:
                    one |= has_value(postings, len(one), name, value)
                passing &= one
        published = segment.store.published
        if filters.after:
            passing &= published >= day_number(filters.after)
        if filters.before:
            passing &= (published <= day_number(filters.before)) & (published != NO_DATE)
        return passing

    @names_damage
    def facets(self, filters: Filters, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Articles by value among those that pass; see Backend."""
        out: dict[str, dict[str, int]] = {name: {} for name in names}
        for segment in self.segments:
            passing = self.passing(segment, filters)
            postings = segment.fields["facets"]
            for name in names:
                for number in postings.terms.prefix(f"{name}="):
                    count = int(passing[postings.documents(number)].sum())
                    if count:
                        value = postings.terms[number].split("=", 1)[1]
                        out[name][value] = out[name].get(value, 0) + count
        return {name: dict(sorted(v.items(), key=lambda item: (-item[1], item[0]))) for name, v in out.items()}


def _heaviest(
    postings: Postings, terms: NDArray[np.int64], weights: NDArray[np.float64], least: float
) -> tuple[Rows, NDArray[np.float64]]:
    """The documents that hold `terms` (numbers, or -1) whose `weights` are `least` (> 0) together, and how much each
    holds.
    """
    order = np.argsort(postings.dfs(terms), kind="stable")
    # Whatever holds enough holds one of these: the rarest, beside which the others weigh too little.
    count = int((weights.sum() - np.cumsum(weights[order]) < least).argmax()) + 1
    rare = terms[order[:count]]
    rows = np.sort(postings.any_of(rare[rare >= 0]))
    rows = rows[firsts(rows)]
    sums = np.zeros(len(rows))
    for number, weight in zip(terms.tolist(), weights.tolist(), strict=True):
        sums += weight * among(postings.documents(number), rows)[1]
    enough = sums >= least * (1 - 1e-9)  # a sum in another order
    return rows[enough], sums[enough]
