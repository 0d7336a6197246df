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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import Codes, codes_of, is_letter
from index.analysis.fold import fold, fold_all
from index.analysis.numerals import in_digits

try:
    from search.ranking._align import in_order
except ImportError:  # no compiler where this was installed
    in_order = None  # type: ignore[assignment]

POOL = 30  # candidates whose texts are looked at, the best of the mix of both legs
WEIGHT = 0.25  # of the score at most, off BM25's share. Chosen on halves of three sets, see scripts/bench/README.md
BY_CHANCE = 0.05  # alignment of what is found for a question that nothing answers; what is not looked at counts as this

_NUMBER = re.compile(r"[0-9]+")
_NUMBERS_FROM = 0xF0000  # code points of nobody's, which stand for the numbers of a question

Scores = NDArray[np.float64]


class Asked(NamedTuple):
    """A question as texts are laid beside it: its numbers, each with the character that stands for it; the code points
    of its letters, (letters,), and what each counts, (letters,), 1 together.
    """

    numbers: Mapping[str, str]
    letters: Codes
    weights: Scores

    @classmethod
    def of(cls, folded: str, idf: Mapping[str, float]) -> "Asked":
        """A folded question, and the `idf` of its words."""
        folded = in_digits(folded)
        numbers = _numbers(folded)
        letters = _letters(folded, numbers)
        return cls(numbers, letters, _weights(letters, idf, numbers))

    @property
    def has_numbers(self) -> bool:
        """Whether passages are to be given with their numerals in digits; see `readings`."""
        return bool(self.numbers)

    def alignments(self, passages: Sequence[str]) -> Scores:
        """How well each of the passages, as `readings` gives them, is aligned with the question, (passages,), 0..1."""
        found = np.zeros(len(passages))
        if len(self.letters) and passages:
            said = [_marked(passage, self.numbers) for passage in passages] if self.numbers else passages
            lay = _in_order if in_order is None else in_order
            lay(codes_of("".join(said)), _ends(said), self.letters, self.weights, found)
        return np.asarray(np.minimum(found, 1.0) ** 2)


def readings(passages: Sequence[str], *, digits: bool) -> list[str]:
    """Passages as they are laid beside a question: folded, and their numerals in `digits` where it has numbers."""
    folded = fold_all(passages)
    return [*map(in_digits, folded)] if digits else folded


def _ends(texts: Sequence[str]) -> NDArray[np.int64]:
    return np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))


def _in_order(texts: Codes, ends: NDArray[np.int64], asked: Codes, weights: Scores, out: Scores) -> None:
    """Into `out`, (texts,), the weight of the heaviest common subsequence of a question `asked`, whose letters have
    `weights`, and of each text: `texts` are their code points back to back, and `ends` where each ends.
    """
    known, letters = np.unique(asked, return_inverse=True)
    said = _said(known, texts, ends)
    stands = said[None] == np.arange(len(known))[:, None, None]  # (letters known, texts, places)
    # best[t, j]: weight of the question so far that text t says in order up to its place j.
    best = np.zeros((len(said), said.shape[1] + 1))
    for letter, weight in zip(letters.tolist(), weights.tolist(), strict=True):
        longer = (best[:, :-1] + weight) * stands[letter]
        np.maximum(best[:, 1:], longer, out=best[:, 1:])
        best = np.maximum.accumulate(best, axis=1)
    out[:] = best[:, -1]


def aligned(mixed: Scores, pool: NDArray[np.integer], found: Scores, weight: float) -> Scores:
    """The scores of all candidates, (candidates,), by their `mixed` ones and the alignments `found` of those in `pool`,
    which count `weight`.

    What neither leg finds stays at 0.
    """
    whole = np.full(len(mixed), BY_CHANCE)
    whole[pool] = found
    return np.where(mixed > 0, (1 - weight) * mixed + weight * whole, 0.0)


def _numbers(folded: str) -> dict[str, str]:
    """The numbers of a question, and the character that stands for each."""
    found: Iterable[str] = dict.fromkeys(map(_value, _NUMBER.finditer(folded)))
    return {number: chr(_NUMBERS_FROM + i) for i, number in enumerate(found)}


def _value(match: re.Match[str]) -> str:
    return match.group().lstrip("0")


def _marked(folded: str, numbers: Mapping[str, str]) -> str:
    """A folded text whose numbers that the question has are a character each, and others a blank."""
    return _NUMBER.sub(lambda match: numbers.get(_value(match), " "), folded)


def _letters(folded: str, numbers: Mapping[str, str]) -> Codes:
    codes = codes_of(_marked(folded, numbers) if numbers else folded)
    return codes[is_letter(codes) | (codes >= _NUMBERS_FROM)]


def _said(known: Codes, codes: Codes, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """The letters of each text as places in `known`, in order, and -1 behind the last; those not known are left out,
    since no common subsequence has them.
    """
    places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    kept = known[places] == codes
    rows = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))[kept]
    counts = np.bincount(rows, minlength=len(ends))
    said = np.full((len(ends), int(counts.max(initial=0))), -1, np.int64)
    said[rows, np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)] = places[kept]
    return said


def _weights(asked: Codes, idf: Mapping[str, float], numbers: Mapping[str, str]) -> Scores:
    """What each letter of a question counts, (letters,), 1 together."""
    text = _text(asked)
    each = [0.0] * len(text)
    for word, value in idf.items():
        name = word if word.isalnum() and not numbers else _text(_letters(in_digits(fold(word)), numbers))
        weight = value / max(1, len(name))
        at = text.find(name) if name else -1
        while at >= 0:
            for n in range(at, at + len(name)):
                if each[n] < weight:
                    each[n] = weight
            at = text.find(name, at + 1)
    telling = np.array(each)
    even = np.full(len(asked), 1 / max(1, len(asked)))
    total = float(telling.sum())
    return (even + telling / total) / 2 if total > 0 else even


def _text(codes: Codes) -> str:
    return codes.tobytes().decode("utf-32-le", "surrogatepass")
