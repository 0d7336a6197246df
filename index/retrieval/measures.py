"""How good a ranking is, and how sure a mean is: nDCG@10 and the bootstrap, for everything that judges by them.

`search.evaluation.beir` reports by ir-measures; these serve where one question is judged at many weights, or while a
model is trained, thousands of times a second.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

DEPTH = 10
DISCOUNTS: NDArray[np.float64] = 1 / np.log2(np.arange(2, DEPTH + 2))
"""What a relevant article counts at each of the first ten ranks, (10,)."""
_RESAMPLES = 2_000


def ndcg(ranked: Sequence[str], relevant: Mapping[str, int]) -> float:
    """nDCG@10 with the grades as gains (Järvelin & Kekäläinen, TOIS 2002); 0 where nothing is relevant."""
    ideal = sorted((grade for grade in relevant.values() if grade > 0), reverse=True)[:DEPTH]
    best = sum(grade * discount for grade, discount in zip(ideal, DISCOUNTS, strict=False))
    gains = (max(0, relevant.get(one, 0)) for one in ranked[:DEPTH])
    found = sum(gain * discount for gain, discount in zip(gains, DISCOUNTS, strict=False))
    return float(found / best) if best else 0.0


def interval(values: NDArray[np.float64], rng: np.random.Generator | int = 0) -> tuple[float, float]:
    """95% of the means of 2,000 resamples of `values`, (questions,): of paired differences a paired bootstrap (Efron,
    Annals of Statistics 1979). `rng` is a generator or its seed.
    """
    rng = np.random.default_rng(rng)
    means = [float(values[rng.integers(0, len(values), len(values))].mean()) for _ in range(_RESAMPLES)]
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)
