"""What a commit holds, listed: articles, and the titles and terms that completion and corrections are made of."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from index.errors import IndexCorrupt
from index.models import StoredArticle
from index.segments.segment import Segment
from index.storage.damage import names_damage
from index.storage.layout import Manifest


class TermLister:
    """Lists live articles, their titles and terms: `index.backend.Lister`, and what of Backend lists."""

    root: Path
    manifest: Manifest
    segments: Sequence[Segment]
    damage: IndexCorrupt | None

    @names_damage
    def titles(self) -> Iterator[str]:
        """The display title of every article; see Lister."""
        for segment in self.segments:
            titles = segment.store.titles()
            yield from (titles[row] for row in np.flatnonzero(segment.live_articles).tolist())

    @names_damage
    def words(self) -> Iterator[tuple[str, int]]:
        """Every term of the chunks and how many hold it; see Lister."""
        found: dict[str, int] = {}
        for segment in self.segments:
            postings = segment.fields["words"]
            df = np.diff(postings.starts)
            terms, counts, _ = segment.tombstones.lost["words"]
            df[terms] -= counts
            for term, count in zip(postings.terms, df.tolist(), strict=True):
                if count:
                    found[term] = found.get(term, 0) + count
        yield from found.items()

    @names_damage
    def pair_frequency(self, pair: str) -> int:
        """How many chunks hold these two characters side by side; see Lister."""
        return sum(segment.df("bigrams", pair) for segment in self.segments)

    @names_damage
    def article_ids(self) -> Iterator[str]:
        """The id of every article, segment by segment; see Backend."""
        for segment in self.segments:
            yield from segment.store.article_ids(np.flatnonzero(segment.live_articles))

    @names_damage
    def sample(self, count: int, rng: random.Random) -> list[StoredArticle]:
        """Articles drawn at random; see Backend."""
        live = [np.flatnonzero(segment.live_articles) for segment in self.segments]
        ends = np.cumsum([len(rows) for rows in live])
        total = int(ends[-1]) if len(ends) else 0
        out = []
        for at in rng.sample(range(total), min(total, count)):
            s = int(np.searchsorted(ends, at, side="right"))
            out.append(self.segments[s].store.get(int(live[s][at - int(ends[s]) + len(live[s])])))
        return out
