"""What of a text a static encoder adds up: its words, each once, and which of them stand side by side.

A word that comes again adds less each time, as in BM25. Two neighbouring tokens are hashed to one of a few thousand
rows, the part that sees word order. How much such a row counts is the product of two shares, one for each token: a
pair of rare words says more than a pair of usual ones. In a text as long as a sentence the tokens next but one to
each other make pairs as well: there, order is most of what tells two texts apart.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_FULL = 128  # tokens of a passage that counts in full, some more than 200 characters
_SENTENCE = 24  # tokens of a usual sentence
SALT = 506_816  # keeps pairs two apart from the rows of neighbours; any number above all token ids would do

# Odd constants of Fibonacci hashing (golden ratio) and of splitmix64's first mixing step.
SPREAD, MIX = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9


class Reach(NamedTuple):
    """How much pairs count by the length n of their text, 24 tokens being a sentence.

    Neighbours count min(1, 24 / n) ** `fall`; tokens two apart `far` in a sentence, less by halving or doubling,
    nothing from `octaves` of either on: `far` * max(0, 1 - |log2(n / 24)| / `octaves`). Both were measured.
    """

    far: float = 0.0
    octaves: float = 1.0
    fall: float = 0.0

    def near(self, ends: NDArray[np.int64]) -> NDArray[np.float32]:
        """What neighbours count, (n,), in each text; text i is tokens `ends[i]` to `ends[i + 1]`."""
        lengths = np.maximum(np.diff(ends), _SENTENCE).astype(np.float32)
        weights: NDArray[np.float32] = (np.float32(_SENTENCE) / lengths) ** np.float32(self.fall)
        return weights

    def apart(self, ends: NDArray[np.int64]) -> NDArray[np.float32]:
        """What tokens two apart count, (n,), in each text."""
        if self.far <= 0:
            return np.zeros(len(ends) - 1, np.float32)
        octaves = np.abs(np.log2(np.maximum(np.diff(ends), 1) / _SENTENCE))
        return (self.far * np.maximum(0, 1 - octaves / self.octaves)).astype(np.float32)


def pair_rows(left: NDArray[np.integer], right: NDArray[np.integer], rows: int, apart: int = 1) -> NDArray[np.int64]:
    """The row, below `rows`, of each pair (left[i], right[i]) of token ids `apart`; (a, b) and (b, a) differ."""
    salted = left.astype(np.uint64) + np.uint64((apart - 1) * SALT)
    mixed = (salted * np.uint64(SPREAD) + right.astype(np.uint64)) * np.uint64(MIX)
    return ((mixed >> np.uint64(24)) % np.uint64(rows)).astype(np.int64)


def neighbours(ends: NDArray[np.int64], apart: int = 1) -> NDArray[np.int64]:
    """Places of the first token of each pair `apart` within one text; text i is tokens `ends[i]` to `ends[i + 1]`."""
    inside = np.ones(int(ends[-1]), bool)
    sizes = ends[1:] - ends[:-1]
    for back in range(1, apart + 1):
        inside[ends[1:][sizes >= back] - back] = False
    return np.flatnonzero(inside)


def two_apart(
    ids: NDArray[np.integer], ends: NDArray[np.int64], shares: NDArray[np.float32], rows: int, reach: Reach
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Pairs of tokens two apart, of the texts where they count: (those texts, rows, ends, weights).

    Pairs of `texts[i]` are `ends[i]` to `ends[i + 1]`; a weight is the product of the tokens' `shares`, times what
    such pairs count in their text.
    """
    counts = reach.apart(ends)
    texts = np.flatnonzero(counts)
    lengths = (ends[1:] - ends[:-1])[texts]
    begins = np.concatenate([[0], np.cumsum(lengths)])
    kept = ids[np.arange(begins[-1]) + np.repeat(ends[texts] - begins[:-1], lengths)]
    left = neighbours(begins, 2)
    one, other = kept[left], kept[left + 2]
    starts = np.searchsorted(left, begins)
    weights = shares[one] * shares[other] * np.repeat(counts[texts], np.diff(starts))
    return texts, pair_rows(one, other, rows, 2), starts, weights


def damped(
    ids: NDArray[np.int64], ends: NDArray[np.int64], power: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Each token once a text, as (ids, ends, weights); its weight is how often it stands there, to the `power`.

    Text i is tokens `ends[i]` to `ends[i + 1]`, before and after; after, they are sorted.
    """
    texts = np.arange(len(ends), dtype=np.int64) << 32
    keys = np.repeat(texts[:-1], ends[1:] - ends[:-1]) | ids
    keys.sort()
    first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    begins = np.flatnonzero(first)
    counts = (np.append(begins[1:], len(keys)) - begins).astype(np.float32) if len(keys) else np.zeros(0, np.float32)
    kept = keys[begins]
    return kept & 0xFFFFFFFF, np.searchsorted(kept, texts), counts**power


def length_norms(ends: NDArray[np.int64], exponent: float) -> NDArray[np.float32]:
    """How much each text counts as a passage, at most 1: (its tokens / 128) ** `exponent`; text i as in `damped`.

    A short text has few words to differ in, so its cosines are too high; cosine's own normalisation is turned
    somewhat back towards length (pivoted length normalisation, Singhal 1996).
    """
    shares = np.minimum(np.diff(ends) / np.float32(_FULL), np.float32(1))
    return (shares ** np.float32(exponent)).astype(np.float32)


def lengths_of(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length (n,) of each of `rows` (n, columns)."""
    lengths: NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    return lengths


def passage_scales(
    sums: NDArray[np.float32], lengths: NDArray[np.float32], length_norms: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What `sums` (n, columns) of passages are multiplied by, (n,), and how long they are then: no longer than 1.

    That is `length_norms` (n,) over `lengths` (n,), which are without pairs two apart: a question of few words asks for
    none of these, and a passage must not seem farther from it for having them.
    """
    whole = lengths_of(sums)
    scales = np.minimum(length_norms / np.maximum(lengths, 1e-12), 1 / np.maximum(whole, 1e-12))
    return scales, whole * scales
