"""Whether an answer may answer the question. Gibberish and questions about something else have results, too.

Nothing is withheld for it: the answer says `confident: false`, and its results below what chance gives are marked.
The signals of the legs (index.retrieval.signals) are weighed as a logistic regression weighs them that was fitted to
questions with an answer, lay people's to laws among them, against questions of other corpora and random characters:

    score     = 10.1 * dense signal + 2.3 * coverage + 1.36 * strength - 6.45 - 3.2 * gibberish
    gibberish = share of the question's characters that are words of their own * share of its pairs that stand nowhere

What an answer needs is another score in indexes of another size. In a small one a right answer has few that are near
beside it, and true questions miss pairs, too; in a large one something is near to whatever is asked, and one of many
laws may answer a lay question in words of its own. So true questions, lay people's above all, set how much
of the rest is doubted: most in indexes of some thousand chunks, half of it where there are fewer or many more. Each leg
alone has a regression of its own. Where it is not known what cosines chance gets, in indexes too small to be measured
under another encoder than the bundled one, words alone judge what all legs found. What all this catches and what it
costs, scripts/bench/confidence.py measures.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from index.backend import Backend, Lister
from index.calibration import Chance, Measured
from index.config import BUNDLED_MODEL
from index.retrieval.signals import Scores, dense_signal, most_covered, strength
from search.models import Mode
from search.query.parse import Query
from search.query.stopwords import FUNCTION_WORDS

# Dense signals of questions without meaning under the bundled encoder, median and 95th percentile, in the index that
# the weights were fitted to; another encoder's are put on that scale.
_FITTED = (0.28, 0.37)


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the signals; and the scores that an answer needs in indexes of some numbers of chunks: between and beyond them
    in straight lines over the logarithm.
    """

    dense: float
    coverage: float
    strength: float
    gibberish: float
    constant: float
    needed: Sequence[tuple[int, float]]

    def threshold(self, chunks: int) -> float:
        """The score an answer needs among so many chunks."""
        size = math.log(max(chunks, 1))
        sizes, scores = np.log([most for most, _ in self.needed]), [score for _, score in self.needed]
        slope = (scores[-1] - scores[-2]) / float(sizes[-1] - sizes[-2])
        return float(np.interp(size, sizes, scores)) + slope * max(0.0, size - float(sizes[-1]))


WEIGHTS: Mapping[Mode, Weights] = {
    "hybrid": Weights(
        10.07,
        2.31,
        1.36,
        -3.16,
        -6.45,
        ((7, -5.75), (700, -4.15), (2_000, -3.6), (4_000, -2.0), (9_000, -1.5), (67_000, -3.3)),
    ),
    "bm25": Weights(
        0.0,
        1.6,
        2.54,
        -4.51,
        -3.62,
        ((7, -3.5), (700, -2.95), (2_000, -2.4), (4_000, -0.6), (9_000, -0.4), (67_000, -2.8)),
    ),
    "dense": Weights(
        13.86,
        0.0,
        0.0,
        -4.32,
        -4.96,
        ((7, -3.75), (700, -3.35), (2_000, -2.9), (4_000, -1.7), (9_000, -1.25), (67_000, -2.15)),
    ),
}


class Found(NamedTuple):
    """What a question found: idf of its words, the BM25 of its candidates, their scaled cosines and how much of the
    words their articles hold, all (candidates,), and how many chunks hold a word.
    """

    query: Query
    idf: Mapping[str, float]
    bm25: Scores
    dense: Scores
    covered: Scores
    frequency: Callable[[str], int]


class Confidence:
    """Judges the answers of one commit. Safe to use from several threads."""

    def __init__(self, backend: Backend, threshold: float | None = None) -> None:
        """`threshold` is the score that an answer needs, instead of the index's own."""
        self._pair_frequency = backend.pair_frequency if isinstance(backend, Lister) else None
        self.measured = Measured.from_json(backend.calibration.get("measured"), backend.encoder_fingerprint)
        self._chunks = backend.stats().chunks
        self._bundled = backend.stats().encoder == BUNDLED_MODEL
        self._threshold = threshold

    def threshold(self, mode: Mode) -> float:
        """The score an answer needs."""
        return WEIGHTS[self._judge(mode)].threshold(self._chunks) if self._threshold is None else self._threshold

    def _judge(self, mode: Mode) -> Mode:
        """Whose regression judges: words alone where it is not known what cosines chance gets of this encoder."""
        return mode if self._bundled or self.measured else "bm25"

    def confident(self, mode: Mode, found: Found) -> bool:
        """Whether what was `found` may answer; `mode` are the legs asked."""
        needed = self.threshold(mode)
        return self.score(mode, found, enough=needed) >= needed

    def score(self, mode: Mode, found: Found, *, enough: float | None = None) -> float:
        """What is compared with the threshold; with `enough` no more of it than tells on which side of that it is."""
        mode = self._judge(mode)
        highest = float(found.bm25.max(initial=0.0))
        if mode == "hybrid" and not highest:  # not one word of it stands here: vectors alone must be sure
            shift = self.threshold("hybrid") - self.threshold("dense")
            return self.score("dense", found, enough=None if enough is None else enough - shift) + shift
        weights = WEIGHTS[mode]
        score = weights.constant + weights.strength * strength(found.idf, highest)
        if weights.dense:
            score += weights.dense * self._scaled(dense_signal(found.dense))
        most = -weights.gibberish  # what it could take
        if enough is not None and score - most >= enough:
            return score - most
        if weights.coverage:
            score += weights.coverage * most_covered(found.bm25, found.covered)
        if enough is not None and not score - most < enough <= score:
            return score if score < enough else score - most
        return score - most * self.gibberish(found.query, found.frequency)

    def _scaled(self, signal: float) -> float:
        """A dense signal as the bundled encoder would give it."""
        if self._bundled or self.measured is None:
            return signal
        chance = self.measured.chance
        spread = max(chance.dense_high - chance.dense, 1e-6)
        return _FITTED[0] + (signal - chance.dense) * (_FITTED[1] - _FITTED[0]) / spread

    def gibberish(self, query: Query, frequency: Callable[[str], int]) -> float:
        """How much a question is made of characters that form no words and never meet here, 0..1."""
        words = [term for term in query.lexical.words if term not in FUNCTION_WORDS]
        pairs = [pair for pair in query.lexical.bigrams if len(pair) == 2]
        if not pairs:
            return float(not any(map(frequency, words)))
        lone = sum(len(word) == 1 for word in words) / max(1, sum(map(len, words)))
        if not lone or self._pair_frequency is None:
            return 0.0
        return lone * sum(not self._pair_frequency(pair) for pair in pairs) / len(pairs)


def chance_score(chance: Chance, weight: float, full: float) -> float:
    """The mixed score of the best that a question without meaning finds.

    `weight` is BM25's; `full` the BM25 over idf mass that its scale takes for 1.
    """
    return weight * min(1.0, chance.strength / full) + (1 - weight) * chance.nearest
