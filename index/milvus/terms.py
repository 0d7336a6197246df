"""Terms as Milvus holds them: numbers for the sparse leg, and exact frequencies for exact scores.

A term of a field becomes a number of 64 bits; the sparse vector has its lower bits as dimension. Where two terms share
a dimension, a chunk is looked at in vain and nothing worse: scores are worked out from the frequencies, which are kept
under all 64 bits.
"""

import base64
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.bigrams import POSITION_BITS, pair_text, pairs_of
from index.analysis.fold import fold
from index.analysis.gaps import close_gaps
from index.analysis.terms import CHUNK_FIELDS, PAIRED, FieldTerms
from index.retrieval.bm25 import Bm25
from index.retrieval.segment_scorer import FIELD_WEIGHTS

OWN_FIELDS = tuple(field for field in FIELD_WEIGHTS if field in CHUNK_FIELDS)
WHOLE_FIELDS = tuple(field for field in FIELD_WEIGHTS if field not in CHUNK_FIELDS)
TITLE_PAIRS = "title_pairs"  # by which phrases are looked for, as by mixed-script bigrams; nothing is scored
MAX_DIMENSION = 2**32 - 2  # exclusive
MAX_TERMS_OF_AN_ARTICLE = 2_048  # in the sparse vector of each of its chunks, the most frequent ones
NO_TERM = 0  # a dimension of no term, so that no vector is empty
_MAX_REMEMBERED_TERMS = 1_000_000

Numbers = NDArray[np.uint64]


class Counted(NamedTuple):
    """The terms of one document of a field: their numbers, ascending, how often each stands there, and the length."""

    numbers: Numbers
    times: NDArray[np.int64]
    length: int

    def of(self, wanted: Numbers) -> NDArray[np.int64]:
        """How often each of `wanted` stands in the document."""
        if not len(self.numbers):
            return np.zeros(len(wanted), np.int64)
        at = np.minimum(np.searchsorted(self.numbers, wanted), len(self.numbers) - 1)
        return np.where(self.numbers[at] == wanted, self.times[at], 0)


Document = Mapping[str, Counted]
"""Field -> its terms in one chunk or article."""


@lru_cache(_MAX_REMEMBERED_TERMS)
def number_of(term: str) -> int:
    """64 bits for a term."""
    digest = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def dimensions(field: str, numbers: Numbers) -> NDArray[np.int64]:
    """The dimensions of a field's terms in the sparse vectors."""
    salt = np.uint64(number_of(f"\0{field}"))
    with np.errstate(over="ignore"):
        mixed = (numbers ^ salt) * np.uint64(0x9E3779B97F4A7C15)
    return np.asarray((mixed >> np.uint64(24)) % np.uint64(MAX_DIMENSION - 1) + np.uint64(1), np.int64)


def counted(terms: FieldTerms, field: str) -> tuple[list[Counted], Mapping[int, str]]:
    """The documents that an article adds to a field, counted; and the terms by their numbers."""
    flat = terms.numbers[field]
    if field in PAIRED:
        bits = np.uint64(POSITION_BITS)
        codes, at = np.unique((flat.astype(np.uint64) >> bits) << bits, return_inverse=True)
        names = [pair_text(int(code)) for code in codes.tolist()]
    else:
        codes, at = np.unique(flat, return_inverse=True)
        names = [terms.vocabulary[code] for code in codes.tolist()]
    unique = np.fromiter(map(number_of, names), np.uint64, len(names))
    numbers = unique[at]
    out, begin = [], 0
    for length in terms.lengths[field]:
        found, times = np.unique(numbers[begin : begin + length], return_counts=True)
        out.append(Counted(found, times.astype(np.int64), length))
        begin += length
    return out, dict(zip(unique.tolist(), names, strict=True))


def title_pairs(title: str) -> dict[int, str]:
    """The pairs of neighbouring letters in a title, by their numbers."""
    folded = close_gaps(fold(title)).text
    pairs = [pair_text(int(number)) for some in pairs_of(folded, [(0, len(folded))])[0] for number in some.tolist()]
    return {number_of(pair): pair for pair in pairs}


