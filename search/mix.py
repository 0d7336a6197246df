"""How an index mixes its legs before a question moves the share: by default, as measured, or as tuned.

    part of a leg = its default part, falling from whole to nothing as its nDCG@10 on known items falls from .95 of
    the other leg's to .75

so that of two healthy legs both count, a weak one counts less, and one that finds nothing is switched off. What
`wensou tune` set comes before what the build measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from index.backend import Backend
from index.calibrate import Measured
from search.fusion import adapt

DEFAULT_WEIGHT = 0.7  # of BM25, between healthy legs; see scripts/fusion_weights.py
DEFAULT_STRENGTH = 3.3  # BM25 over idf mass of a text that holds all of the question, where it was not measured
HEALTH = (0.75, 0.95)

Origin = Literal["default", "measured", "tuned", "given"]


@dataclass(frozen=True, slots=True)
class Mix:
    """BM25's share and scale, and where the share comes from. A share of 0 or 1 switches the other leg off."""

    weight: float = DEFAULT_WEIGHT
    strength: float = DEFAULT_STRENGTH
    origin: Origin = "default"


def health(leg: float, other: float) -> float:
    """How much a leg may count, 0..1, by both legs' nDCG@10 on known items."""
    if other <= 0:
        return 1.0
    low, high = HEALTH
    return min(1.0, max(0.0, (leg / other - low) / (high - low)))


def healthy_weight(bm25: float, dense: float) -> float:
    """BM25's share by both legs' nDCG@10 on known items."""
    bm25_part = health(bm25, dense)
    return adapt(DEFAULT_WEIGHT * bm25_part / (DEFAULT_WEIGHT * bm25_part + 1 - DEFAULT_WEIGHT), health(dense, bm25))


def mix_of(backend: Backend) -> Mix:
    """What the index says; what was tuned under another encoder no longer counts."""
    measured = Measured.from_json(backend.calibration.get("measured"), backend.encoder_fingerprint)
    tuned: Mapping[str, Any] | None = backend.calibration.get("tuned")
    strength = (measured.strength if measured else 0.0) or DEFAULT_STRENGTH
    if tuned and tuned["encoder"] == backend.encoder_fingerprint:
        return Mix(float(tuned["weight"]), strength, "tuned")
    if measured:
        return Mix(healthy_weight(measured.bm25, measured.dense), strength, "measured")
    return Mix()
