"""Phrases by positions: where letters stand side by side in the passages of a segment, told from postings alone."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from index.analysis.bigrams import is_bigram, pairs_at
from index.analysis.terms import MIXED_BIGRAMS
from index.segments.postings import Positions, Postings, Rows

_NEVER = np.iinfo(np.int64).max  # beyond all documents and positions
_Part = tuple[Postings, Positions, int, int]  # of a run: a pair's postings, its number there, and where it begins


def occurrences(fields: Mapping[str, Postings], run: str) -> tuple[Rows, NDArray[np.int64]]:
    """The chunks that hold `run`, two letters or digits or more, ascending, one as often as the run stands in it;
    and where in the chunk's folded text each begins.

    `fields` must have positions. From the rarest pair on, the others are looked up for what is left.
    """
    parts = sorted(_parts(fields, run), key=lambda part: part[0].df(part[2]))
    left = _begins(parts[0])
    for part in parts[1:]:
        others = np.append(_begins(part), _NEVER)
        left = left[others[others.searchsorted(left)] == left]
    return (left >> 32).astype(np.int32), left & 0xFFFFFFFF


def _parts(fields: Mapping[str, Postings], run: str) -> Iterator[_Part]:
    for pair, at in pairs_at(run):
        postings = fields["bigrams" if is_bigram(pair) else MIXED_BIGRAMS]
        if postings.positions is None:
            raise ValueError("a segment without positions")
        yield postings, postings.positions, postings.terms.find(pair), at


def _begins(part: _Part) -> NDArray[np.int64]:
    """Document, and where a run of which this is a pair would begin, as one integer for each time the pair stands
    somewhere, ascending.
    """
    postings, positions, number, at = part
    if number < 0:
        return np.zeros(0, np.int64)
    span = slice(int(postings.starts[number]), int(postings.starts[number + 1]))
    offsets = positions.values[int(positions.offsets[number]) : int(positions.offsets[number + 1])]
    keys = np.repeat(postings.docs[span].astype(np.int64) << 32, postings.tfs[span])
    keys += offsets
    return keys[offsets >= at] - at if at else keys
