"""An engine in memory, as small as the contract allows: everything by brute force, a whole copy for each commit."""

import copy
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np

from index.analysis.fold import fold
from index.analysis.names import names_of
from index.analysis.terms import CHUNK_FIELDS, facet, facets_of
from index.backend import Description, Recipe
from index.candidates import Candidates
from index.drawing import draws_of, draws_of_chunks
from index.errors import BadOption, IndexMissing, NotFound, WriterBusy
from index.milvus.filtering import meets
from index.models import AllOf, AnyOf, Evidence, HasValue, Hit, IndexStats, Within, article_of, chunk_id_of, ordinal_of
from index.retrieval.bm25 import Bm25
from index.retrieval.segment_scorer import FIELD_WEIGHTS
from index.segments.segment import article_vectors
from index.storage.layout import IndexState


@dataclass
class Held:
    """One article."""

    stored: Any
    terms: dict[str, list[Counter]]
    vectors: np.ndarray
    signature: np.ndarray

    @property
    def mean(self):
        return article_vectors(self.vectors, [len(self.vectors)])[0].astype(np.float32)


@dataclass
class State:
    """One commit, or what is to be one."""

    description: Description
    articles: dict[str, Held] = field(default_factory=dict)
    calibration: dict[str, Any] = field(default_factory=dict)
    boilerplate: frozenset[str] = frozenset()


def values(filters):
    """All that filters ask for as one condition."""
    parts = [
        AnyOf(tuple(HasValue(name, value) for value in getattr(filters, name)))
        for name in ("source", "author", "tag")
        if getattr(filters, name)
    ]
    if filters.after or filters.before:
        parts.append(Within(filters.after, filters.before))
    return AllOf((*parts, *((filters.where,) if filters.where else ())))


