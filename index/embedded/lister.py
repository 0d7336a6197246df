"""What completion and corrections are made of: the titles and terms of a commit."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from index.errors import IndexCorrupt
from index.segments.segment import Segment
from index.storage.damage import names_damage
from index.storage.layout import Manifest


class TermLister:
    """Lists titles and terms of live articles; `index.backend.Lister` over segments."""

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
