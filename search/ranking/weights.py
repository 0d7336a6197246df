"""How an index mixes its legs before a question moves the weight: by default, as measured, or as tuned.

    weight of a leg = its default weight, falling from whole to nothing as its nDCG@10 on known items falls from .95 of
    the other leg's to .75 (under another encoder than the bundled one to .5)

so that of two healthy legs both count and a weak one counts less. The build leaves a leg a tenth of its weight, for
known items are not people's questions; `wensou tune` may switch it off, and what it set comes before what the build
measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from index.backend import Backend
from index.calibration import Measured
from index.config import BUNDLED_MODEL
from search.ranking.fusion import DENSE_Z_SCORE

DEFAULT_WEIGHT = 0.4  # of BM25, between healthy legs; see scripts/fusion_weights.py
DEFAULT_STRENGTH = 3.3  # BM25 over idf mass of a text that holds all of the question, where it was not measured
HEALTH = (0.75, 0.95)
# Known items are sentences with their words, which is what words find. A transformer finds them less well than it finds
# what people ask: where it has .75 of BM25 on them (domainrag), the mix is best at half and half.
HEALTH_OF_OTHERS = (0.5, 0.95)
_MIN_HEALTH = 0.1  # of its weight that the build leaves a leg

_TRUSTED = 0.75  # of the deviations of known items

Origin = Literal["default", "measured", "tuned", "given"]


@dataclass(frozen=True, slots=True)
class Mix:
    """BM25's weight and scale, and where the weight comes from. A weight of 0 or 1 switches the other leg off.

    `floor` is the cosine that the dense leg's scale begins at; `z_score` are the deviations at which the dense leg is
    not trusted at all and fully (search.ranking.fusion), None where that is not known and every question's is.
    `spread`: whether a question's lexical spread counts.
    """

    weight: float = DEFAULT_WEIGHT
    strength: float = DEFAULT_STRENGTH
    origin: Origin = "default"
    floor: float = 0.0
    z_score: tuple[float, float] | None = DENSE_Z_SCORE
    spread: bool = True


def health(leg: float, other: float, bounds: tuple[float, float] = HEALTH) -> float:
    """How much a leg may count, 0..1, by both legs' nDCG@10 on known items: from `bounds` of the other's."""
    if other <= 0:
        return 1.0
    low, high = bounds
    return min(1.0, max(0.0, (leg / other - low) / (high - low)))


def healthy_weight(bm25: float, dense: float, *, least: float = 0.0, bounds: tuple[float, float] = HEALTH) -> float:
    """BM25's weight by both legs' nDCG@10 on known items; each keeps at least that much of its weight."""
    bm25_weight = DEFAULT_WEIGHT * max(least, health(bm25, dense, bounds))
    dense_weight = (1 - DEFAULT_WEIGHT) * max(least, health(dense, bm25, bounds))
    return bm25_weight / (bm25_weight + dense_weight)


def health_bounds(backend: Backend) -> tuple[float, float]:
    """Of the better leg's nDCG@10 on known items: where the other begins to count, and counts fully."""
    return HEALTH if backend.stats().encoder == BUNDLED_MODEL else HEALTH_OF_OTHERS


def mix_of(backend: Backend) -> Mix:
    """What the index says; what was tuned under another encoder no longer counts."""
    measured = Measured.from_json(backend.calibration.get("measured"), backend.encoder_fingerprint)
    tuned: Mapping[str, Any] | None = backend.calibration.get("tuned")
    bundled = backend.stats().encoder == BUNDLED_MODEL
    # That vectors separate least where words do is true of sums of words, not of a model that reads whole sentences.
    mix = Mix(floor=backend.cosine_floor, z_score=DENSE_Z_SCORE if bundled else None, spread=bundled)
    if measured:
        enough = health_bounds(backend)
        weight = healthy_weight(measured.bm25, measured.dense, least=_MIN_HEALTH, bounds=enough)
        strength = measured.strength or DEFAULT_STRENGTH
        bounds = z_score_bounds(measured, bundled=bundled)
        mix = Mix(weight, strength, "measured", measured.floor, bounds, bundled)
    if tuned and tuned["encoder"] == backend.encoder_fingerprint:
        mix = replace(mix, weight=float(tuned["weight"]), origin="tuned")
    return mix


def z_score_bounds(measured: Measured, *, bundled: bool = False) -> tuple[float, float]:
    """The deviations at which a question's dense leg is not trusted at all and fully, in this index.

    The constants were fitted to the bundled encoder. Under others cosines spread otherwise, so there a question is
    trusted fully from three quarters of what known items have in the median, and not at all at half of what chance has.
    """
    low, high = DENSE_Z_SCORE
    if bundled or measured.deviations <= 0:
        return low, high
    high = min(high, _TRUSTED * measured.deviations)
    return min(low, measured.chance.deviations / 2, high / 2), high
