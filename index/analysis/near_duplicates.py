"""Near-duplicates: which articles are one story under several roofs.

Each article has a MinHash signature (Broder, 1997) of its folded text: the share of equal entries in two signatures
estimates the Jaccard similarity of their sets of six-character shingles. Signatures only nominate a pair; whether it
is one story is decided on the texts, because the same notice for another year or another place is another notice
although nearly every character is the same.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import codes_of, is_letter
from index.analysis.fold import fold

Signature = NDArray[np.uint32]

SIZE = 64  # entries; the estimate's standard error is at most 1 / (2 sqrt(64)) = .06
_SHINGLE_CHARS = 6  # characters
_BATCH_HASHES = 16_384  # hashes made at a time: 128 KiB, which stays in the cache
_MIN_CHARS = 60  # shorter texts are alike by chance
NOMINATED = 0.6  # estimated similarity from which two texts are looked at
_BATCH_SIGNATURES = 64  # signatures compared with all before them at once
_SHARED_THRESHOLD = 0.7  # share of the shorter text's sentences that must stand in the longer one
_NEWS_THRESHOLD = 2  # letters that only one of two texts has, from which it tells more
_ALIKE_THRESHOLD = 0.9  # of two sentences that say the same in about the same words

_LETTERS = re.compile(r"[\W_]+")
_SENTENCE = re.compile(r"[^。！？!?；;\n]+")
# What makes two otherwise equal sentences tell different things: numbers, dates, places.
_DISTINCTIVE = re.compile(r"\d|[〇零一二三四五六七八九十百千万亿两]|[省市县区州盟旗镇乡村街路号届期年月日]")


@cache
def _permutations() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Odd multipliers and offsets of SIZE multiply-shift hashes (Dietzfelbinger et al., 1997); never change them."""
    random = np.random.default_rng(20_261_122)
    multipliers = random.integers(1, 2**63, SIZE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return multipliers, random.integers(0, 2**63, SIZE, dtype=np.uint64)


def signature(text: str) -> Signature:
    """MinHash of the shingles of a text's letters, (SIZE,) uint32; zeros for a text too short to judge."""
    return folded_signature(fold(text))


def folded_signature(folded: str) -> Signature:
    """`signature` of a text that is folded already."""
    found: Signature = folded_signatures([folded])[0]
    return found


def folded_signatures(folded: Sequence[str]) -> NDArray[np.uint32]:
    """`folded_signature` of each text, (n, SIZE)."""
    codes = codes_of("".join(folded))
    text = np.repeat(np.arange(len(folded)), [len(one) for one in folded])
    letter = is_letter(codes)
    codes, text = codes[letter].astype(np.uint64), text[letter]
    signatures = np.zeros((len(folded), SIZE), np.uint32)
    if len(codes) < _SHINGLE_CHARS:
        return signatures
    shingles = np.zeros(len(codes) - _SHINGLE_CHARS + 1, np.uint64)
    for i in range(_SHINGLE_CHARS):
        shingles *= np.uint64(1_000_003)
        shingles += codes[i : len(codes) - _SHINGLE_CHARS + 1 + i]
    enough = np.bincount(text, minlength=len(folded)) >= _MIN_CHARS
    within = (text[: len(shingles)] == text[_SHINGLE_CHARS - 1 :]) & enough[text[: len(shingles)]]
    sizes = np.bincount(text[: len(shingles)][within], minlength=len(folded))[enough]
    signatures[enough] = _smallest(shingles[within], np.cumsum(sizes) - sizes)
    return signatures


def _smallest(shingles: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Signatures of texts whose shingles, one at least, begin at `starts`."""
    smallest = np.full((SIZE, len(starts)), np.iinfo(np.uint64).max)
    multipliers, offsets = (some[:, None] for some in _permutations())
    for begin in range(0, len(shingles), _BATCH_HASHES):
        some = shingles[begin : begin + _BATCH_HASHES]
        first = int(np.searchsorted(starts, begin, side="right")) - 1  # the text that goes on here
        after = int(np.searchsorted(starts, begin + len(some)))
        places = np.maximum(starts[first:after] - begin, 0)
        rows = max(1, _BATCH_HASHES // len(some))  # long rows take a third of the time of short ones
        for row in range(0, SIZE, rows):
            hashed = multipliers[row : row + rows] * some
            hashed += offsets[row : row + rows]
            least = smallest[row : row + rows, first:after]
            np.minimum(least, np.minimum.reduceat(hashed, places, axis=1), out=least)
    return (smallest.T >> np.uint64(32)).astype(np.uint32)


def similarity(one: Signature, many: NDArray[np.uint32]) -> NDArray[np.float64]:
    """Estimated Jaccard similarity of one text to each of `many`, (n, SIZE): (n,). A text too short is like none."""
    if not one.any():
        return np.zeros(len(many))
    return np.asarray((many == one).mean(axis=1))


def nominated(signatures: NDArray[np.uint32]) -> Iterator[list[int]]:
    """For each of the `signatures`, (n, SIZE), those before it that are alike enough to be looked at."""
    # Two that are alike are equal in many columns, and sorted, a column has its equals side by side. Mostly none are.
    ordered = np.sort(signatures, axis=0)
    if np.count_nonzero((ordered[1:] == ordered[:-1]).any(axis=0)) < NOMINATED * signatures.shape[1]:
        yield from ([] for _ in signatures)
        return
    for begin in range(0, len(signatures), _BATCH_SIGNATURES):
        some = signatures[begin : begin + _BATCH_SIGNATURES]
        equal = (some[:, None, :] == signatures[None, : begin + len(some), :]).sum(axis=2, dtype=np.uint8)
        rows, others = np.nonzero(equal >= NOMINATED * signatures.shape[1])
        rows += begin
        before: dict[int, list[int]] = {}
        for i, j in zip(rows.tolist(), others.tolist(), strict=True):
            if j < i and signatures[i].any():
                before.setdefault(i, []).append(j)
        yield from (before.get(i, []) for i in range(begin, begin + len(some)))


def near_duplicates(a: str, b: str) -> bool:
    """Whether two texts tell one story: most sentences shared, and none that differs in a number, date or place."""
    first, second = (_sentences(text) for text in (a, b))
    if len(first) > len(second):
        first, second = second, first
    common = set(first) & set(second)
    length = sum(map(len, first))
    if not length or sum(len(s) for s in first if s in common) < _SHARED_THRESHOLD * length:
        return False
    rest = [s for s in second if s not in common]
    return not any(_differs_in_substance(sentence, rest) for sentence in first if sentence not in common)


def tells_more(other: str, shown: str) -> bool:
    """Whether `other` says something that is not in `shown`, of which it is a near-duplicate, be it one sentence.

    A page cut into overlapping pieces gives pieces that share most and still answer different questions.
    """
    known, told = _LETTERS.sub("", fold(shown)), _sentences(shown)
    new = [sentence for sentence in _sentences(other) if sentence not in known]
    return sum(len(sentence) for sentence in new if not _like_any(sentence, told)) >= _NEWS_THRESHOLD


def _like_any(sentence: str, others: list[str]) -> bool:
    for other in others:
        matcher = SequenceMatcher(None, sentence, other, autojunk=False)
        if all(ratio() >= _ALIKE_THRESHOLD for ratio in (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)):
            return True
    return False


def _sentences(text: str) -> list[str]:
    found = (_LETTERS.sub("", match.group()) for match in _SENTENCE.finditer(fold(text)))
    return [sentence for sentence in found if sentence]


def _differs_in_substance(sentence: str, others: list[str]) -> bool:
    """Whether the sentence most like this one says it of another number, date or place."""
    for other in others:
        matcher = SequenceMatcher(None, sentence, other, autojunk=False)
        if matcher.real_quick_ratio() < 0.6 or matcher.ratio() < 0.6:
            continue
        for kind, i, j, k, m in matcher.get_opcodes():
            near = sentence[i : j + 1] + other[k : m + 1]  # with the unit that follows: 15|日, 青川|县
            if kind != "equal" and _DISTINCTIVE.search(near):
                return True
    return False
