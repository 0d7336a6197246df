"""The engine on Milvus, read side: one commit, with every score worked out as the folder does.

Milvus nominates: by the sparse vectors, which hold what BM25 gives each term under the average lengths of the time
when they were written, and by the dense ones. What it names is scored exactly, from the stored terms and vectors under
the commit's own averages. A nomination is long enough where nothing that was not named could still be among the best:
the last one's score, times how far the averages may have moved it, lies under the k-th best. If not, more are named.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from index.analysis.tokenizer import Tokenizer
from index.candidates import Candidates
from index.config import IndexConfig
from index.drawing import MIN_CHUNKS_FOR_SPREAD, SAMPLE_CHUNKS
from index.errors import BadOption
from index.milvus.access import CHUNK_ROW, ChunkRow, Kept, RowAccess
from index.milvus.client import MAX_ROWS, Client, any_of
from index.milvus.control import Record
from index.milvus.counts import Counts
from index.milvus.filtering import Needle, Splitter, meets, of_fields
from index.milvus.schema import Names
from index.milvus.terms import (
    Weighted,
    number_of,
    shares,
    sparse_query,
)
from index.models import (
    Condition,
    Evidence,
    Filters,
    Hit,
    IndexStats,
    LexicalQuery,
    StoredArticle,
    Vectors,
)
from index.retrieval.bm25 import Bm25
from index.retrieval.segment_scorer import FIELD_WEIGHTS

_SETTLES = 10.0  # seconds; Bounded is some five behind at most, by a setting of the server
_MORE = 16  # asked for beyond k, for what ties
_EF = 1_024  # neighbours that a walk of the vector index keeps in view
_ROUNDING = 1e-4  # of a score, by which Milvus's sums of single precision may be off
_IDS_A_CALL = 500
_FEW_ARTICLES = 400  # that pass: then all their chunks are scored, and none is searched for


class MilvusIndex(RowAccess):
    """A commit of an index on Milvus as a Backend. Safe to ask from several threads."""

    def __init__(
        self, client: Client, record: Record, *, consistency: str = "Bounded", strict: bool = True, young: bool = False
    ) -> None:
        """Nothing is read before the first question. Without `strict`, a leg that the server lacks finds nothing.

        `young`: rows of the commit may not have come to all nodes, so that the first answers must wait for them.
        """
        self.client = client
        self.record = record
        self.names = Names(client.address, record.version)
        self.commit = record.commit
        self.config = IndexConfig.from_json(record.config)
        self.encoder_fingerprint = str(record.encoder["fingerprint"])
        self.cosine_floor = float(record.encoder["floor"])
        self.calibration: Mapping[str, Any] = {**record.calibration, "boilerplate": record.boilerplate}
        self._asked_for = consistency
        self._settled = time.monotonic() + _SETTLES if young else 0.0
        self._strict = strict
        self._bm25 = Bm25.of(self.config.bm25)
        self._averages = record.averages()
        self.counts = Counts(client, self.names.terms, record.runs)
        self.begin()
        self._frequencies: Kept[Needle, int] = Kept(200_000)
        self._passing_known: Kept[Condition, list[str] | None] = Kept(64)
        self._splitter = Splitter(lambda needle: self.frequencies([needle])[needle])
        self._sampled: Vectors | None = None
        self._mean_idfs: dict[str, float] = {}
        self._tokenizer: Tokenizer | None = None

    @property
    def _consistency(self) -> str:
        return "Strong" if time.monotonic() < self._settled else self._asked_for

    # ---- terms

    def frequencies(self, needles: Sequence[Needle]) -> dict[Needle, int]:
        """How many documents of its field hold each term."""

        def read(some: list[Needle]) -> dict[Needle, int]:
            sought: dict[str, list[int]] = {}
            for field, term in some:
                sought.setdefault(field, []).append(number_of(term))
            try:
                counts = self.counts.of(sought, self._consistency)
            except ValueError as error:
                raise self._damaged("counts of terms", error) from error
            return {(field, term): counts[(field, number_of(term))] for field, term in some}

        return self._frequencies.find(needles, read)

    def document_frequency(self, term: str) -> int:
        """How many chunks hold the word `term`."""
        return self.frequencies([("words", term)])[("words", term)]

    def pair_frequency(self, pair: str) -> int:
        """How many chunks hold these two characters side by side; see Lister."""
        return self.frequencies([("bigrams", pair)])[("bigrams", pair)]

    def _plan(self, query: LexicalQuery) -> list[Weighted]:
        sought = [(f, term) for f in FIELD_WEIGHTS for term in (query.bigrams if f == "bigrams" else query.words)]
        known = self.frequencies(sought)
        plan = []
        for field, weight in FIELD_WEIGHTS.items():
            terms = query.bigrams if field == "bigrams" else query.words
            held = [term for term in terms if known[(field, term)]]
            if not held:
                continue
            df = np.asarray([known[(field, term)] for term in held], np.int64)
            idf = self._bm25.idf(df, self.record.documents[field])
            if self._bm25.variant == "okapi":
                idf = self._bm25.floor(idf, self._mean_idf(field))
            times = np.asarray([terms[term] for term in held], np.float64)
            numbers = np.fromiter(map(number_of, held), np.uint64, len(held))
            plan.append(Weighted(field, held, numbers, weight * times * idf))
        return plan

    def _mean_idf(self, field: str) -> float:
        if field not in self._mean_idfs:
            idf = self._bm25.idf(self.column(field).counts, self.record.documents[field])
            self._mean_idfs[field] = float(idf.mean()) if len(idf) else 0.0
        return self._mean_idfs[field]

    # ---- the legs

    def lexical(self, query: LexicalQuery, *, k: int, filters: Filters) -> list[Hit]:
        """The `k` best chunks by BM25; see Backend. BadOption on a server that has no sparse vectors."""
        if not self.client.sparse:
            if self._strict:
                raise BadOption(
                    f"index {self.client.address.text}: this server has no sparse vectors, so no words can be searched",
                    hint="ask with --mode dense, or run Milvus 2.4 or newer and index anew without ?legs=dense",
                )
            return []
        plan = self._plan(query)
        vector = sparse_query(plan)
        if not vector or k <= 0:
            return []

        def scores(rows: Sequence[ChunkRow]) -> list[float]:
            return [sum(found.values()) for found in self._shares(plan, rows)]

        return [hit for hit in self._best("terms", vector, k, filters, scores, self.drift()) if hit.score > 0]

    def dense(self, vector: Vectors, *, k: int, filters: Filters) -> list[Hit]:
        """The `k` nearest chunks; see Backend."""
        if k <= 0:
            return []

        def scores(rows: Sequence[ChunkRow]) -> list[float]:
            return self._cosines(vector, rows)

        return self._best("vector", vector.astype(np.float32).tolist(), k, filters, scores, 1.0)

    def drift(self) -> float:
        """How much more a chunk may have than its sparse vector says."""
        ratios = [1.0]
        for written in self.record.written:
            ratios += [self._averages[field] / average for field, average in written.items() if average > 0]
        return max(ratios)

    def _best(
        self,
        field: str,
        vector: Any,
        k: int,
        filters: Filters,
        scores: Callable[[Sequence[ChunkRow]], list[float]],
        drift: float,
    ) -> list[Hit]:
        parts, rest = self._splitter.split(filters.where)
        parts = [self._seen, *of_fields(filters), *parts]
        if rest is not None:
            passing = self._passing(rest, parts)
            if passing is not None and len(passing) <= _FEW_ARTICLES:
                return self._ranked(self._chunks_of(passing, parts), scores)[:k]
            if passing is not None:
                parts.append(any_of("article", passing))
                rest = None
        limit = min(MAX_ROWS, k + max(_MORE, k // 2) if rest is None else 4 * k + 256)
        while True:
            found = self._named(field, vector, " and ".join(parts), limit)
            rows = [row for _, row in found]
            if rest is not None:
                rows = self._that_meet(rows, rest)
            hits = self._ranked(rows, scores)
            if len(found) < limit or limit >= MAX_ROWS:
                break
            border = found[-1][0] * drift + _ROUNDING * max(1.0, abs(found[-1][0]))
            if len(hits) >= k and border < hits[k - 1].score:
                break
            limit = min(MAX_ROWS, 4 * limit)
        if rest is not None and len(hits) < k and len(found) >= MAX_ROWS:
            hits = self._ranked(self._chunks_of(self._scanned(rest, parts), parts), scores)
        return hits[:k]

    def _named(self, field: str, vector: Any, filter_: str, limit: int) -> list[tuple[float, ChunkRow]]:
        params = {"ef": max(_EF, 4 * limit)} if field == "vector" and self.client.address.file is None else {}
        found = self.client.search(
            self.names.chunks, field, vector, filter_, CHUNK_ROW, limit, params, consistency=self._consistency
        )
        out = [(score, self._chunk_row(row)) for score, row in found]
        self._chunk_rows.put({row.chunk: row for _, row in out})
        return out

    def _ranked(self, rows: Sequence[ChunkRow], scores: Callable[[Sequence[ChunkRow]], list[float]]) -> list[Hit]:
        hits = [Hit(row.chunk, score) for row, score in zip(rows, scores(rows), strict=True)]
        return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))

    def _shares(self, plan: Sequence[Weighted], rows: Sequence[ChunkRow]) -> list[dict[str, float]]:
        articles = self._articles_by_id([row.article for row in rows])
        return [shares(plan, row.own, articles[row.article].whole, self._bm25, self._averages) for row in rows]

    def _cosines(self, vector: Vectors, rows: Sequence[ChunkRow]) -> list[float]:
        return [float(np.dot(row.vector, vector)) for row in rows]

    def both(self, query: LexicalQuery, vector: Vectors, *, k: int, filters: Filters) -> Candidates:
        """The `k` best chunks of each leg and both exact scores; see Backend."""
        near = self.dense(vector, k=k, filters=filters)
        words = self.lexical(query, k=k, filters=filters) if self.client.sparse else []
        ids = sorted({hit.chunk_id for leg in (words, near) for hit in leg})
        return self.evidence(query, vector, ids)

    def evidence(
        self, query: LexicalQuery, vector: Vectors | None, chunk_ids: Sequence[str], *, terms: bool = False
    ) -> Candidates:
        """Both exact scores of any chunks; see Backend."""
        rows = self._chunks_by_id(chunk_ids)
        found = self._shares(self._plan(query), rows)
        if vector is None:
            cosines = means = [0.0] * len(rows)
        else:
            articles = self._articles_by_id([row.article for row in rows])
            cosines = self._cosines(vector, rows)
            means = [float(np.dot(articles[row.article].mean, vector)) for row in rows]
        return Candidates.of(
            Evidence(row.chunk, float(sum(some.values())), cosine, mean, some if terms else {}, tuple(words))
            for row, some, cosine, mean, words in zip(
                rows, found, cosines, means, self._matched_terms(query, rows), strict=True
            )
        )

    def _matched_terms(self, query: LexicalQuery, rows: Sequence[ChunkRow]) -> list[list[str]]:
        """For each row the query's words that its article holds."""
        articles = self._articles_by_id([row.article for row in rows])
        words = [some for some in self._plan(query) if some.field == "body"]
        if not words:
            return [[] for _ in rows]
        (body,) = words
        order = sorted(range(len(body.names)), key=lambda at: (-body.weights[at], body.names[at]))
        out = []
        for row in rows:
            times = articles[row.article].whole["body"].of(body.numbers)
            out.append([body.names[at] for at in order if times[at]])
        return out

    # ---- conditions

    def _passing(self, condition: Condition, parts: Sequence[str]) -> list[str] | None:
        """Ids of the articles that meet a condition, where few enough could; they may fail `parts`."""
        return self._passing_known.find([condition], lambda _: {condition: self._holders(condition, parts[:1])})[
            condition
        ]

    def _holders(self, condition: Condition, parts: Sequence[str]) -> list[str] | None:
        needles = self._splitter.needles(condition) if self.client.sparse else None
        if needles is None or self._splitter.total(needles) >= MAX_ROWS:
            return None
        plan = [
            Weighted(field, [term], np.asarray([number_of(term)], np.uint64), np.ones(1)) for field, term in needles
        ]
        vector = sparse_query(plan)
        found = self.client.search(
            self.names.chunks, "terms", vector, " and ".join(parts), ["article"], MAX_ROWS, {},
            consistency=self._consistency,
        )  # fmt: skip
        if len(found) >= MAX_ROWS:
            return None
        names = sorted({row["article"] for score, row in found if score > 0})
        return [name for name, article in self._texts_of(names) if meets(article, condition, self.tokenizer())]

    def _texts_of(self, names: Sequence[str]) -> list[tuple[str, StoredArticle]]:
        return [
            pair
            for begin in range(0, len(names), _IDS_A_CALL)
            for pair in self.stored(names[begin : begin + _IDS_A_CALL]).items()
        ]

    def _that_meet(self, rows: Sequence[ChunkRow], condition: Condition) -> list[ChunkRow]:
        articles = dict(self._texts_of(list(dict.fromkeys(row.article for row in rows))))
        good = {name for name, article in articles.items() if meets(article, condition, self.tokenizer())}
        return [row for row in rows if row.article in good]

    def _scanned(self, condition: Condition, parts: Sequence[str]) -> list[str]:
        """The articles that meet a condition, told by looking at all: nothing else was left to find them by."""
        return [
            stored.article.article_id
            for stored in self.all_stored(" and ".join(parts))
            if meets(stored, condition, self.tokenizer())
        ]

    def tokenizer(self) -> Tokenizer:
        """That of the index."""
        if self._tokenizer is None:
            self._tokenizer = Tokenizer(self.config.user_words, self.config.synonyms)
        return self._tokenizer

    # ---- by id

    def background(self, vector: Vectors) -> tuple[float, float]:
        """Mean and standard deviation of the cosines of chunks at random; see Backend."""
        if self._sampled is None:
            rows = self.drawn(self.names.chunks, SAMPLE_CHUNKS, self.record.chunks, ["vector"])
            dim = int(self.record.encoder["dim"])
            self._sampled = np.asarray([row["vector"] for row in rows], np.float32).reshape(-1, dim)
        if len(self._sampled) < MIN_CHUNKS_FOR_SPREAD:
            return 0.0, 0.0
        cosines = self._sampled @ vector
        return float(cosines.mean()), float(cosines.std())

    def stats(self) -> IndexStats:
        """Counts, sizes and names; see Backend."""
        record = self.record
        return IndexStats(
            record.articles, record.chunks, record.dead_chunks, 1, record.bytes, str(record.encoder["name"]),
            int(record.encoder["dim"]), record.fingerprint, "equal", record.commit, record.committed_at,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of memory; the connection is shared."""
        self.forget()
