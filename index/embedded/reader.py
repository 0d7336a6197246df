"""The local engine, read side: one commit of a folder, open for as long as you like.

Every number here is the whole commit's: idf and average lengths count all segments and leave out the dead, so an
index grown in many steps scores as one built at once.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.near_duplicates import SIZE as SIGNATURE_SIZE
from index.candidates import Candidates, joined
from index.config import IndexConfig
from index.drawing import MIN_CHUNKS_FOR_SPREAD, SAMPLE_CHUNKS, draws_of_chunks, lowest
from index.embedded.filtering import Filtering
from index.embedded.lister import TermLister
from index.embedded.verifier import Checksums, Verifier
from index.errors import IndexCorrupt, NotFound
from index.models import (
    Filters,
    Hit,
    IndexStats,
    LexicalQuery,
    StoredArticle,
    Vectors,
    article_of,
    chunk_ids_of,
    ordinal_of,
)
from index.retrieval.scorer import Scorer
from index.retrieval.segment_scorer import Plan, compiled, nth_highest
from index.segments.segment import Segment
from index.segments.store import NO_DATE, day_of
from index.segments.tombstones import Tombstones
from index.segments.vector_index import enough, prefetch, products
from index.storage.arrays import firsts, here_and_there, release_pages, union
from index.storage.damage import names_damage
from index.storage.layout import (
    SEGMENTS,
    IndexState,
    Manifest,
    check_sizes,
    check_small,
    corrupt,
    large_files,
    read_manifest,
)

_MAX_LOCATIONS = 10_000  # articles whose segment and row are remembered: few enough to stay in the caches

_Found = tuple[int, NDArray[np.integer], NDArray[np.float64]]  # segment, rows, scores


class EmbeddedIndex(Filtering, TermLister):
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
        self.calibration: Mapping[str, Any] = manifest.calibration
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
        self._verifier: Verifier | None = None
        self.forget()

    def forget(self) -> None:
        """Begin anew with the `segments` as they are: nothing is remembered of earlier questions."""
        self._scorer = Scorer(self.segments, self.config.bm25)
        self._homes: dict[str, tuple[int, int]] = {}  # where articles lie that a leg has just named
        self._passed = {}

    @classmethod
    def open(cls, root: str | Path, commit: int | None = None) -> "EmbeddedIndex":
        """The current commit of the folder, or an older one that is still kept."""
        path = Path(root)
        while True:
            manifest = read_manifest(path, commit)
            try:
                with here_and_there():
                    index = cls(path, manifest)
                check_small(path, manifest)
                return index._prefetched()
            except IndexCorrupt:
                # Writers that were quick may have made commits, and deleted this one's files, since it was read.
                if commit is not None or read_manifest(path).commit == manifest.commit:
                    raise

    @names_damage
    def _prefetched(self) -> "EmbeddedIndex":
        prefetch([segment.dense for segment in self.segments])
        return self

    def verify_in_background(self) -> None:
        """Read the files that were too large to check at opening; from then on damage found in one is raised."""
        self._verifier = self._verifier or Verifier(self.root, self.manifest)

    @property
    def damage(self) -> IndexCorrupt | None:  # type: ignore[override]
        """What `verify_in_background` found wrong."""
        return self._verifier.damage if self._verifier else None

    # ---- the lexical leg

    @names_damage
    def lexical(self, query: LexicalQuery, *, k: int, filters: Filters) -> list[Hit]:
        """The `k` best chunks by BM25 over all fields; see Backend."""
        plan = self._scorer.plan(query)
        return self._hits(self._scorer.best(plan, k, lambda segment: self._allowed(segment, filters)), k)

    # ---- the dense leg, and both

    @names_damage
    def dense(self, vector: Vectors, *, k: int, filters: Filters) -> list[Hit]:
        """The `k` nearest chunks; see Backend."""
        release_pages()
        return self._hits(self._nearest(vector, k, filters), k)

    def _nearest(self, vector: Vectors, k: int, filters: Filters) -> list[_Found]:
        nominated = [s.dense.nominate(vector, k, self._allowed(s, filters)) for s in self.segments]
        # The estimates of all segments together say which are worth an exact score.
        most = enough(k, sum(len(s.dense.vectors) for s in self.segments))
        floor = nth_highest(np.concatenate([rough for _, rough in nominated]), most) if nominated else 0.0
        found: list[_Found] = []
        for s, (rows, rough) in enumerate(nominated):
            rows = rows[rough >= floor]
            found.append((s, rows, self.segments[s].dense.scores(vector, rows).astype(np.float64)))
        return found

    @names_damage
    def both(self, query: LexicalQuery, vector: Vectors, *, k: int, filters: Filters) -> Candidates:
        """The `k` best chunks of each leg and both exact scores; see Backend."""
        release_pages()
        plan = self._scorer.plan(query)
        near = self._best(self._nearest(vector, k, filters), k)
        best = self._best(self._scorer.best(plan, k, lambda s: self._allowed(s, filters)), k)
        found = [self._scored(plan, vector, s, rows) for s, rows in enumerate(map(union, best, near)) if len(rows)]
        return joined(found).by_id()  # for rows say where a chunk happens to lie

    def _best(self, found: Sequence[_Found], k: int) -> list[NDArray[np.integer]]:
        """The rows of the `k` best of what was `found`, a segment each."""
        border = _border(found, k)
        rows_of = [rows[scores >= border] for _, rows, scores in found]
        if sum(map(len, rows_of)) <= k:
            return rows_of
        locations = [self._row(hit.chunk_id) for hit in self._hits(found, k)]  # equals are chosen by name
        return [np.array([row for home, row in locations if home == s], np.int64) for s, _, _ in found]

    def _hits(self, found: Sequence[_Found], k: int) -> list[Hit]:
        border = _border(found, k)
        hits: list[Hit] = []
        for s, rows, scores in found:
            kept = scores >= border
            hits += map(Hit, self._chunk_ids(s, rows[kept]), scores[kept].tolist())
        hits.sort(key=lambda hit: (-hit.score, hit.chunk_id))
        return hits[:k]

    # ---- by id

    def _chunk_ids(self, s: int, rows: NDArray[np.integer]) -> list[str]:
        store = self.segments[s].store
        articles = store.chunk_articles[rows]
        return chunk_ids_of(self._article_ids(s, articles), (rows - store.chunk_starts[articles]).tolist())

    def _article_ids(self, s: int, articles: NDArray[np.integer]) -> list[str]:
        """The ids of `articles` of segment `s`, and remember where these lie: they will be asked for by their ids."""
        article_ids = self.segments[s].store.article_ids(articles)
        if len(self._homes) >= _MAX_LOCATIONS:
            self._homes = {}
        self._homes.update(zip(article_ids, zip(repeat(s), articles.tolist()), strict=False))
        return article_ids

    def _locate(self, article_id: str) -> tuple[int, int]:
        known = self._homes.get(article_id)
        if known is not None:
            return known
        for s, segment in enumerate(self.segments):
            row = segment.store.article_row(article_id)
            if row >= 0 and segment.live_articles[row]:
                return s, row
        raise NotFound(f"no article {article_id!r} in this index")

    def _row(self, chunk_id: str) -> tuple[int, int]:
        ordinal = ordinal_of(chunk_id)
        s, article = self._locate(article_of(chunk_id))
        store = self.segments[s].store
        first, end = int(store.chunk_starts[article]), int(store.chunk_starts[article + 1])
        if ordinal < 0 or first + ordinal >= end:
            raise NotFound(f"no chunk {chunk_id!r} in this index")
        return s, first + ordinal

    @names_damage
    def evidence(
        self, query: LexicalQuery, vector: Vectors | None, chunk_ids: Sequence[str], *, terms: bool = False
    ) -> Candidates:
        """Both exact scores of any chunks; see Backend."""
        locations = np.array([self._row(chunk_id) for chunk_id in chunk_ids], np.int64).reshape(-1, 2)
        plan = self._scorer.plan(query)
        order = np.lexsort(locations.T[::-1])
        segments, starts = np.unique(locations[order, 0], return_index=True)
        rows = np.split(locations[order, 1], starts[1:])
        each = zip(segments.tolist(), rows, strict=False)
        found = joined([self._scored(plan, vector, s, some, terms=terms) for s, some in each])
        return found.taken(np.argsort(order).tolist())

    def _scored(
        self, plan: Plan, vector: Vectors | None, s: int, rows: NDArray[np.integer], *, terms: bool = False
    ) -> Candidates:
        """The chunks in the `rows`, ascending, of segment `s` with both exact scores."""
        segment, parts = self.segments[s], self._scorer.parts(plan, s, rows)
        homes = segment.store.chunk_articles[rows]
        new = firsts(homes)
        articles, own = homes[new], np.cumsum(new) - 1
        cosine, means = np.zeros(len(rows)), np.zeros(len(articles))
        if vector is not None:
            cosine = segment.dense.scores(vector, rows).astype(np.float64)
            means = products(segment.article_vectors, vector, articles).astype(np.float64)
        article_ids = self._article_ids(s, articles)
        ordinals = (rows - segment.store.chunk_starts[homes]).tolist()
        chunk_ids = chunk_ids_of(map(article_ids.__getitem__, own.tolist()), ordinals)
        words, matched = Scorer.matched(plan, parts)
        by_term = Scorer.by_term(plan, parts) if terms else ()
        return Candidates(chunk_ids, article_ids, own, parts[-1], cosine, means[own], words, matched, by_term)

    @cached_property
    def _sample(self) -> Vectors:
        """(at most SAMPLE_CHUNKS, dim): vectors of the live chunks that are drawn first; see index.drawing."""
        draws, vectors = [np.zeros(0, np.uint64)], [np.zeros((0, int(self.manifest.encoder["dim"])), np.float32)]
        for segment in self.segments:
            rows = np.flatnonzero(segment.live_chunks)
            store = segment.store
            articles = store.chunk_articles[rows]
            own = draws_of_chunks(store.draws()[articles], rows - store.chunk_starts[articles])
            first = lowest(own, SAMPLE_CHUNKS)
            draws.append(own[first])
            vectors.append(segment.dense.vectors[rows[first]].astype(np.float32))
        return np.concatenate(vectors)[lowest(np.concatenate(draws), SAMPLE_CHUNKS)]

    @names_damage
    def background(self, vector: Vectors) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of chunks at random; see Backend."""
        if len(self._sample) < MIN_CHUNKS_FOR_SPREAD:
            return 0.0, 0.0
        cosines = (self._sample @ vector).astype(np.float64)
        mean = float(cosines.sum()) / len(cosines)
        return mean, max(0.0, float(cosines @ cosines) / len(cosines) - mean**2) ** 0.5

    @names_damage
    def articles(self, article_ids: Sequence[str]) -> list[StoredArticle]:
        """The articles, in the order given; see Backend."""
        return [self.segments[s].store.get(row) for s, row in map(self._locate, article_ids)]

    def article(self, article_id: str) -> StoredArticle:
        """One article; see Backend."""
        return self.articles([article_id])[0]

    @names_damage
    def article_vector(self, article_id: str) -> Vectors:
        """Unit mean of the article's chunk vectors; see Backend."""
        s, row = self._locate(article_id)
        vector: Vectors = self.segments[s].article_vectors[row].astype(np.float32)
        length = np.linalg.norm(vector)
        return vector / length if length > 0 else vector

    @names_damage
    def titles_of(self, article_ids: Sequence[str]) -> list[str]:
        """The title of each article; see Backend."""
        return [self.segments[s].store.title(row) for s, row in map(self._locate, article_ids)]

    @names_damage
    def published(self, article_ids: Sequence[str]) -> list[date | None]:
        """When each article was published; see Backend."""
        days = [int(self.segments[s].store.published[row]) for s, row in map(self._locate, article_ids)]
        return [None if day == NO_DATE else day_of(day) for day in days]

    @names_damage
    def chunk_vectors(self, article_id: str) -> NDArray[np.float16]:
        """The vectors of the article's chunks; see Backend."""
        s, row = self._locate(article_id)
        start, end = self.segments[s].store.chunk_starts[row : row + 2].tolist()
        return np.asarray(self.segments[s].dense.vectors[start:end], np.float16)

    def signatures(self, article_ids: Sequence[str]) -> NDArray[np.uint32]:
        """MinHash signatures of the articles; see Backend."""
        found = chain.from_iterable(map(self._locate, article_ids))
        locations = np.fromiter(found, np.int64, 2 * len(article_ids)).reshape(-1, 2)
        out = np.empty((len(locations), SIGNATURE_SIZE), np.uint32)
        for s, segment in enumerate(self.segments):
            own = locations[:, 0] == s
            out[own] = segment.signatures[locations[own, 1]]
        return out

    @names_damage
    def document_frequency(self, term: str) -> int:
        """How many chunks hold the word `term`."""
        return sum(segment.df("words", term) for segment in self.segments)

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
            checksums=str(self._checksums()),
            scoring="compiled" if compiled() else "numpy",
        )

    def _checksums(self) -> Checksums:
        if self._verifier:
            return self._verifier.state
        return Checksums.SMALL if large_files(self.manifest) else Checksums.WHOLE

    def close(self) -> None:
        """Let go of files and memory."""
        if self._verifier:
            self._verifier.stop()
        self.segments = []
        self._scorer = Scorer([], self.config.bm25)


def _border(found: Sequence[_Found], k: int) -> float:
    """The `k`-th highest score in all segments; -inf where there are fewer."""
    return nth_highest(np.concatenate([np.zeros(0), *(scores for _, _, scores in found)]), k)
