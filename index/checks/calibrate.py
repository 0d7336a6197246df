"""What the legs of an index are worth, measured without labels on the corpus's own known items.

A known item is a sentence of an article: whole, and with some of its words left out, as people remember it. Each
leg is asked for it and should find the article. What a question without meaning gets by chance is measured beside:
characters of the corpus drawn at random, which meet its chunks as random pairs do.

The measurements lie in the manifest, under `calibration.measured`; search interprets them (search.ranking.weights for
the weight and the scale of BM25, search.ranking.confidence for what is no answer). They take some 400 questions up to
50,000 chunks and fewer beyond, and are made again when the index has grown or shrunk by a quarter.
"""

import os
import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from index.analysis.chunk import sentences
from index.analysis.short_forms import definitions, learned
from index.analysis.tokenizer import Tokenizer
from index.backend import Backend, Writer
from index.calibration import VERSION, Chance, Measured
from index.candidates import Candidates
from index.encoders.base import Encoder
from index.models import Filters, LexicalQuery, StoredArticle
from index.retrieval.measures import DEPTH, ndcg
from index.retrieval.signals import dense_signal, idf_mass, scale_cosine, two_levels

MIN_ARTICLES = 50  # of fewer, chance alone decides which leg does better
_MAX_QUESTIONS = 150  # known items, up to so many chunks:
_MIN_CHUNKS_FOR_ALL = 50_000
_MIN_QUESTIONS = 60
_SENTENCE = range(4, 81)  # characters
_KEPT = (1.0, 0.7)  # fractions of its words that a known item keeps, where legs are compared
_RANDOM = range(4, 13)  # characters of a question without meaning
_DEPTH = 64  # chunks from each leg, as for a first page
_THREADS = 4  # questions asked at a time; two take two thirds of one's time


def calibrate(writer: Writer, tokenizer: Tokenizer, encoder: Encoder) -> None:
    """Measure what the legs are worth, for the next commit, where that was not done or the index has changed."""
    known = Measured.from_json(writer.calibration.get("measured"), encoder.fingerprint)
    articles, chunks = writer.counts()
    if articles < MIN_ARTICLES or (known and known.fits(chunks)):
        return
    index = writer.preview()
    found = measure(index, tokenizer, encoder)
    index.close()
    if found is not None:
        writer.calibrate("measured", found.to_json())


def learn_short_forms(writer: Writer, stored: Sequence[StoredArticle], tokenizer: Tokenizer) -> None:
    """Keep the short forms that articles define (index.analysis.short_forms) for the next commit."""
    known = writer.calibration.get("short_forms") or {}
    found = learned(known, (pair for item in stored for pair in definitions(item.article.text, tokenizer)))
    if found != known:
        writer.calibrate("short_forms", found)


def measure(index: Backend, tokenizer: Tokenizer, encoder: Encoder) -> Measured | None:
    """Ask `index` its own sentences; None where it has too few articles. The same index measures the same."""
    stats = index.stats()
    items = known_items(index, question_count(stats.chunks)) if stats.articles >= MIN_ARTICLES else []
    if len(items) < MIN_ARTICLES:
        return None
    floor = random_cosine(index, encoder, [text for _, text in items])
    asked = _Asked(index, tokenizer, encoder, floor)
    rng = random.Random(2)
    found: list[tuple[float, float]] = []
    strengths: list[float] = []
    deviations: list[float] = []
    for fraction in _KEPT:
        questions = [shortened(text, tokenizer, fraction, rng) for _, text in items]
        for (article_id, _), outcome in zip(items, asked.all(questions), strict=True):
            found.append((gain(outcome.by_bm25, article_id), gain(outcome.by_dense, article_id)))
            if fraction == 1 and outcome.mass > 0:
                strengths.append(outcome.highest / outcome.mass)
            if fraction < 1:
                deviations.append(outcome.deviations)
    chance = asked.all(meaningless([text for _, text in items], len(items), rng))
    return Measured(
        version=VERSION,
        encoder=encoder.fingerprint,
        chunks=stats.chunks,
        questions=len(found) + len(chance),
        bm25=round(float(np.mean([one for one, _ in found])), 4),
        dense=round(float(np.mean([other for _, other in found])), 4),
        strength=round(float(np.median(strengths)), 4) if strengths else 0.0,
        chance=_chance(chance),
        floor=round(floor, 4),
        deviations=round(float(np.median(deviations)), 4),
    )


def _chance(outcomes: "Sequence[_Outcome]") -> Chance:
    dense, dense_high = np.percentile([one.dense for one in outcomes], (50, 95))
    nearest = np.median([one.nearest for one in outcomes])
    strength = np.median([one.highest / one.mass if one.mass else 0.0 for one in outcomes])
    deviations = np.median([one.deviations for one in outcomes])
    return Chance(*(round(float(value), 4) for value in (dense, dense_high, nearest, strength, deviations)))