def packed(document: Document, name: str, vector: NDArray[np.float16]) -> str:
    """A document as text, with a checksum over it, its name and its vector."""
    parts = [np.asarray([len(document), _sum_of(name, vector)], np.uint32).tobytes()]
    for field in sorted(document):
        one = document[field]
        head = np.asarray([len(one.numbers), one.length], np.uint32)
        parts += [head.tobytes(), one.numbers.tobytes(), one.times.astype(np.uint32).tobytes()]
    return base64.b85encode(zlib.compress(b"".join(parts), 1)).decode("ascii")


def _sum_of(name: str, vector: NDArray[np.floating]) -> int:
    return zlib.crc32(np.asarray(vector, np.float16).tobytes(), zlib.crc32(name.encode("utf-8", "surrogatepass")))


def unpacked(text: str, fields: Sequence[str], name: str, vector: NDArray[np.floating]) -> dict[str, Counted]:
    """Back from `packed`, which had these fields, name and vector; ValueError where anything was altered."""
    try:
        data = zlib.decompress(base64.b85decode(text))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    count, want = np.frombuffer(data, np.uint32, 2).tolist()
    if count != len(fields) or want != _sum_of(name, vector):
        raise ValueError("its checksum is another")
    out, at = {}, 8
    for field in sorted(fields):
        count, length = np.frombuffer(data, np.uint32, 2, at).tolist()
        numbers = np.frombuffer(data, np.uint64, count, at + 8)
        times = np.frombuffer(data, np.uint32, count, at + 8 + 8 * count).astype(np.int64)
        out[field] = Counted(numbers, times, length)
        at += 8 + 12 * count
    return out


def sparse_vector(
    own: Document, whole: Document, marks: Mapping[str, Numbers], bm25: Bm25, averages: Mapping[str, float]
) -> dict[int, float]:
    """What a chunk gets for each term it or its article holds, but for idf and the fields' weights.

    `marks` are terms of fields that are looked for but not scored.
    """
    out: dict[int, float] = {NO_TERM: 1.0}
    for field, numbers in marks.items():
        for dimension in dimensions(field, numbers).tolist():
            out[dimension] = out.get(dimension, 0.0) + 1.0
    for field in FIELD_WEIGHTS:
        one = own[field] if field in OWN_FIELDS else whole[field]
        numbers, times = one.numbers, one.times
        if len(numbers) > MAX_TERMS_OF_AN_ARTICLE and field in WHOLE_FIELDS:
            kept = np.sort(np.argsort(-times, kind="stable")[:MAX_TERMS_OF_AN_ARTICLE])
            numbers, times = numbers[kept], times[kept]
        norm = bm25.norms(np.asarray([one.length]), averages.get(field, 0.0))
        parts = bm25.saturation(times, np.repeat(norm, len(times)))
        for dimension, part in zip(dimensions(field, numbers).tolist(), parts.tolist(), strict=True):
            out[dimension] = out.get(dimension, 0.0) + part
    return out


class Weighted(NamedTuple):
    """A question's terms in one field: names, numbers, and the weight of each, idf included."""

    field: str
    names: Sequence[str]
    numbers: Numbers
    weights: NDArray[np.float64]


def sparse_query(plan: Sequence[Weighted]) -> dict[int, float]:
    """A question for the sparse leg."""
    out: dict[int, float] = {}
    for some in plan:
        for dimension, weight in zip(dimensions(some.field, some.numbers).tolist(), some.weights.tolist(), strict=True):
            if weight > 0:
                out[dimension] = out.get(dimension, 0.0) + weight
    return out


def shares(
    plan: Sequence[Weighted], own: Document, whole: Document, bm25: Bm25, averages: Mapping[str, float]
) -> dict[str, float]:
    """What each term adds to a chunk's score, in the plan's order."""
    out: dict[str, float] = {}
    for some in plan:
        one = own[some.field] if some.field in OWN_FIELDS else whole[some.field]
        times = one.of(some.numbers)
        if not times.any():
            continue
        norm = bm25.norms(np.asarray([one.length]), averages[some.field]).astype(np.float64)
        parts = np.where(
            times > 0, bm25.saturation(np.maximum(times, 1).astype(np.float64), np.repeat(norm, len(times))), 0
        )
        for name, share in zip(some.names, (parts * some.weights).tolist(), strict=True):
            if share:
                out[name] = out.get(name, 0.0) + share
    return out
