"""What completion and corrections are made of: the titles and terms of a commit."""

from collections.abc import Iterator, Sequence

import numpy as np

from index.segments.segment import Segment


class TermLister:
    """Lists titles and terms of live articles; `index.backend.Lister` over segments."""

    segments: Sequence[Segment]

    def titles(self) -> Iterator[str]:
        """The display title of every article; see Lister."""
        for segment in self.segments:
            titles = segment.store.titles()
            yield from (titles[row] for row in np.flatnonzero(segment.live_articles).tolist())

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

    def pair_frequency(self, pair: str) -> int:
        """How many chunks hold these two characters side by side; see Lister."""
        return sum(segment.df("bigrams", pair) for segment in self.segments)
