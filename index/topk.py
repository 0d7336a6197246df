"""The best k of many scores, without sorting them."""

import numpy as np
from numpy.typing import NDArray

BLOCK = 64  # scores a block when looking for the best k

Scores = NDArray[np.floating]


def nth_highest(scores: Scores, n: int) -> float:
    """The `n`-th highest of `scores`; -inf where there are not more than `n`."""
    return float(np.partition(scores, len(scores) - n)[len(scores) - n]) if len(scores) > n > 0 else -np.inf


def top_rows(scores: Scores, k: int) -> NDArray[np.int64]:
    """Rows of the `k` highest positive `scores`, unordered, ties at the border included.

    Exact, without sorting: a block whose maximum is under the k-th best block maximum holds none of the best k.
    """
    n = len(scores)
    if k <= 0:
        return np.zeros(0, np.int64)
    if n <= 4 * BLOCK or k * 4 >= n // BLOCK:
        candidates = np.flatnonzero(scores > 0)
    else:
        whole = n // BLOCK * BLOCK
        maxima = scores[:whole].reshape(-1, BLOCK).max(axis=1)
        floor = max(np.partition(maxima, len(maxima) - k)[len(maxima) - k], 1e-30)
        blocks = np.flatnonzero(maxima >= floor)
        rows = (blocks[:, None] * BLOCK + np.arange(BLOCK)).ravel()
        candidates = np.concatenate([rows[scores[rows] >= floor], whole + np.flatnonzero(scores[whole:] >= floor)])
    if len(candidates) > k:
        values = scores[candidates]
        candidates = candidates[values >= nth_highest(values, k)]
    return candidates.astype(np.int64)