class MemoryIndex:
    """A commit in memory as a Backend."""

    def __init__(self, state: State, recipe: Recipe) -> None:
        self.state, self.recipe = state, recipe
        self.config, self.commit = state.description.config, state.description.commit
        self.encoder_fingerprint = state.description.encoder["fingerprint"]
        self.cosine_floor = state.description.encoder["floor"]
        self.calibration = state.calibration
        self._bm25 = Bm25.of(self.config.bm25)

    def _held(self, article_id):
        try:
            return self.state.articles[article_id]
        except KeyError:
            raise NotFound(f"no article {article_id!r} in this index") from None

    def _all(self, filters):
        condition = values(filters)
        for article_id, held in self.state.articles.items():
            own = {fold(value) for value in facets_of(held.stored.article)}
            there = all(fold(facet(f"meta.{key}", value)) in own for key, value in filters.meta)
            if there and meets(held.stored, condition, self.recipe.tokenizer):
                yield article_id, held

    def _documents(self, name):
        return [document for held in self.state.articles.values() for document in held.terms[name]]

    def _shares(self, query, chunk_id):
        held, n = self._held(article_of(chunk_id)), ordinal_of(chunk_id)
        if not 0 <= n < len(held.stored.spans):
            raise NotFound(f"no chunk {chunk_id!r} in this index")
        shares = {}
        for name, weight in FIELD_WEIGHTS.items():
            documents = self._documents(name)
            own = held.terms[name][n if name in CHUNK_FIELDS else 0]
            average = sum(document.total() for document in documents) / len(documents)
            norm = self._bm25.norms(np.array([own.total()]), average).astype(np.float64)
            for term, times in (query.bigrams if name == "bigrams" else query.words).items():
                if own[term]:
                    df = np.array([sum(term in document for document in documents)])
                    share = (
                        weight
                        * times
                        * self._bm25.idf(df, len(documents))
                        * self._bm25.saturation(np.array([float(own[term])]), norm)
                    )
                    shares[term] = shares.get(term, 0.0) + float(share[0])
        return shares

    def _cosine(self, vector, chunk_id):
        return float(self._held(article_of(chunk_id)).vectors[ordinal_of(chunk_id)].astype(np.float32) @ vector)

    def _best(self, score, k, filters):
        ids = [chunk_id_of(a, n) for a, held in self._all(filters) for n in range(len(held.stored.spans))]
        hits = [Hit(chunk_id, score(chunk_id)) for chunk_id in ids]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))[:k]

    def lexical(self, query, *, k, filters):
        best = self._best(lambda chunk_id: sum(self._shares(query, chunk_id).values()), k, filters)
        return [hit for hit in best if hit.score > 0]

    def dense(self, vector, *, k, filters):
        return self._best(lambda chunk_id: self._cosine(vector, chunk_id), k, filters)

    def both(self, query, vector, *, k, filters):
        legs = self.lexical(query, k=k, filters=filters), self.dense(vector, k=k, filters=filters)
        return self.evidence(query, vector, sorted({hit.chunk_id for leg in legs for hit in leg}))

    def evidence(self, query, vector, chunk_ids, *, terms=False):
        out = []
        for chunk_id in chunk_ids:
            shares = self._shares(query, chunk_id)
            near = (0.0, 0.0) if vector is None else (
                self._cosine(vector, chunk_id), float(self._held(article_of(chunk_id)).mean @ vector)
            )  # fmt: skip
            body = self._held(article_of(chunk_id)).terms["body"][0]
            matched = tuple(word for word in query.words if body[word])
            out.append(Evidence(chunk_id, float(sum(shares.values())), *near, shares if terms else {}, matched))
        return Candidates.of(out)

    def background(self, vector):
        names, held = list(self.state.articles), self.state.articles.values()
        rows = np.concatenate([one.vectors for one in held]).astype(np.float32)
        ordinals = np.concatenate([np.arange(len(one.vectors)) for one in held])
        draws = draws_of_chunks(np.repeat(draws_of(names), [len(one.vectors) for one in held]), ordinals)
        cosines = rows[np.argsort(draws)[:256]] @ vector
        return (float(cosines.mean()), float(cosines.std())) if len(cosines) >= 50 else (0.0, 0.0)

    def articles(self, article_ids):
        return [self.article(article_id) for article_id in article_ids]

    def article(self, article_id):
        return self._held(article_id).stored

    def article_vector(self, article_id):
        mean = self._held(article_id).mean
        length = np.linalg.norm(mean)
        return mean / length if length else mean

    def titles_of(self, article_ids):
        return [self.article(article_id).article.title for article_id in article_ids]

    def published(self, article_ids):
        days = [self.article(article_id).article.published for article_id in article_ids]
        return [date.fromisoformat(day) if day else None for day in days]

    def signatures(self, article_ids):
        return np.array([self._held(article_id).signature for article_id in article_ids])

    def document_frequency(self, term):
        return sum(term in document for document in self._documents("words"))

    def facets(self, filters, names):
        counts = Counter(value for _, held in self._all(filters) for value in facets_of(held.stored.article))
        out = {}
        for name in names:
            own = {v.partition("=")[2]: n for v, n in counts.items() if v.partition("=")[0] == name}
            out[name] = dict(sorted(own.items(), key=lambda pair: (-pair[1], pair[0])))
        return out

    def named(self, names, most, filters):
        found = {name: [a for a, held in self._all(filters) if name in names_of(held.stored.article)] for name in names}
        return {name: ids for name, ids in found.items() if 0 < len(ids) <= most}

    def titled(self, words, least, most, filters):
        titles = self._documents("title")
        weights = {word: weight for word, weight in words.items() if any(word in title for title in titles)}
        found = []
        for article_id, held in self._all(filters):
            there = sum(weight for word, weight in weights.items() if word in held.terms["title"][0])
            if there > 0 and there >= least * sum(weights.values()) * (1 - 1e-9):
                found.append((-there, article_id))
        return [name for _, name in sorted(found)[:most]]

    def article_ids(self):
        return iter(self.state.articles)

    def chunk_vectors(self, article_id):
        return self._held(article_id).vectors

    def sample(self, count, rng):
        names = rng.sample(sorted(self.state.articles), min(count, len(self.state.articles)))
        return [self.article(name) for name in names]

    def stats(self):
        d, size = self.state.description, sum(len(h.stored.article.text) for h in self.state.articles.values())
        return IndexStats(
            d.articles,
            d.chunks,
            0,
            1,
            size,
            d.encoder["name"],
            d.encoder["dim"],
            d.fingerprint,
            "equal",
            d.commit,
            "now",
        )

    def close(self):
        pass


