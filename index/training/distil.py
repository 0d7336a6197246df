"""Rows that learned from a teacher: what a static encoder knows of topics and what the teacher knows of meaning.

    the teacher's vectors of short texts -> rows whose sums come nearest to them (ridge regression)
    -> their principal axes, beside those of the rows there are, so that a vector stays as long as it was

Regression on a teacher's vectors is how model2vec's potion models are made (tokenlearn, Minish 2024); here their
short texts find what the contrastive rows lack, and neither is lost in the other's columns.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from index.encoders.vectors import unit_rows
from index.models import Vectors
from index.training.model import product
from index.training.pairs import bags

_ROUNDS = 3  # regressions, each with the lengths that the rows before it give the texts
_ITERATIONS = 12  # of conjugate gradients
_SHORTEST = 0.2  # a text's sum counts as no shorter
RIDGE = 2.0  # occurrences of a token in texts of length 1 that weigh as much as no knowledge of it


def counted(ids: NDArray[np.int32], ends: NDArray[np.int64], tokens: int, power: float) -> Any:
    """The sparse matrix (texts, tokens) of how much each token counts: n ** `power` where it stands n times."""
    found = bags(ids, ends, tokens)
    found.sum_duplicates()
    found.data **= np.float32(power)
    return found


def taught_rows(
    texts: Any, target: Vectors, weights: NDArray[np.float32], prior: Vectors, ridge: float = RIDGE
) -> Vectors:
    """Rows (tokens, dim) whose sums, brought to length 1, come nearest to the rows of `target` (texts, dim).

    `texts` (texts, tokens): how much each token counts in each text, CSR; `target`: the teacher's vectors, centred and
    of length 1; `weights` (texts,): how much each text counts. `prior`: the rows where texts say nothing.
    """
    rows, root = prior, np.sqrt(weights)
    for _ in range(_ROUNDS):
        lengths = np.linalg.norm(product(texts, rows), axis=1)
        scaled = (sparse.diags(root / np.maximum(lengths, _SHORTEST)) @ texts).tocsr().astype(np.float32)
        missed = target * root[:, None] - product(scaled, prior)
        rows = prior + _nearest(scaled, missed, rows - prior, ridge)
    return rows


def _nearest(texts: Any, target: Vectors, start: Vectors, ridge: float) -> Vectors:
    """The rows that bring |texts @ rows - target|^2 + ridge |rows|^2 down, by conjugate gradients from `start`.

    Preconditioned by the diagonal (Golub and Van Loan, 11.5); every column of `rows` is of one system.
    """
    turned = texts.T.tocsr()
    inverse = np.float32(1) / (np.asarray(texts.multiply(texts).sum(axis=0)).ravel() + np.float32(ridge))[:, None]
    rows = start.copy()
    rest = product(turned, target - product(texts, rows)) - np.float32(ridge) * rows
    along = inverse * rest
    size = float((rest * along).sum())
    for _ in range(_ITERATIONS):
        if size <= 0:
            break
        moved = product(turned, product(texts, along)) + np.float32(ridge) * along
        step = np.float32(size / float((along * moved).sum()))
        rows += step * along
        rest -= step * moved
        next_ = inverse * rest
        before, size = size, float((rest * next_).sum())
        along = next_ + np.float32(size / before) * along
    return rows


def centred(rows: Vectors, texts: Any) -> Vectors:
    """`rows` without the direction that `texts` have in common, which tells none of them from another."""
    mean = unit_rows(product(texts, rows)).mean(axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-12)
    alone: Vectors = rows - (rows @ mean)[:, None] * mean
    return alone


def principal(rows: Vectors, texts: Any, columns: int, flatten: float = 0.0) -> Vectors:
    """`rows` in `columns` columns: the principal axes of `texts`, wide ones first, so that a vector's head serves too.

    An axis on which texts vary by e counts e ** -flatten times what it did, since what tells few texts apart would
    drown otherwise; texts stay as long as they are. `texts` (texts, tokens): as the rows will be asked.
    """
    sums = product(texts, rows)
    length = np.linalg.norm(sums, axis=1).mean()
    units = unit_rows(sums)
    spread, axes = np.linalg.eigh((units.T @ units / len(units)).astype(np.float64))
    spread, axes = spread[::-1][:columns], axes[:, ::-1][:, :columns]
    turned: Vectors = rows @ (axes * np.maximum(spread, 1e-9) ** -flatten).astype(np.float32)
    turned *= np.float32(length / np.linalg.norm(product(texts, turned), axis=1).mean())
    return turned
