"""How much of a question a passage says in the question's own order: a third signal, of the best candidates alone.

    alignment = (weight of the question's letters that stand in the passage in the same order, 0..1) ** 2

That is the longest common subsequence of both (Wagner & Fischer, JACM 1974; over words ROUGE-L, Lin 2004), of folded
letters and digits. BM25 counts words wherever they stand, and only where both sides cut them alike; vectors hardly see
order. Neither tells 从北京到上海 from 从上海到北京. Squared, since a long passage has a third of any question's letters
somewhere in order.

Half of a letter's weight is the same for all of them, half is the idf of the word it stands in, so that 的 counts, but
less than a name. A number counts as one letter, in either spelling: 2021 is not three quarters of 2024, and
二〇二四 is all of it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import Codes, codes_of, is_letter
from index.analysis.fold import fold, fold_all
from index.analysis.numerals import in_digits

try:
    from search.ranking import _align
except ImportError:  # no compiler where this was installed
    _align = None  # type: ignore[assignment]

POOL = 30  # candidates whose texts are looked at, the best of the mix of both legs
WEIGHT = 0.25  # of the score at most, off BM25's share. Chosen on halves of three sets, see scripts/bench/README.md
BY_CHANCE = 0.05  # alignment of what is found for a question that nothing answers; what is not looked at counts as this

_NUMBER = re.compile(r"[0-9]+")
_NUMBERS_FROM = 0xF0000  # code points of nobody's, which stand for the numbers of a question

Scores = NDArray[np.float64]


def alignments(question: str, idf: Mapping[str, float], passages: Sequence[str]) -> Scores:
    """How well each passage is aligned with `question`, (passages,), 0..1; `idf` of the question's words, folded."""
    numbers = _numbers(question)
    asked = _letters(question, numbers)
    if not len(asked):
        return np.zeros(len(passages))
    known, question_letters = np.unique(asked, return_inverse=True)
    said, weights = _said(known, _folded(passages, numbers)), _weights(asked, idf, numbers)
    return np.asarray(np.minimum(_said_in_order(said, question_letters, weights), 1.0) ** 2)


def _said_in_order(said: NDArray[np.int64], letters: NDArray[np.int64], weights: Scores) -> Scores:
    """The weight of the heaviest common subsequence of `letters`, which have `weights`, and each row of `said`."""
    if _align is not None:
        out = np.zeros(len(said))
        _align.weigh(said, letters, weights, np.empty(said.shape[1]), out)
        return out
    known = int(letters.max()) + 1
    stands = said[None] == np.arange(known)[:, None, None]  # (letters known, passages, places)
    # best[p, j]: weight of the question so far that passage p says in order up to its place j.
    best = np.zeros((len(said), said.shape[1] + 1))
    for letter, weight in zip(letters.tolist(), weights.tolist(), strict=True):
        longer = (best[:, :-1] + weight) * stands[letter]
        np.maximum(best[:, 1:], longer, out=best[:, 1:])
        best = np.maximum.accumulate(best, axis=1)
    return np.asarray(best[:, -1])


def aligned(mixed: Scores, pool: NDArray[np.integer], found: Scores, weight: float) -> Scores:
    """The scores of all candidates, (candidates,), by their `mixed` ones and the alignments `found` of those in `pool`,
    which count `weight`.

    What neither leg finds stays at 0.
    """
    whole = np.full(len(mixed), BY_CHANCE)
    whole[pool] = found
    return np.where(mixed > 0, (1 - weight) * mixed + weight * whole, 0.0)


def _numbers(question: str) -> dict[str, str]:
    """The numbers of a question, and the character that stands for each."""
    found: Iterable[str] = dict.fromkeys(map(_value, _NUMBER.finditer(in_digits(fold(question)))))
    return {number: chr(_NUMBERS_FROM + i) for i, number in enumerate(found)}


def _value(match: re.Match[str]) -> str:
    return match.group().lstrip("0")


def _folded(texts: Sequence[str], numbers: Mapping[str, str]) -> list[str]:
    """`texts` folded; where the question has `numbers`, they are a character each and others a blank."""
    folded = fold_all(texts)
    if not numbers:
        return folded
    return [_NUMBER.sub(lambda match: numbers.get(_value(match), " "), in_digits(text)) for text in folded]


def _letters(text: str, numbers: Mapping[str, str]) -> Codes:
    codes = codes_of(_folded([text], numbers)[0])
    return codes[is_letter(codes) | (codes >= _NUMBERS_FROM)]


def _said(known: Codes, passages: Sequence[str]) -> NDArray[np.int64]:
    """The letters of each passage as places in `known`, in order, and -1 behind the last; those not known are left out,
    since no common subsequence has them.
    """
    codes = codes_of("".join(passages))
    places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    kept = known[places] == codes
    rows = np.repeat(np.arange(len(passages)), [len(passage) for passage in passages])[kept]
    counts = np.bincount(rows, minlength=len(passages))
    said = np.full((len(passages), int(counts.max(initial=0))), -1, np.int64)
    said[rows, np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)] = places[kept]
    return said


def _weights(asked: Codes, idf: Mapping[str, float], numbers: Mapping[str, str]) -> Scores:
    """What each letter of a question counts, (letters,), 1 together."""
    text = asked.tobytes().decode("utf-32-le", "surrogatepass")
    telling = np.zeros(len(asked))
    for word, value in idf.items():
        letters = _letters(word, numbers)
        name = letters.tobytes().decode("utf-32-le", "surrogatepass")
        at = text.find(name) if name else -1
        while at >= 0:
            covered = telling[at : at + len(name)]
            np.maximum(covered, value / len(name), out=covered)
            at = text.find(name, at + 1)
    even = np.full(len(asked), 1 / len(asked))
    total = float(telling.sum())
    return (even + telling / total) / 2 if total > 0 else even
