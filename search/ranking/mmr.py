"""Results that differ from each other: maximal marginal relevance (Carbonell & Goldstein, SIGIR 1998). Pure."""

import numpy as np
from numpy.typing import NDArray

POOL = 100  # results that are put in another order; the same for every page, so that pages fit together


def mmr(scores: NDArray[np.float64], vectors: NDArray[np.float32], diversity: float) -> list[int]:
    """The order in which results come: each next one has the greatest

        (1 - diversity) * score / best score - diversity * its greatest cosine to one that came before

    `scores` (n,) are above 0, best first; `vectors` (n, dim) of length 1 or 0; ties keep their order.
    """
    if not len(scores):
        return []
    worth = (1 - diversity) * scores / scores[0]
    alike = np.zeros(len(scores))
    left = np.ones(len(scores), bool)
    order = []
    for _ in range(len(scores)):
        at = int(np.argmax(np.where(left, worth - diversity * alike, -np.inf)))
        order.append(at)
        left[at] = False
        alike = np.maximum(alike, vectors @ vectors[at])
    return order
