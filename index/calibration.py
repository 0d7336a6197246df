"""What a build measured of an index, as its manifest keeps it; index.embedded.calibrate measures, search interprets."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

VERSION = 2  # raised whenever other numbers would be measured
AGAIN = 0.25  # a change of the number of chunks by this share calls for a new measurement


@dataclass(frozen=True, slots=True)
class Border:
    """What a leg's signal is by chance (median, 95th percentile) and for a question with an answer (5th)."""

    chance: float
    chance_high: float
    known_low: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of an index of `chunks` chunks under an encoder; see the module."""

    version: int
    encoder: str
    chunks: int
    questions: int
    bm25: float
    """nDCG@10 of known items, by BM25 alone."""
    dense: float
    strength: float
    """Median of the best BM25 over a known sentence's idf mass: what a text gets that holds all of the question."""
    borders: Mapping[str, Border]
    """Of the signals of each leg and of both, `hybrid`."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None, encoder: str) -> Self | None:
        """Back from `to_json`; None where there is nothing, or it was measured otherwise or under another encoder."""
        if not data or data.get("version") != VERSION or data.get("encoder") != encoder:
            return None
        return cls(**{**data, "borders": {name: Border(**border) for name, border in data["borders"].items()}})

    def fits(self, chunks: int) -> bool:
        """Whether an index of so many chunks is still much the same."""
        return abs(chunks - self.chunks) <= AGAIN * self.chunks
