"""The local engine, read side: one commit of a folder, open for as long as you like.

Every number here is the whole commit's: idf and average lengths count all segments and leave out the dead, so an
index grown in many steps scores as one built at once.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property, partial, update_wrapper
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from index.backend import Evidence, LexicalQuery
from index.conditions import meets
from index.config import IndexConfig
from index.dense import Vectors
from index.errors import IndexCorrupt, NotFound
from index.layout import SEGMENTS, IndexState, Manifest, check_sizes, corrupt, read_manifest
from index.models import Chunk, Filters, Hit, IndexStats
from index.pruning import Part, best_rows
from index.reprints import SIZE as SIGNATURE_SIZE
from index.segment import CHUNK_FIELDS, Segment, Tombstones, facet
from index.store import NO_DATE, StoredArticle, day_number, day_of

# How much each field's BM25 counts. Chunk words are the measure; the title and the whole article each count as
# much again, which lifts headlines and costs nothing elsewhere; bigrams are a light net under the words.
FIELD_WEIGHTS: Mapping[str, float] = {"words": 1.0, "bigrams": 0.3, "title": 1.0, "body": 1.0}
_PLACES = 100_000  # chunks whose place is remembered: some 10 MB
_MASKS = 16  # conditions whose articles are remembered, a byte an article each

P = ParamSpec("P")
R = TypeVar("R")


def _names_damage(ask: Callable[Concatenate["EmbeddedIndex", P], R]) -> Callable[Concatenate["EmbeddedIndex", P], R]:
    """Where altered bytes make a question fail, say which file it is: IndexCorrupt. Costs nothing while all is well."""

    def asked(self: "EmbeddedIndex", /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return ask(self, *args, **kwargs)
        except (IndexError, ValueError, KeyError, TypeError, OverflowError, MemoryError, RuntimeError) as error:
            damage = corrupt(self.root, self.manifest, error)
            if damage is None:
                raise
            raise damage from error

    update_wrapper(asked, ask)
    return asked


class EmbeddedIndex:
    """A commit of an index folder as a Backend. Safe to ask from several threads."""

    def __init__(self, root: Path, manifest: Manifest) -> None:
        """Open the files that `manifest` names; IndexCorrupt where one is missing or short."""
        check_sizes(root, manifest)
        self.root = root
        self.manifest = manifest
        self.commit = manifest.commit
        self.config = IndexConfig.from_json(manifest.config)
        self.encoder_fingerprint = str(manifest.encoder["fingerprint"])
        self.cosine_floor = float(manifest.encoder["floor"])
        self.segments: list[Segment] = []
        for entry in manifest.segments:
            folder = root / SEGMENTS / entry.name
            try:
                dead = Tombstones.load(folder / entry.tombstones) if entry.tombstones else Tombstones.empty()
                self.segments.append(Segment(folder, dead))
            except Exception as error:  # numpy, zipfile and FAISS each have their own for a file that is none
                raise corrupt(root, manifest, error) or IndexCorrupt(
                    f"index {root}: segment {entry.name} cannot be opened: {error}",
                    hint="rebuild it: wensou index SOURCE... --index DIR --rebuild",
                ) from error
        self._bm25 = self.config.bm25
        self._planned: tuple[LexicalQuery | None, list[tuple[str, str, float, list[int]]]] = (None, [])
        self._places: dict[str, tuple[int, int]] = {}  # where chunks lie that a leg has just named
        self._norms: dict[tuple[int, str], NDArray[np.float32]] = {}
        self._passed: dict[tuple[str, Filters], NDArray[np.bool_]] = {}

    @classmethod
    def open(cls, root: str | Path, commit: int | None = None) -> "EmbeddedIndex":
        """The current commit of the folder, or an older one that is still kept."""
        path = Path(root)
        while True:
            manifest = read_manifest(path, commit)
            try:
                return cls(path, manifest)
            except IndexCorrupt:
                # Writers that were quick may have made commits, and deleted this one's files, since it was read.
                if commit is not None or read_manifest(path).commit == manifest.commit:
                    raise

    # ---- the lexical leg

    @cached_property
    def _counts(self) -> dict[str, tuple[int, float]]:
        """Field -> live documents, and their average length in terms."""
        out = {}
        for field in FIELD_WEIGHTS:
            documents = sum(segment.documents(field) for segment in self.segments)
            length = sum(segment.total_length(field) for segment in self.segments)
            out[field] = (documents, length / documents if documents else 0.0)
        return out

    @cached_property
    def _mean_idf(self) -> dict[str, float]:
        """Mean idf over all terms of a field, which only the okapi variant's floor needs."""
        means = {}
        for field in FIELD_WEIGHTS:
            df: dict[str, int] = {}
            for segment in self.segments:
                for term in segment.fields[field].terms:
                    df[term] = df.get(term, 0) + segment.df(field, term)[1]
            live = np.asarray([count for count in df.values() if count], np.int64)
            means[field] = float(self._bm25.idf(live, self._counts[field][0]).mean()) if len(live) else 0.0
        return means

    def _field_norms(self, s: int, field: str) -> NDArray[np.float32]:
        key = (s, field)
        if key not in self._norms:
            lengths = self.segments[s].fields[field].lengths
            self._norms[key] = self._bm25.norms(lengths, self._counts[field][1])
        return self._norms[key]

    def _weighted(self, query: LexicalQuery) -> list[tuple[str, str, float, list[int]]]:
        """(field, term, weight with idf, the term's number in each segment), rarest first."""
        if self._planned[0] is query:  # one answer asks for the same query's plan two or three times
            return self._planned[1]
        plan = []
        for field, weight in FIELD_WEIGHTS.items():
            terms = query.bigrams if field == "bigrams" else query.words
            names = list(terms)
            found = [[segment.df(field, name) for segment in self.segments] for name in names]
            df = np.asarray([sum(count for _, count in row) for row in found], np.int64)
            idf = self._bm25.idf(df, self._counts[field][0])
            if self._bm25.variant == "okapi":
                idf = self._bm25.floor(idf, self._mean_idf[field])
            for i, name in enumerate(names):
                if df[i]:
                    numbers = [number for number, _ in found[i]]
                    plan.append((field, name, weight * terms[name] * float(idf[i]), numbers))
        self._planned = (query, plan)
        return plan

    @_names_damage
    def lexical(self, query: LexicalQuery, *, k: int, filters: Filters) -> list[Hit]:
        """The `k` best chunks by BM25 over all fields; see Backend."""
        plan = self._weighted(query)
        found: list[tuple[int, NDArray[np.int64]]] = []
        for s, segment in enumerate(self.segments):
            parts = [Part(field, numbers[s], weight) for field, _, weight, numbers in plan if numbers[s] >= 0]
            norms = partial(self._field_norms, s)
            allowed = self._allowed(segment, filters)
            found.append((s, best_rows(segment, parts, k=k, bm25=self._bm25, norms=norms, allowed=allowed)))
        return self._best([(s, rows, self._exact(plan, s, rows)) for s, rows in found], k)

    def _exact(
        self,
        plan: list[tuple[str, str, float, list[int]]],
        s: int,
        rows: NDArray[np.integer],
        by_term: dict[str, NDArray[np.float64]] | None = None,
    ) -> NDArray[np.float64]:
        """BM25 of some rows of a segment in float64; the share of each term goes into `by_term`."""
        segment = self.segments[s]
        articles = segment.store.chunk_articles[rows]
        total = np.zeros(len(rows))
        for field, term, weight, numbers in plan:
            documents = rows if field in CHUNK_FIELDS else articles
            norms = self._field_norms(s, field)
            share = weight * segment.fields[field].parts_of(numbers[s], documents, self._bm25, norms)
            total += share
            if by_term is not None:
                by_term[term] = by_term.get(term, np.zeros(len(rows))) + share
        return total

    # ---- the dense leg

    @_names_damage
    def dense(self, vector: Vectors, *, k: int, filters: Filters) -> list[Hit]:
        """The `k` nearest chunks; see Backend."""
        found = []
        for s, segment in enumerate(self.segments):
            rows, scores = segment.dense.search(vector, k, self._allowed(segment, filters))
            found.append((s, rows, scores.astype(np.float64)))
        return self._best(found, k)

    def _best(self, found: Sequence[tuple[int, NDArray[np.int64], NDArray[np.float64]]], k: int) -> list[Hit]:
        every = np.concatenate([scores for _, _, scores in found]) if found else np.zeros(0)
        border = np.partition(every, len(every) - k)[len(every) - k] if len(every) > k > 0 else -np.inf
        hits = [
            Hit(self._chunk_id(s, row), score)
            for s, rows, scores in found
            for row, score in zip(rows.tolist(), scores.tolist(), strict=True)
            if score >= border
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.chunk_id))
        return hits[:k]

    # ---- filters

    def _allowed(self, segment: Segment, filters: Filters) -> NDArray[np.bool_] | None:
        """(chunks,) which may be found, or None where all may."""
        if not filters:
            return segment.live_chunks if len(segment.tombstones.articles) else None
        return self._passing(segment, filters)[segment.store.chunk_articles]

    def _passing(self, segment: Segment, filters: Filters) -> NDArray[np.bool_]:
        """(articles,) which are alive and pass. What a query asks for is remembered: both legs want it."""
        key = (segment.folder.name, filters)
        known = self._passed.get(key) if filters.where else None
        if known is not None:
            return known
        passing = self._by_fields(segment, filters)
        if filters.where:
            passing = meets(segment, filters.where, passing)
            if len(self._passed) >= _MASKS:
                self._passed = {}
            self._passed[key] = passing
        return passing

    @staticmethod
    def _by_fields(segment: Segment, filters: Filters) -> NDArray[np.bool_]:
        passing = segment.live_articles.copy()
        postings = segment.fields["facets"]
        groups = [[facet(name, v) for v in getattr(filters, name)] for name in ("source", "author", "tag")]
        groups += [[facet(f"meta.{key}", value)] for key, value in filters.meta]
        for group in groups:
            if group:
                one = np.zeros_like(passing)
                for value in group:
                    one[postings.documents(postings.terms.find(value))] = True
                passing &= one
        published = segment.store.published
        if filters.after:
            passing &= published >= day_number(filters.after)
        if filters.before:
            passing &= (published <= day_number(filters.before)) & (published != NO_DATE)
        return passing

    @_names_damage
    def facets(self, filters: Filters, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Articles by value among those that pass; see Backend."""
        out: dict[str, dict[str, int]] = {name: {} for name in names}
        for segment in self.segments:
            passing = self._passing(segment, filters)
            postings = segment.fields["facets"]
            for name in names:
                for number in postings.terms.prefix(f"{name}="):
                    count = int(passing[postings.documents(number)].sum())
                    if count:
                        value = postings.terms[number].split("=", 1)[1]
                        out[name][value] = out[name].get(value, 0) + count
        return {name: dict(sorted(v.items(), key=lambda item: (-item[1], item[0]))) for name, v in out.items()}

    # ---- by id

    def _chunk_id(self, s: int, row: int) -> str:
        store = self.segments[s].store
        article = int(store.chunk_articles[row])
        chunk_id = f"{store.article_id(article)}:{row - int(store.chunk_starts[article])}"
        if len(self._places) >= _PLACES:
            self._places = {}
        self._places[chunk_id] = (s, row)
        return chunk_id

    def _locate(self, article_id: str) -> tuple[int, int]:
        for s, segment in enumerate(self.segments):
            row = segment.store.article_row(article_id)
            if row >= 0 and segment.live_articles[row]:
                return s, row
        raise NotFound(f"no article {article_id!r} in this index")

    def _row(self, chunk_id: str) -> tuple[int, int]:
        known = self._places.get(chunk_id)
        if known is not None:
            return known
        article_id, _, ordinal = chunk_id.rpartition(":")
        s, article = self._locate(article_id)
        store = self.segments[s].store
        first, end = int(store.chunk_starts[article]), int(store.chunk_starts[article + 1])
        if not ordinal.isdecimal() or first + int(ordinal) >= end:
            raise NotFound(f"no chunk {chunk_id!r} in this index")
        return s, first + int(ordinal)

    @_names_damage
    def evidence(
        self, query: LexicalQuery, vector: Vectors | None, chunk_ids: Sequence[str], *, terms: bool = False
    ) -> list[Evidence]:
        """Both exact scores of any chunks; see Backend."""
        plan = self._weighted(query)
        places = [self._row(chunk_id) for chunk_id in chunk_ids]
        out: list[Evidence | None] = [None] * len(chunk_ids)
        for s in sorted({s for s, _ in places}):
            at = [i for i, place in enumerate(places) if place[0] == s]
            rows = np.asarray([places[i][1] for i in at], np.int64)
            shares: dict[str, NDArray[np.float64]] = {}
            bm25 = self._exact(plan, s, rows, shares if terms else None)
            cosine = article_cosine = np.zeros(len(rows), np.float32)
            if vector is not None:
                segment = self.segments[s]
                cosine = segment.dense.scores(vector, rows)
                article_rows = segment.store.chunk_articles[rows]
                article_cosine = segment.article_vectors[article_rows].astype(np.float32) @ vector
            for j, i in enumerate(at):
                held = {term: float(share[j]) for term, share in shares.items() if share[j]}
                out[i] = Evidence(chunk_ids[i], float(bm25[j]), float(cosine[j]), float(article_cosine[j]), held)
        return [item for item in out if item is not None]

    @_names_damage
    def chunks(self, chunk_ids: Sequence[str]) -> list[Chunk]:
        """The chunks, in the order given; see Backend."""
        out = []
        articles: dict[str, StoredArticle] = {}
        for chunk_id in chunk_ids:
            article_id, _, ordinal = chunk_id.rpartition(":")
            self._row(chunk_id)
            if article_id not in articles:
                articles[article_id] = self.article(article_id)
            out.append(articles[article_id].chunk(int(ordinal)))
        return out

    @_names_damage
    def article(self, article_id: str) -> StoredArticle:
        """One article; see Backend."""
        s, row = self._locate(article_id)
        return self.segments[s].store.get(row)

    def article_vector(self, article_id: str) -> Vectors:
        """Unit mean of the article's chunk vectors; see Backend."""
        s, row = self._locate(article_id)
        vector: Vectors = self.segments[s].article_vectors[row].astype(np.float32)
        length = np.linalg.norm(vector)
        return vector / length if length > 0 else vector

    def published(self, article_ids: Sequence[str]) -> list[date | None]:
        """When each article was published; see Backend."""
        days = [int(self.segments[s].store.published[row]) for s, row in map(self._locate, article_ids)]
        return [None if day == NO_DATE else day_of(day) for day in days]

    def signatures(self, article_ids: Sequence[str]) -> NDArray[np.uint32]:
        """MinHash signatures of the articles; see Backend."""
        places = [self._locate(article_id) for article_id in article_ids]
        rows = [self.segments[s].signatures[row] for s, row in places]
        return np.asarray(rows, np.uint32).reshape(len(rows), SIGNATURE_SIZE)

    def document_frequency(self, term: str) -> int:
        """How many chunks hold the word `term`."""
        return sum(segment.df("words", term)[1] for segment in self.segments)

    # ---- for completion and corrections

    def titles(self) -> Iterator[str]:
        """The display title of every article; see Lister."""
        for segment in self.segments:
            yield from map(segment.store.title, np.flatnonzero(segment.live_articles).tolist())

    def words(self) -> Iterator[tuple[str, int]]:
        """Every term of the chunks and how many hold it; see Lister."""
        found: dict[str, int] = {}
        for segment in self.segments:
            postings = segment.fields["words"]
            df = np.diff(postings.starts)
            terms, counts, _ = segment.tombstones.lost["words"]
            df[terms] -= counts
            for term, count in zip(postings.terms, df.tolist(), strict=True):
                if count:
                    found[term] = found.get(term, 0) + count
        yield from found.items()

    def pair_frequency(self, pair: str) -> int:
        """How many chunks hold these two characters side by side; see Lister."""
        return sum(segment.df("bigrams", pair)[1] for segment in self.segments)

    def stats(self) -> IndexStats:
        """Counts, sizes and names; see Backend."""
        entries = self.manifest.segments
        return IndexStats(
            articles=sum(e.articles - e.dead_articles for e in entries),
            chunks=sum(e.chunks - e.dead_chunks for e in entries),
            dead_chunks=sum(e.dead_chunks for e in entries),
            segments=len(entries),
            bytes=sum(entry.bytes for _, entry in self.manifest.files()),
            encoder=str(self.manifest.encoder["name"]),
            dim=int(self.manifest.encoder["dim"]),
            fingerprint=self.manifest.fingerprint,
            state=str(IndexState.EQUAL),
            commit=self.commit,
            committed_at=self.manifest.committed_at,
        )

    def close(self) -> None:
        """Let go of files and memory."""
        self.segments = []
        self._norms = {}
