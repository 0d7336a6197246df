"""Pairs of neighbouring characters as numbers, with the places where they stand: what phrases are found by.

A number is, from the top, the first character, the second (0 after a lone one), and where in its text the pair begins.
Sorted, numbers are in the order of the pairs' UTF-8.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Pairs = NDArray[np.uint64]

CODE_BITS = 18  # bits of a code point: beyond there are no letters
PLACE_BITS = 64 - 2 * CODE_BITS
_HAN_RANGES = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))  # as index.tokens has them


def pair_text(number: int) -> str:
    """The two characters of a pair's number, or the one of a lone character's."""
    second = number >> PLACE_BITS & (1 << CODE_BITS) - 1
    return chr(number >> CODE_BITS + PLACE_BITS) + (chr(second) if second else "")


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each code point is: 2 a Chinese character, 1 another letter or a digit, 0 neither. A lookup is quick."""
    table = np.fromiter(map(str.isalnum, map(chr, range(1 << CODE_BITS))), np.uint8, 1 << CODE_BITS)
    for low, high in _HAN_RANGES:
        table[low : high + 1] = 2
    return table


def pairs_of(folded: str, spans: Sequence[tuple[int, int]]) -> list[tuple[Pairs, Pairs]]:
    """The pairs of neighbouring letters in each stretch of a folded text, as numbers: bigrams, and joins.

    In bigrams both characters are Chinese, and one that has no Chinese neighbour in the stretch stands alone: as
    `Tokenizer.bigrams`, in another order, but those of one kind by their places. In joins one at least is another
    letter or a digit.
    """
    codes = np.append(np.frombuffer(folded.encode("utf-32-le", "surrogatepass"), np.uint32), np.uint32(0))
    kinds = _kinds().take(codes, mode="clip")
    han = kinds == 2
    before, after = np.append(False, han[:-1]), np.append(han[1:], False)
    letters = np.flatnonzero(kinds[:-1].astype(bool) & (kinds[1:] > 0))  # where a pair begins
    chinese = han[letters] & after[letters]
    first, joined = letters[chinese], letters[~chinese]
    lone = np.flatnonzero(han & ~before & ~after)
    lead = (codes.astype(np.uint64) << np.uint64(CODE_BITS + PLACE_BITS)) + np.arange(len(codes), dtype=np.uint64)
    bigrams, joins = (lead[at] + (codes[at + 1].astype(np.uint64) << np.uint64(PLACE_BITS)) for at in (first, joined))
    edges = np.asarray(spans, np.int64).reshape(-1, 2)
    inner = np.stack([edges[:, 0], edges[:, 1] - 1], axis=1)
    first_at, joined_at, lone_at = (
        np.searchsorted(at, ends).tolist() for at, ends in ((first, inner), (joined, inner), (lone, edges))
    )
    out = []
    for (start, end), (low, high), (some, more), (one, two) in zip(spans, first_at, joined_at, lone_at, strict=True):
        alone = lone[one:two]
        # The stretch may cut a character off from its only neighbour.
        for at in {start, end - 1} if end > start else ():
            inside = (at > start and before[at]) or (at + 1 < end and after[at])
            if han[at] and not inside and (before[at] or after[at]):
                alone = np.sort(np.append(alone, at))
        begin = np.uint64(start)
        both = np.concatenate([bigrams[low : max(low, high)], lead[alone]])
        out.append((both - begin, joins[some : max(some, more)] - begin))
    return out


def pairs_at(run: str) -> list[tuple[str, int]]:
    """Pairs that make up a run of two characters or more together, and where in it each begins."""
    starts = [*range(0, len(run) - 1, 2), *([len(run) - 2] if len(run) % 2 else [])]
    return [(run[at : at + 2], at) for at in starts]


def is_bigram(pair: str) -> bool:
    """Whether both characters are Chinese."""
    return all(any(low <= ord(char) <= high for low, high in _HAN_RANGES) for char in pair)
