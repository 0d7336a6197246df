"""Articles by most of the words of their titles, on a server that has sparse vectors to look for them by."""

from collections.abc import Mapping, Sequence

import numpy as np

from index.milvus.client import Client
from index.milvus.control import Record
from index.milvus.filtering import meets, of_fields
from index.milvus.reader import MilvusIndex
from index.milvus.terms import Weighted, number_of, sparse_query
from index.models import Filters

_MAX_PASSAGES = 4_096  # named by the server, each of which gives its article
_MAX_COMPARED = 256  # titles


class TitledIndex(MilvusIndex):
    """A commit whose titles can be searched; see TitleFinder."""

    def titled(self, words: Mapping[str, float], least: float, most: int, filters: Filters) -> list[str]:
        """The articles whose titles hold `least` of the weight of `words`; see TitleFinder.

        Of more than some hundred that hold a rare one of them, those with the heaviest are compared.
        """
        known = self.frequencies([("title", word) for word in words])
        held = {word: weight for word, weight in words.items() if known[("title", word)]}
        needed = least * sum(held.values())
        if needed <= 0:
            return []
        # Whatever holds enough holds one of these: the rarest, beside which the others weigh too little.
        rare: dict[str, float] = {}
        for word in sorted(held, key=lambda word: (known[("title", word)], word)):
            rare[word] = held[word]
            if sum(held.values()) - sum(rare.values()) < needed:
                break
        names = self._holding(rare, filters)
        rows = self._articles_by_id(names)
        numbers = np.fromiter(map(number_of, held), np.uint64, len(held))
        weights = np.fromiter(held.values(), np.float64)
        sums = {name: float(weights @ (rows[name].whole["title"].of(numbers) > 0)) for name in names}
        enough = [name for name in names if sums[name] >= needed * (1 - 1e-9)]  # a sum in another order
        return sorted(enough, key=lambda name: (-sums[name], name))[:most]

    def _holding(self, words: Mapping[str, float], filters: Filters) -> Sequence[str]:
        """Articles that pass and whose titles hold one of `words`, the heaviest first, as far as they are compared."""
        numbers = np.fromiter(map(number_of, words), np.uint64, len(words))
        plan = [Weighted("title", [*words], numbers, np.fromiter(words.values(), np.float64))]
        parts, rest = self._splitter.split(filters.where)
        found = self.client.search(
            self.names.chunks, "terms", sparse_query(plan), " and ".join([self._seen, *of_fields(filters), *parts]),
            ["article"], _MAX_PASSAGES, {}, consistency=self._consistency,
        )  # fmt: skip
        names = list(dict.fromkeys(row["article"] for score, row in found if score > 0))
        if rest is not None:
            there = dict(self._texts_of(names))
            names = [name for name in names if meets(there[name], rest, self.tokenizer())]
        return names[:_MAX_COMPARED]


def open_commit(
    client: Client, record: Record, *, consistency: str = "Bounded", strict: bool = True, young: bool = False
) -> MilvusIndex:
    """A commit as its server can be asked; see MilvusIndex."""
    kind = TitledIndex if client.sparse else MilvusIndex
    return kind(client, record, consistency=consistency, strict=strict, young=young)
