"""What a build measured of an index, as its manifest keeps it; index.checks.calibrate measures, search interprets."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

VERSION = 4  # raised whenever other numbers would be measured
AGAIN = 0.25  # a change of the number of chunks by this share calls for a new measurement


@dataclass(frozen=True, slots=True)
class Chance:
    """What questions without meaning get of this index: medians, and the 95th percentile of the dense signal."""

    dense: float
    """Of the dense signal (index.retrieval.signals)."""
    dense_high: float
    nearest: float
    """Of the best candidate's scaled cosine."""
    strength: float
    """Of the best candidate's BM25, divided by the question's idf mass."""
    deviations: float = 0.0
    """By how many standard deviations the best candidate's cosine lies above that of chunks at random."""


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
    chance: Chance
    floor: float = 0.0
    """Median of what a known sentence's cosine with chunks at random is on average: the zero of the dense leg."""
    deviations: float = 0.0
    """As `chance.deviations`, of known sentences that keep 70% of their words."""

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None, encoder: str) -> Self | None:
        """Back from `to_json`; None where there is nothing, or it was measured otherwise or under another encoder."""
        if not data or data.get("version") != VERSION or data.get("encoder") != encoder:
            return None
        return cls(**{**data, "chance": Chance(**data["chance"])})

    def fits(self, chunks: int) -> bool:
        """Whether an index of so many chunks is still much the same."""
        return abs(chunks - self.chunks) <= AGAIN * self.chunks
