"""Pairs of neighbouring characters as numbers, with their positions: what phrases are found by.

A number is, from the top, the first character, the second (0 after a lone one), and where in its text the pair begins.
Sorted, numbers are in the order of the pairs' UTF-8.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import codes_of, is_han, is_letter

Pairs = NDArray[np.uint64]

CODE_BITS = 18  # bits of a code point: beyond there are no letters
POSITION_BITS = 64 - 2 * CODE_BITS


def pair_text(number: int) -> str:
    """The two characters of a pair's number, or the one of a lone character's."""
    second = number >> POSITION_BITS & (1 << CODE_BITS) - 1
    return chr(number >> CODE_BITS + POSITION_BITS) + (chr(second) if second else "")


def pairs_of(folded: str, spans: Sequence[tuple[int, int]]) -> list[tuple[Pairs, Pairs]]:
    """The pairs of neighbouring letters in each stretch of a folded text, as numbers by their positions: bigrams,
    mixed-script bigrams.

    In bigrams both characters are Chinese, and one that has no Chinese neighbour in the stretch stands alone, as in
    `Tokenizer.bigrams`. In mixed-script bigrams one at least is another letter or a digit.
    """
    codes = codes_of(folded + "\0")  # one more, so that the last character has a neighbour
    han = is_han(codes)
    letters = han | (is_letter(codes) & (codes < 1 << CODE_BITS))
    before, after = np.append(False, han[:-1]), np.append(han[1:], False)
    paired = han & after
    joined = letters & np.append(letters[1:], False) & ~paired
    lone = (codes.astype(np.uint64) << np.uint64(CODE_BITS + POSITION_BITS)) + np.arange(len(codes), dtype=np.uint64)
    seconds = np.roll(codes, -1).astype(np.uint64) << np.uint64(POSITION_BITS)
    begins, ends = np.asarray(spans, np.int64).reshape(-1, 2).T
    last = np.maximum(ends - 1, begins)
    # A stretch may cut a character off from its only neighbour, before it or after it.
    inner = begins < last
    first_alone = inner & han[begins] & before[begins] & ~after[begins]
    last_alone = (begins < ends) & han[last] & ~(inner & before[last])
    at, starts = _spread(np.flatnonzero(paired | (han & ~before & ~after)), begins, last, first_alone, last_alone)
    bigrams = lone[at] + seconds[at] * paired[at]
    bigrams[starts[1:][last_alone] - 1] = lone[last[last_alone]]
    bigrams -= np.repeat(begins, np.diff(starts)).astype(np.uint64)
    none = np.zeros(len(begins), bool)
    at, edges = _spread(np.flatnonzero(joined), begins, last, none, none)
    mixed_bigrams = lone[at] + seconds[at]
    mixed_bigrams -= np.repeat(begins, np.diff(edges)).astype(np.uint64)
    some, more = starts.tolist(), edges.tolist()
    return [(bigrams[a:b], mixed_bigrams[c:d]) for a, b, c, d in zip(some, some[1:], more, more[1:], strict=False)]


def _spread(
    positions: NDArray[np.int64],
    begins: NDArray[np.int64],
    ends: NDArray[np.int64],
    with_begin: NDArray[np.bool_],
    with_end: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Those of `positions`, ascending, from `begins[i]` to before `ends[i]`, for all i one after the other; before them
    the begin and after them the end where that is wanted. And where those of each i start, (spans + 1,).
    """
    low, high = np.searchsorted(positions, begins), np.searchsorted(positions, ends)
    starts = np.append(0, np.cumsum(high - low + with_begin + with_end))
    inside = np.repeat(low - np.cumsum(high - low) + (high - low), high - low) + np.arange((high - low).sum())
    out = np.empty(starts[-1], np.int64)
    rest = np.ones(len(out), bool)
    for wanted, at, value in ((with_begin, starts[:-1], begins), (with_end, starts[1:] - 1, ends)):
        out[at[wanted]] = value[wanted]
        rest[at[wanted]] = False
    out[rest] = positions[inside]
    return out, starts


def pairs_at(run: str) -> list[tuple[str, int]]:
    """Pairs that make up a run together, none of a single character, and where in it each begins."""
    starts = [*range(0, len(run) - 1, 2), *([len(run) - 2] if len(run) % 2 and len(run) > 1 else [])]
    return [(run[at : at + 2], at) for at in starts]


def is_bigram(pair: str) -> bool:
    """Whether both characters are Chinese."""
    return bool(is_han(codes_of(pair)).all())
