"""The last columns of a token's row where they learned from a teacher: a part of a text's vector of its own.

What a teacher's vectors of short texts teach rows of words (which phrases mean the same) holds for short texts, and
less for passages, whose topics the other columns know. So its sum is brought to length 1 by itself, and how much it
counts depends on how long a passage is: much in a title or a question kept as an article, little in 200 characters.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.encoders.token_pairs import lengths_of
from index.models import Vectors

Factors = tuple[Vectors, Vectors] | None
_NOTHING = np.float32(1e-12)  # a shorter sum is none


class Taught(NamedTuple):
    """How a vector is put together of the rest of its columns and of `columns` that learned from a teacher; 0: none.

    In questions, and in passages of up to `short` tokens, these have the share `weight` of the squared length; in
    passages of `long` tokens and more they count `least` times that, in between by the logarithm of the tokens.
    """

    columns: int = 0
    weight: float = 0.4
    short: float = 12.0
    long: float = 32.0
    least: float = 0.35

    @property
    def factor(self) -> float:
        """Length of the taught part of a question beside the rest, which has length 1."""
        return math.sqrt(self.weight / (1 - self.weight))

    def factors(self, ends: NDArray[np.int64]) -> tuple[Vectors, Vectors]:
        """By what the rest of a passage, and its taught part of length 1, are multiplied: (n,) each.

        Text i is tokens `ends[i]` to `ends[i + 1]`. The less the taught part can agree with a question's, the more the
        rest counts, so that passages of all lengths are found alike; the longest row stays as long as it was.
        """
        sizes = np.maximum(np.diff(ends), 1).astype(np.float32)
        far = np.clip(np.log2(sizes / np.float32(self.short)) / np.float32(np.log2(self.long / self.short)), 0, 1)
        factor = self.factor
        part = factor * (1 - (1 - self.least) * far)
        rest = 1 + factor * (factor - part)
        longest = max(np.hypot(1, factor), np.hypot(1 + factor**2 * (1 - self.least), factor * self.least))
        return (rest / longest).astype(np.float32), (part / longest).astype(np.float32)


def joined(
    rest: Vectors, part: Vectors, columns: slice, taught: Taught, given: tuple[Vectors, Vectors], factors: Factors
) -> Vectors:
    """`rest` (n, dim), sums with zeros at `columns`, with the sums `part` (n, columns) put in there; it is changed.

    `given`: what `rest` is multiplied by without a teacher, (n,), and how long it is then; `factors` as of
    `Taught.factors` for passages, none for questions.
    """
    scales, lengths = given
    sizes = lengths_of(part)
    if factors:
        of_rest, of_part = factors[0], factors[1] * lengths
    else:
        factor = np.float32(taught.factor)
        known = np.sqrt(lengths + factor * factor * (sizes > _NOTHING).astype(np.float32))
        of_rest = (1 / np.maximum(known, _NOTHING)).astype(np.float32)
        of_part = of_rest * factor
    rest *= (scales * of_rest)[:, None]
    np.multiply(part, (of_part / np.maximum(sizes, _NOTHING))[:, None], out=rest[:, columns])
    return rest


def read_taught(tensors: Mapping[str, NDArray[Any]], tokens: int) -> Taught:
    """What a file's `tensors` say of it. Raises ValueError where rows of `tokens` columns cannot have that."""
    if "taught" not in tensors:
        return Taught()
    columns, *given = tensors["taught"].tolist()
    found = Taught(int(columns), *given)
    sound = 0 <= columns < tokens and 0 < found.weight < 1 and 0 <= found.least <= 1 and 1 <= found.short < found.long
    if not sound:
        raise ValueError(f"got {found} for rows of {tokens} columns")
    return found
