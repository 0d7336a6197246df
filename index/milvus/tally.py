"""What a commit changes of the counts over the whole index: documents, lengths, and how many hold each term."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from index.milvus.client import Row
from index.milvus.rows import Prepared, checksum_of


@dataclass(slots=True)
class Tally:
    """What a commit changes of the counts over the whole index."""

    documents: Counter[str] = field(default_factory=Counter)
    lengths: Counter[str] = field(default_factory=Counter)
    holders: dict[str, Counter[int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    kept: bool = True
    """Whether its rows are written."""

    def add(self, one: Prepared, sign: int = 1) -> None:
        """Count an article in, or out."""
        self.kept = False
        for name, (documents, length) in one.lengths().items():
            self.documents[name] += sign * documents
            self.lengths[name] += sign * length
        for name, counts in one.holders.items():
            own = self.holders.setdefault(name, Counter())
            for number, count in counts.items():
                own[number] += sign * count
        self.names.update(one.names)

    def rows(self, commit: int, part: str = "") -> Iterable[Row]:
        """The rows of the counts of terms; `part` names one of several who count for the same commit."""
        for name, counts in self.holders.items():
            for number, count in counts.items():
                pk = f"{name}:{number:016x}@{commit}{part}"
                term = self.names[number].encode("utf-8", "replace")[:8_000].decode("utf-8", "ignore")
                yield {
                    "pk": pk,
                    "key": f"{name}:{number:016x}",
                    "term": term,
                    "count": count,
                    "born": commit,
                    "checksum": checksum_of(pk, count),
                    "vector": [0.0, 0.0],
                }
