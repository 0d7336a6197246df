"""Words that stand in the same places: what a paraphrase might say instead, learned from the text itself.

Two words are alike when the words just before and just behind them are the same (Schuetze 1998). That finds
words of one kind, synonyms among them, and opposites too; contrastive training keeps what helps.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

_CONTEXTS = 6000  # the most frequent tokens, each a context on two sides
_AXES = 128


class Alike(NamedTuple):
    """For every token those likest to it, (tokens, near), likest first, and their cosines; 0 where there are none."""

    tokens: NDArray[np.int32]
    cosines: NDArray[np.float32]


def alike(ids: NDArray[np.int32], size: int, least: int = 100, near: int = 8) -> Alike:
    """The `near` likest tokens of each.

    `ids`: running text; `size`: tokens of the vocabulary. Tokens seen less than `least` times have and are no
    neighbours.
    """
    from scipy.sparse.linalg import svds

    places, cosines = np.zeros((size, near), np.int32), np.zeros((size, near), np.float32)
    counts = np.bincount(ids, minlength=size)
    known = np.flatnonzero(counts >= least)
    known = known[known > 0]
    if len(known) <= near + _AXES:
        return Alike(places, cosines)
    frequent = np.argsort(-counts, kind="stable")[:_CONTEXTS]
    column = np.full(size, -1)
    column[frequent] = np.arange(len(frequent))
    table = _information(ids, column, size)
    axes, lengths, _ = svds(table, k=_AXES, random_state=0)
    vectors = (axes * np.sqrt(lengths)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-9
    for begin in range(0, len(known), 1024):
        rows = known[begin : begin + 1024]
        scores = vectors[rows] @ vectors[known].T
        scores[np.arange(len(rows)), begin + np.arange(len(rows))] = -1.0
        best = np.argpartition(-scores, near, axis=1)[:, :near]
        order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1)
        best = np.take_along_axis(best, order, 1)
        places[rows], cosines[rows] = known[best], np.take_along_axis(scores, best, 1)
    return Alike(places, cosines)


def _information(ids: NDArray[np.int32], column: NDArray[np.int64], size: int) -> Any:
    """Positive pointwise mutual information of each token with each context before and behind it."""
    contexts = int(column.max()) + 1
    total = sparse.csr_matrix((size, 2 * contexts), dtype=np.float32)
    for begin in range(0, len(ids) - 1, 1 << 22):
        one, other = ids[begin : begin + (1 << 22)], ids[begin + 1 : begin + 1 + (1 << 22)]
        one = one[: len(other)]
        for word, context, side in ((other, one, 0), (one, other, contexts)):
            kept = column[context] >= 0
            places = (word[kept], column[context[kept]] + side)
            total = total + sparse.csr_matrix((np.ones(len(places[0]), np.float32), places), shape=total.shape)
    rows, columns = np.asarray(total.sum(1)).ravel(), np.asarray(total.sum(0)).ravel()
    table = total.tocoo()
    # Contexts smoothed by the power .75: rare ones would seem to say more than they do (Levy 2015).
    usual = columns**0.75
    data = np.log(table.data * usual.sum() / (rows[table.row] * usual[table.col]))
    keep = data > 0
    return sparse.csr_matrix((data[keep], (table.row[keep], table.col[keep])), shape=table.shape)
