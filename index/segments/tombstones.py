"""Which articles of a segment are dead, and what each field has lost with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import FIELDS
from index.storage.arrays import read_arrays
from index.storage.layout import FileEntry, file_entry, sync


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The dead articles of a segment, and what each field has lost with them.

    `lost[field]` is (term numbers, how many documents each has lost, how many terms in all): so that document
    frequencies and lengths stay exact without looking at a posting.
    """

    articles: NDArray[np.int32]
    lost: Mapping[str, tuple[NDArray[np.int32], NDArray[np.int32], int]]

    @classmethod
    def empty(cls) -> "Tombstones":
        """Nothing is dead."""
        none = np.zeros(0, np.int32)
        return cls(none, {field: (none, none, 0) for field in FIELDS})

    def save(self, path: Path) -> FileEntry:
        """Write to `path` and flush it."""
        arrays: dict[str, NDArray[np.generic]] = {"articles": self.articles}
        for field, (terms, counts, length) in self.lost.items():
            arrays |= {f"{field}.terms": terms, f"{field}.counts": counts, f"{field}.length": np.asarray(length)}
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        sync(path)
        return file_entry(path)

    @classmethod
    def load(cls, path: Path) -> "Tombstones":
        """Read what `save` wrote."""
        data = read_arrays(path.read_bytes())
        lost = {f: (data[f"{f}.terms"], data[f"{f}.counts"], int(data[f"{f}.length"])) for f in FIELDS}
        return cls(data["articles"], lost)
