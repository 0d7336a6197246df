"""Freshness as an opt-in, after fusion: it moves neighbours past each other and lifts nothing from far below.

A page from today gains at most `BOOST`; what it gains halves with every half-life. Articles without a date neither
gain nor lose. Pure: today is an argument.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from search.ranking.fusion import Scores

BOOST = 0.2  # so that only what scores five sixths of the best can pass it by being new


def freshness(published: Sequence[date | None], today: date, half_life: float) -> Scores:
    """Factors, (articles,), in 1..1 + BOOST, by age at a `half_life` in days; what is dated ahead counts as today's."""
    ages = np.array([np.inf if day is None else max(0, (today - day).days) for day in published], np.float64)
    return np.asarray(1.0 + BOOST * np.exp2(-ages / half_life))