def random_cosine(index: Backend, encoder: Encoder, questions: Sequence[str]) -> float:
    """What a question's cosine with chunks at random is on average, in the median over `questions`; at least 0.

    Questions meet passages here as in a search: a model may keep the two further apart than passages among themselves.
    """
    vectors = encoder.queries(list(questions))
    return max(0.0, float(np.median([index.background(vector)[0] for vector in vectors])))


def question_count(chunks: int) -> int:
    """How many known items are asked of so many chunks: work that does not grow with the index."""
    return max(_MIN_QUESTIONS, min(_MAX_QUESTIONS, _MAX_QUESTIONS * _MIN_CHUNKS_FOR_ALL // max(chunks, 1)))


def known_items(index: Backend, count: int, seed: int = 1) -> list[tuple[str, str]]:
    """(article_id, a sentence of it) of up to `count` articles, drawn at random."""
    rng = random.Random(seed)
    out: list[tuple[str, str]] = []
    for stored in index.sample(3 * count, rng):
        article = stored.article
        texts = [article.text[start:end].strip() for start, end in sentences(article.text)]
        texts = [text for text in texts if len(text) in _SENTENCE]
        if texts and len(out) < count:
            out.append((article.article_id, rng.choice(texts)))
    return out


def shortened(text: str, tokenizer: Tokenizer, fraction: float, rng: random.Random) -> str:
    """`text` with that fraction of its words, in their order; at least one stays."""
    if fraction >= 1:
        return text
    words: list[str] = []
    end = 0
    for token in sorted(tokenizer.tokens(text), key=lambda token: (token.start, -token.end)):
        if token.start >= end:
            words.append(text[token.start : token.end])
            end = token.end
    if len(words) < 2:
        return text
    return "".join(words[at] for at in sorted(rng.sample(range(len(words)), max(1, round(fraction * len(words))))))


def meaningless(texts: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Questions of a few characters of `texts`, each drawn by itself."""
    characters = [char for text in texts for char in text if char.isalnum()]
    return ["".join(rng.choices(characters, k=rng.choice(_RANDOM))) for _ in range(count)] if characters else []


def gain(ranked: Sequence[str], article_id: str) -> float:
    """nDCG@10 of a ranking of articles where one is relevant."""
    return ndcg(ranked, {article_id: 1})


@dataclass(frozen=True, slots=True)
class _Outcome:
    by_bm25: list[str]
    by_dense: list[str]
    highest: float
    mass: float
    nearest: float
    dense: float
    deviations: float


class _Asked:
    """Asks questions of both legs and remembers what document frequencies it has met."""

    def __init__(self, index: Backend, tokenizer: Tokenizer, encoder: Encoder, floor: float) -> None:
        self._index = index
        self._floor = floor
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._chunks = index.stats().chunks

    def all(self, questions: Sequence[str]) -> list[_Outcome]:
        vectors = self._encoder.queries(list(questions))
        with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
            return list(pool.map(self._one, questions, vectors))

    def _one(self, question: str, vector: np.ndarray) -> _Outcome:
        words = {term: float(count) for term, count in Counter(self._tokenizer.terms(question)).items()}
        grams = {gram: float(count) for gram, count in Counter(self._tokenizer.bigrams(question)).items()}
        query = LexicalQuery(words, grams)
        if vector.any():
            found = self._index.both(query, vector, k=_DEPTH, filters=Filters())
        else:
            hits = self._index.lexical(query, k=_DEPTH, filters=Filters())
            found = self._index.evidence(query, vector, [hit.chunk_id for hit in hits])
        near = two_levels(found)
        idf = idf_mass(words, self._index, self._chunks)
        highest = float(found.bm25.max(initial=0.0))
        scaled = scale_cosine(near, floor=self._floor)
        nearest = float(scaled.max(initial=0.0))
        legs = _articles(found, found.bm25), _articles(found, near)
        mean, deviation = self._index.background(vector)
        above = (float(near.max(initial=mean)) - mean) / deviation if deviation > 0 else 0.0
        return _Outcome(*legs, highest, sum(idf.values()), nearest, dense_signal(scaled), above)


def _articles(found: Candidates, scores: np.ndarray) -> list[str]:
    """The first ten articles by their best chunk, of those with a score above 0; ties in order of the names."""
    best = zip(found.best_of_articles(scores).tolist(), found.article_ids, strict=True)
    return [name for score, name in sorted(best, key=lambda one: (-one[0], one[1]))[:DEPTH] if score > 0]
