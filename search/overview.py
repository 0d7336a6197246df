"""What an index is about, at a glance: articles by month and source, and themes laid out in the plane.

Themes are k-means clusters of article vectors, named by the words that distinguish them. In the plane each theme is a
disc, as large as it has articles: discs lie by the principal components of the themes' middles and are pushed apart
until none covers another, articles lie within by the principal components of their theme. So what lies close is alike,
and the plane takes milliseconds. Of a large index a random sample is looked at.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from index.analysis.characters import HAN
from index.analysis.tokenizer import Tokenizer
from index.models import Article, Filters, Vectors
from search.engine import SearchEngine
from search.labels import Label, place_labels
from search.query.stopwords import FUNCTION_WORDS

SAMPLE = 1_000  # articles that themes are made of, at most
_MIN_ARTICLES = 8  # fewer are read, not clustered
_MAX_THEMES = 12
_WORDS = 4  # that name a theme
_NEAREST = 5  # articles that stand for a theme
_LOOKED_AT = 1_000  # characters of a text that words are taken from
_MAX_SOURCES = 6  # shown apart from the others
_NAMING = re.compile(rf"[{HAN}]{{2,}}|[a-z]{{3,}}")  # a word that can name something; folded
_TITLE = 3  # what a word of the title counts for, in words of the text
_KEYWORDS = 12  # words that an article is about
_DISC = 0.8  # radius of a theme that holds everything; the plane of the middles has radius 1
_GAP = 1.15  # distance of touching discs, in sums of their radii
_ROUNDS = 200  # of pushing discs apart, at most
_NEIGHBOURS = 3  # of an article outside the sample, that say where it would lie

Plane = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Point:
    """An article in the plane, both axes 0..1, and the number of its theme."""

    article_id: str
    title: str
    source: str | None
    published: str | None
    x: float
    y: float
    theme: int


@dataclass(frozen=True, slots=True)
class Theme:
    """Words that tell its articles from the others, how many these are, and the ids of those nearest its middle.

    `label` is its name in the plane, None where it found no place.
    """

    words: tuple[str, ...]
    size: int
    nearest: tuple[str, ...]
    label: Label | None


class Themes:
    """The themes of one commit of an index, and where its articles lie."""

    def __init__(self, sample: Sequence[tuple[Article, Vectors]], tokenizer: Tokenizer) -> None:
        """Cluster and lay out articles, each with its unit vector; too few articles have no themes."""
        sample = [(article, vector) for article, vector in sample if vector.any()]
        self.points: list[Point] = []
        self.themes: list[Theme] = []
        if len(sample) < _MIN_ARTICLES:
            return
        articles = [article for article, _ in sample]
        self._vectors = np.stack([vector for _, vector in sample]).astype(np.float32)
        labels, middles = _clusters(self._vectors)
        self._plane = _plane(self._vectors, labels, middles)
        words = [(tokenizer.terms(one.title), tokenizer.terms(one.text[:_LOOKED_AT])) for one in articles]
        names = _telling_words(words, labels)
        for number, (name, label) in enumerate(zip(names, place_labels(names, self._plane, labels), strict=True)):
            mine = np.flatnonzero(labels == number)
            order = mine[np.argsort(-self._vectors[mine] @ middles[number], kind="stable")][:_NEAREST]
            nearest = tuple(articles[i].article_id for i in order.tolist())
            self.themes.append(Theme(name, len(mine), nearest, label))
        for article, (x, y), theme in zip(articles, self._plane.tolist(), labels.tolist(), strict=True):
            where = (round(x, 4), round(y, 4), theme)
            self.points.append(Point(article.article_id, article.title, article.source, article.published, *where))

    def place(self, vector: Vectors) -> tuple[float, float] | None:
        """Where an article with this unit vector, (dim,), lies: amid those of the sample that are most like it."""
        if not self.points or not vector.any():
            return None
        order = np.argsort(-self._vectors @ vector, kind="stable")[:_NEIGHBOURS]
        x, y = self._plane[order].mean(axis=0).tolist()
        return round(x, 4), round(y, 4)


def themes_of(engine: SearchEngine) -> Themes:
    """The themes of the commit that an engine answers from; those of a small index are the same in every engine."""
    sample = sorted(engine.sample(SAMPLE), key=lambda one: one[0].article_id)
    return Themes(sample, engine.tokenizer)


def _clusters(vectors: Vectors) -> tuple[NDArray[np.intp], Vectors]:
    """Each row's cluster, the largest being 0, and the clusters' unit middles."""
    from sklearn.cluster import KMeans

    count = max(2, min(_MAX_THEMES, round((len(vectors) / 2) ** 0.5)))
    found = KMeans(count, n_init=4, random_state=0).fit(vectors)
    order = [label for label, _ in Counter(found.labels_.tolist()).most_common()]
    numbers = {old: new for new, old in enumerate(order)}
    middles = found.cluster_centers_[order]
    length = np.linalg.norm(middles, axis=1, keepdims=True)
    labels = np.array([numbers[label] for label in found.labels_.tolist()], np.intp)
    return labels, (middles / np.where(length > 0, length, 1)).astype(np.float32)


def _plane(vectors: Vectors, labels: NDArray[np.intp], middles: Vectors) -> Plane:
    """Where each article lies, (n, 2), both axes 0..1."""
    sizes = np.bincount(labels, minlength=len(middles))
    radii = np.sqrt(sizes / len(vectors)) * _DISC
    centres = _apart(_two_components(middles), radii)
    placed = np.empty((len(vectors), 2))
    for number, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
        mine = labels == number
        inner = _two_components(vectors[mine])
        reach = np.linalg.norm(inner, axis=1).max(initial=0.0)
        placed[mine] = centre + inner * (radius / reach if reach > 0 else 0.0)
    low, high = placed.min(axis=0), placed.max(axis=0)
    return np.asarray((placed - low) / np.where(high > low, high - low, 1.0), np.float64)


def _two_components(vectors: Vectors) -> Plane:
    """The first two principal components of the rows, (n, 2), the farthest row at distance 1."""
    from sklearn.decomposition import PCA

    found = np.zeros((len(vectors), 2))
    width = min(2, len(vectors) - 1)
    if width > 0:
        found[:, :width] = PCA(width, svd_solver="randomized", random_state=0).fit_transform(vectors)
    # The sign of a component is arbitrary: it is chosen so that the same index is always drawn the same way.
    for column in found.T:
        column *= -1.0 if column[np.abs(column).argmax()] < 0 else 1.0
    reach = np.linalg.norm(found, axis=1).max(initial=0.0)
    return found / reach if reach > 0 else found


def _apart(centres: Plane, radii: NDArray[np.float64]) -> Plane:
    """`centres` of discs moved until no two overlap, or nearly so: each pair is pushed apart along its line."""
    centres = centres.copy()
    for _ in range(_ROUNDS):
        for i in range(len(centres)):
            for j in range(i):
                line = centres[i] - centres[j]
                distance = float(np.linalg.norm(line)) or 1e-9
                overlap = (radii[i] + radii[j]) * _GAP - distance
                if overlap > 0:
                    step = (line if distance > 1e-9 else np.array([1.0, 0.0])) / distance * overlap / 2
                    centres[i] += step
                    centres[j] -= step
    return centres


def _keywords(title: list[str], text: list[str], df: Mapping[str, int], count: int) -> dict[str, float]:
    """What one article is about: its words by tf-idf, those of the title counted more, the best few."""
    tf = Counter(title * _TITLE + text)
    weight = {word: n * log(count / df[word]) for word, n in tf.items() if _names(word)}
    return dict(sorted(weight.items(), key=lambda item: (-item[1], item[0]))[:_KEYWORDS])


def _names(word: str) -> bool:
    return bool(_NAMING.fullmatch(word)) and word not in FUNCTION_WORDS


def _telling_words(texts: Sequence[tuple[list[str], list[str]]], labels: NDArray[np.intp]) -> list[tuple[str, ...]]:
    """For each cluster of articles, words of title and text each, the words that its articles are about together.

    As in class-based tf-idf (Grootendorst, arXiv 2203.05794) words of a cluster are weighed as if it were one text;
    but each article gives only its own best words, so that no long one speaks for all.
    """
    df = Counter(word for title, text in texts for word in {*title, *text})
    about: list[dict[str, float]] = [{} for _ in range(int(labels.max()) + 1)]
    held: list[Counter[str]] = [Counter() for _ in about]
    for (title, text), label in zip(texts, labels.tolist(), strict=True):
        own = _keywords(title, text, df, len(texts))
        most = max(own.values(), default=1.0) or 1.0
        for word, weight in own.items():
            about[label][word] = about[label].get(word, 0.0) + weight / most
        held[label].update({*title, *text})
    out = []
    for words, here in zip(about, held, strict=True):
        shares = {word: total * here[word] / df[word] for word, total in words.items()}
        out.append(_distinct(word for word, _ in sorted(shares.items(), key=lambda item: (-item[1], item[0]))))
    return out


def _distinct(words: Iterable[str]) -> tuple[str, ...]:
    """The first few that are not part of each other."""
    kept: list[str] = []
    for word in words:
        if not any(word in other or other in word for other in kept):
            kept.append(word)
        if len(kept) == _WORDS:
            break
    return tuple(kept)


def months_by_source(engine: SearchEngine) -> dict[str, object]:
    """Articles by month for each of the largest sources and for all; how many there are, and how many without a day."""
    every = engine.counts(Filters(), ["source", "month"])
    largest = list(every["source"])[:_MAX_SOURCES]
    return {
        "articles": engine.stats().articles,
        "sources": dict(every["source"]),
        "months": {source: _months(engine, Filters(source=(source,))) for source in largest},
        "all_months": dict(every["month"]),
    }


def _months(engine: SearchEngine, filters: Filters) -> Mapping[str, int]:
    return engine.counts(filters, ["month"])["month"]
