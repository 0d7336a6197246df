"""Phrases by positions: where letters stand side by side in the passages of a segment, told from postings alone."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.analysis.bigrams import is_bigram, pairs_at
from index.analysis.terms import MIXED_BIGRAMS
from index.segments.postings import Positions, Postings, Rows, among

_MAX_BEFORE = 3  # characters that may stand before the first letter of a chunk: quotes, brackets
_BESIDE = 8  # letters on either side of a border that must be there: a chunk cut out of a sentence has more
_MAX_CHUNKS_TO_READ = 8  # chunks whose texts are read rather than looked at more closely
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


def at_border(fields: Mapping[str, Postings], run: str, chunk_articles: Rows) -> Rows:
    """The chunks that perhaps begin within `run`, two letters or digits or more, the chunk before them with its
    beginning: that of the same article, as `chunk_articles` says. Not sorted, some more than once.
    """
    pairs = {pair: _documents(fields, pair) for pair in map("".join, pairwise(run))}
    found = [np.zeros(0, np.int32)]
    for cut in range(1, len(run)):
        before, after = run[max(0, cut - _BESIDE) : cut], run[cut : cut + _BESIDE]
        # Documents with each pair, and how far behind them the chunk is that may begin at the cut; the rarest first.
        sought = [(pairs[pair], behind) for side, behind in ((before, 1), (after, 0)) for pair, _ in pairs_at(side)]
        sought.sort(key=lambda one: len(one[0]))
        begun = sought[0][0] + sought[0][1] if sought else _first(fields, after)
        begun = begun[(begun > 0) & (begun < len(chunk_articles))]
        begun = begun[chunk_articles[begun] == chunk_articles[begun - 1]]
        for documents, behind in sought[1:]:
            begun = begun[among(documents, begun - behind)[1]]
        if sought and len(begun) > _MAX_CHUNKS_TO_READ:
            first = np.sort(_first(fields, after[:2]))  # np.isin would load numpy.ma, as in storage.arrays
            begun = begun[among(first, begun)[1]]
        found.append(begun)
    return np.concatenate(found)


def _documents(fields: Mapping[str, Postings], pair: str) -> Rows:
    postings = fields["bigrams" if is_bigram(pair) else MIXED_BIGRAMS]
    return postings.documents(postings.terms.find(pair))


def _first(fields: Mapping[str, Postings], letters: str) -> Rows:
    """The chunks whose text begins with one letter or two."""
    if len(letters) == 2:
        ((postings, _, number, _),) = _parts(fields, letters)
        terms = [(postings, range(number, number + 1))] if number >= 0 else []
    else:
        terms = [(fields[name], fields[name].terms.prefix(letters)) for name in ("bigrams", MIXED_BIGRAMS)]
    found = [np.zeros(0, np.int32)]
    for postings, numbers in terms:
        if postings.positions is None:
            raise ValueError("a segment without positions")
        span = slice(int(postings.starts[numbers.start]), int(postings.starts[numbers.stop]))
        offsets = postings.positions.offsets
        values = postings.positions.values[int(offsets[numbers.start]) : int(offsets[numbers.stop])]
        found.append(np.repeat(postings.docs[span], postings.tfs[span])[values <= _MAX_BEFORE])
    return np.concatenate(found)


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