class MemoryWriter:
    """The one writer."""

    def __init__(self, handle, recipe, fresh):
        last = handle.kept[-1] if handle.kept else None
        self.handle, self.recipe, self.fresh, self.warnings = handle, recipe, fresh, []
        number = last.description.commit if last else 0
        empty = State(Description(recipe.config, recipe.fingerprint, recipe.encoder, number, "now", 0, 0))
        begun = handle.begun or empty if fresh else last or empty
        self.state = copy.copy(begun)
        self.state.articles = dict(begun.articles)
        self.boilerplate, self.calibration = self.state.boilerplate, self.state.calibration
        self.changed = last is None or fresh

    def _seen(self):
        held = self.state.articles
        counts = len(held), sum(len(one.vectors) for one in held.values())
        description = replace(self.state.description, articles=counts[0], chunks=counts[1])
        return State(description, dict(held), dict(self.calibration), self.boilerplate)

    def calibrate(self, name, value):
        self.calibration = {key: old for key, old in self.calibration.items() if key != name}
        if value is not None:
            self.calibration[name] = dict(value)
        self.changed = True

    def counts(self):
        seen = self._seen().description
        return seen.articles, seen.chunks

    def recall(self):
        return None

    def content_hash(self, article_id):
        held = self.state.articles.get(article_id)
        return held.stored.content_hash if held else None

    def upsert(self, stored, terms, vectors):
        at = 0
        for item, found in zip(stored, terms, strict=True):
            size = len(item.spans)
            counted = {name: [Counter(d) for d in found.documents(name)] for name in FIELD_WEIGHTS}
            rows = np.asarray(vectors[at : at + size], np.float16)
            self.state.articles[item.article.article_id] = Held(item, counted, rows, found.signature)
            at += size
        self.changed |= bool(stored)

    def delete(self, article_ids):
        gone = [self.state.articles.pop(name) for name in article_ids if name in self.state.articles]
        self.changed |= bool(gone)
        return len(gone)

    def ids(self):
        return set(self.state.articles)

    def paths(self, roots):
        own = {name: held.stored.article.path for name, held in self.state.articles.items()}
        return {n: p for n, p in own.items() if p and (p in roots or any(p.startswith(f"{r}/") for r in roots))}

    def preview(self):
        return MemoryIndex(self._seen(), self.recipe)

    def whole(self):
        return True

    def commit(self):
        if self.changed:
            number = self.state.description.commit + 1
            self.state.description = replace(self.state.description, commit=number, config=self.recipe.config)
            self.handle.kept.append(self._seen())
            self.changed, self.handle.begun = False, None
        return self.state.description.commit

    def checkpoint(self):
        if self.fresh:
            self.handle.begun = self._seen()
        else:
            self.commit()

    def compact(self):
        pass

    def close(self):
        pass


class MemoryHandle:
    """An index in memory; it is gone with its handle."""

    def __init__(self):
        self.kept: list[State] = []
        self.begun = None
        self.recipe = None
        self._lock = threading.Lock()

    def _last(self):
        if not self.kept:
            raise IndexMissing("no index in memory")
        return self.kept[-1]

    def mark(self):
        return len(self.kept)

    def state(self, *, fingerprint=None):
        if not self.kept:
            return IndexState.MISSING
        same = fingerprint in (None, self._last().description.fingerprint)
        return IndexState.EQUAL if same else IndexState.OTHER_OPTIONS

    def describe(self):
        return self._last().description

    def reader(self, commit=None):
        self._last()
        (state,) = [one for one in self.kept if one.description.commit == commit] or [self.kept[-1]]
        return MemoryIndex(state, self.recipe)

    def sharded(self, shard):
        raise BadOption(f"index in memory: no shards such as {shard}")

    @contextmanager
    def lock(self):
        if not self._lock.acquire(blocking=False):
            raise WriterBusy("index in memory: another is writing to it")
        try:
            yield
        finally:
            self._lock.release()

    def writer(self, recipe, *, fresh=False):
        self.recipe = recipe
        return MemoryWriter(self, recipe, fresh)

    def commits(self):
        self._last()
        return [state.description for state in self.kept]

    def _again(self, state):
        number = self._last().description.commit + 1
        self.kept.append(replace(state, description=replace(state.description, commit=number)))
        return number

    def restore(self, commit):
        self._last()
        found = [state for state in self.kept if state.description.commit == commit]
        if not found:
            raise BadOption(f"index in memory: commit {commit} is not kept")
        return self._again(found[0])

    def set_calibration(self, name, value):
        last = self._last()
        calibration = {key: old for key, old in last.calibration.items() if key != name}
        return self._again(replace(last, calibration=calibration | ({name: dict(value)} if value is not None else {})))

    def damaged(self):
        self._last()
        return []
