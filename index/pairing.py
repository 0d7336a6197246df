"""What of a text a static encoder adds up: its words, each once, and which of them stand side by side.

A word that comes again adds less each time, as in BM25. Two neighbouring tokens are hashed to one of a few thousand
rows, the part that sees word order. How much such a row counts is the product of two shares, one for each token: a
pair of rare words says more than a pair of usual ones.
"""

import numpy as np
from numpy.typing import NDArray

_FULL = 128  # tokens of a passage that counts in full, some more than 200 characters

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


def damped(
    ids: NDArray[np.int64], ends: NDArray[np.int64], power: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Each token once a text, as (ids, ends, weights); its weight is how often it stands there, to the `power`.

    Text i is tokens `ends[i]` to `ends[i + 1]`, before and after; after, they are sorted.
    """
    texts = np.arange(len(ends), dtype=np.int64) << 32
    keys = np.repeat(texts[:-1], np.diff(ends)) | ids
    keys.sort()
    begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else np.zeros(0, np.int64)
    counts = np.diff(begins, append=len(keys)).astype(np.float32)
    kept = keys[begins]
    return kept & 0xFFFFFFFF, np.searchsorted(kept, texts), counts**power


def standing(ends: NDArray[np.int64], brevity: float) -> NDArray[np.float32]:
    """How much each text counts as a passage, at most 1: (its tokens / 128) ** `brevity`; text i as in `damped`.

    A short text has few words to differ in, so its cosines are too high; cosine's own normalisation is turned
    somewhat back towards length (pivoted length normalisation, Singhal 1996).
    """
    shares = np.minimum(np.diff(ends) / np.float32(_FULL), np.float32(1))
    return (shares ** np.float32(brevity)).astype(np.float32)
