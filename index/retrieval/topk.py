"""The best k of many scores, without sorting them.

A block whose maximum is under the k-th best block maximum holds none of the best k. Blocks are columns: block `j` of
`n` holds the scores j, j + n, j + 2n ..., so that their maxima are taken over whole rows at once, ten times as fast as
over runs of neighbours.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 64  # scores a block
ANY = 1e-30  # less than any score above 0

Scores = NDArray[np.floating]


def nth_highest(scores: Scores, n: int) -> float:
    """The `n`-th highest of `scores`; -inf where there are not more than `n`."""
    return float(np.partition(scores, len(scores) - n)[len(scores) - n]) if len(scores) > n > 0 else -np.inf


def top_floor(scores: Scores, k: int) -> float:
    """The `k`-th highest of `scores`, or 0 where fewer than `k` are positive."""
    if k <= 0 or len(scores) < k:
        return 0.0
    blocks = len(scores) // BLOCK
    if blocks > 4 * k:
        maxima = _maxima(scores)
        scores = scores[rows_from(scores, max(nth_highest(maxima, k), ANY), maxima)]
    else:
        scores = scores[scores > 0]
    return float(np.partition(scores, len(scores) - k)[len(scores) - k]) if len(scores) >= k else 0.0


def rows_from(scores: Scores, floor: float, maxima: Scores | None = None) -> NDArray[np.int64]:
    """The rows of all `scores` of `floor` (> 0) or more, ascending; `maxima` are those of the blocks, where known."""
    blocks = len(scores) // BLOCK
    hits = np.flatnonzero((_maxima(scores) if maxima is None else maxima) >= floor)
    if len(hits) > blocks // 4:
        return np.flatnonzero(scores >= floor)
    rows = (np.arange(BLOCK)[:, None] * blocks + hits).ravel()
    rows = np.concatenate([rows, np.arange(blocks * BLOCK, len(scores))])
    return np.asarray(rows[scores[rows] >= floor])


def _maxima(scores: Scores) -> Scores:
    whole = len(scores) // BLOCK * BLOCK
    return np.asarray(scores[:whole].reshape(BLOCK, -1).max(axis=0)) if whole else scores[:0]


@dataclass(frozen=True, slots=True)
class Known:
    """Scores that one question has already cost: of `rows`, ascending."""

    rows: NDArray[np.integer]
    scores: Scores

    @classmethod
    def of(cls, rows: NDArray[np.integer], scores: Scores) -> "Known":
        """From rows in any order."""
        order = np.argsort(rows)
        return cls(rows[order], scores[order])

    def and_of(self, rows: NDArray[np.integer], score: Callable[[NDArray[np.integer]], Scores]) -> Scores:
        """The scores of `rows`, (rows,); only those not known yet are asked of `score`."""
        if not len(self.rows):
            return score(rows)
        at = np.minimum(self.rows.searchsorted(rows), len(self.rows) - 1)
        out = self.scores[at]
        new = np.flatnonzero(self.rows[at] != rows)
        if len(new):
            out[new] = score(rows[new])
        return out
