"""Which words stand side by side: the part of a static encoder that sees word order.

Two neighbouring tokens are hashed to one of a few thousand rows. How much such a row counts is the product of
two shares, one for each token: a pair of rare words says more than a pair of usual ones.
"""

import numpy as np
from numpy.typing import NDArray

# Odd constants of Fibonacci hashing (golden ratio) and of splitmix64's first mixing step.
_SPREAD, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)


def pair_rows(left: NDArray[np.integer], right: NDArray[np.integer], rows: int) -> NDArray[np.int64]:
    """The row, below `rows`, of each pair (left[i], right[i]) of token ids; (a, b) and (b, a) differ."""
    mixed = (left.astype(np.uint64) * _SPREAD + right.astype(np.uint64)) * _MIX
    return ((mixed >> np.uint64(24)) % np.uint64(rows)).astype(np.int64)


def neighbours(ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Places of the first token of each pair within one text; text i is tokens `ends[i]` to `ends[i + 1]`, all >= 0."""
    inside = np.ones(int(ends[-1]), bool)
    inside[ends[1:][np.diff(ends) > 0] - 1] = False
    return np.flatnonzero(inside)
