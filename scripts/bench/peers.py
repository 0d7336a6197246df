"""Other engines over one export of an index: the same words a chunk, the same vectors, the same questions.

`export` writes the words and vectors of an index's chunks as arrays into a folder; each function of `PEERS` builds an
engine from that folder and asks it the questions, their words and vectors ready made, one thread, k = 10; the plain
loop also from the text on, as whoever writes it must. Vectors have length 1, so that the nearest by Euclid, which
graphs do better by, are the nearest by cosine. Imported only by scripts/bench/scale.py, which runs each in a process of
its own.

Vectors of mixed passages form no clusters, so an index as it is usually set finds half of the nearest. Each is timed
twice: as it is usually set, and `at recall`, set to look further until it finds at least .97 of them, which is what
ours is held to (or as far as it goes, where it never does).
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.analysis.tokenizer import Tokenizer
from index.embedded.reader import EmbeddedIndex
from index.encoders.load import load_encoder
from index.models import Vectors
from index.pipeline import cores
from index.storage.string_table import StringTable

K = 10
_POOL = 100  # candidates of each leg that the plain loop mixes
_RRF = 60
_REFINE = 10  # times as many of LanceDB's vectors are compared exactly
_NPROBES = 20  # of its lists looked at, its own default
_USUAL = 64  # efSearch of a graph, nprobe of lists
_RECALL = 0.97
_ASKED = 50  # questions by which a setting is chosen
_HNSW_UP_TO = 300_000  # vectors; above it a graph of this size takes the better part of an hour to build here
_BLOCK = 20_000  # chunks handed over at a time
_ZVEC_DOCS = 1_000  # documents handed to zvec at a time, of which it takes 1,024 at most
_WARM = 20  # questions asked before the clock runs

Result = dict[str, Any]


def export(index: EmbeddedIndex, queries: Sequence[str], folder: Path) -> None:
    """Words (as numbers of a vocabulary) and vectors of all chunks, and the questions with theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    tables, numbers = StringTable.merge([segment.fields["words"].terms for segment in index.segments])
    lengths, parts = [], []
    for segment, number in zip(index.segments, numbers, strict=True):
        words = segment.fields["words"]
        order = np.argsort(words.docs, kind="stable")
        terms = np.repeat(number.astype(np.int32), np.diff(words.starts))[order]
        parts.append(np.repeat(terms, words.tfs[order]))
        lengths.append(words.lengths)
    np.save(folder / "terms.npy", np.concatenate(parts))
    np.save(folder / "starts.npy", np.append(0, np.cumsum(np.concatenate(lengths), dtype=np.int64)))
    vectors = np.concatenate([segment.dense.vectors for segment in index.segments])
    (folder / "vocabulary.json").write_text(json.dumps([word.replace(" ", "_") for word in tables]), "utf-8")
    tokenizer = Tokenizer(index.config.user_words, index.config.synonyms)
    asked = load_encoder(index.config.model).queries(list(queries))
    np.save(folder / "questions.npy", asked)
    np.save(folder / "own_tenth.npy", tenth_scores(vectors, asked))
    for start in range(0, len(vectors), _BLOCK):  # those of short chunks are shorter than 1
        block = vectors[start : start + _BLOCK].astype(np.float32)
        vectors[start : start + _BLOCK] = block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-12)
    np.save(folder / "vectors.npy", vectors)
    np.save(folder / "tenth.npy", tenth_scores(vectors, asked))
    words = [words_of(tokenizer, query) for query in queries]
    (folder / "questions.json").write_text(json.dumps(words), "utf-8")
    (folder / "texts.json").write_text(json.dumps(queries), "utf-8")


def words_of(tokenizer: Tokenizer, query: str) -> list[str]:
    """The words of a question as `export` names words."""
    return [word.replace(" ", "_") for word in tokenizer.terms(query)]


def tenth_scores(vectors: NDArray[np.float16], asked: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cosine of each question's tenth nearest chunk, by looking at all."""
    best = np.full((len(asked), K), -1, np.float32)
    for start in range(0, len(vectors), _BLOCK):
        scores = np.concatenate([best, asked @ vectors[start : start + _BLOCK].astype(np.float32).T], axis=1)
        best = np.partition(scores, scores.shape[1] - K, axis=1)[:, -K:]
    return best.min(axis=1)


class Export:
    """What `export` wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.terms = np.load(folder / "terms.npy", mmap_mode="r")
        self.starts = np.load(folder / "starts.npy")
        self.vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        self.vocabulary: list[str] = json.loads((folder / "vocabulary.json").read_text("utf-8"))
        self.questions = np.load(folder / "questions.npy")
        self.words: list[list[str]] = json.loads((folder / "questions.json").read_text("utf-8"))
        self.texts: list[str] = json.loads((folder / "texts.json").read_text("utf-8"))
        self._tenth = np.load(folder / "tenth.npy")

    def __len__(self) -> int:
        return len(self.vectors)

    def blocks(self) -> Iterator[tuple[int, list[str], NDArray[np.float32]]]:
        """Number of the first chunk, texts (words with spaces between) and vectors, some chunks at a time."""
        for low in range(0, len(self), _BLOCK):
            high = min(low + _BLOCK, len(self))
            begin = int(self.starts[low])
            words = list(map(self.vocabulary.__getitem__, self.terms[begin : int(self.starts[high])].tolist()))
            ends = (self.starts[low : high + 1] - begin).tolist()
            texts = [" ".join(words[a:b]) for a, b in zip(ends, ends[1:], strict=False)]
            yield low, texts, self.vectors[low:high].astype(np.float32)

    def recall(self, dense: Callable[[int], Sequence[int]], count: int | None = None) -> float:
        """recall@10 of what `dense` finds for the first `count` questions, or all; of equally near ones any will do."""
        hits = 0
        asked = range(len(self.questions))[:count]
        for number in asked:
            rows = np.asarray(dense(number)[:K], np.int64)
            scores = self.vectors[rows].astype(np.float32) @ self.questions[number]
            hits += int((scores >= self._tenth[number] - 1e-5).sum())
        return round(hits / (K * len(asked)), 4)

    def raised(self, settings: Sequence[int], use: Callable[[int], None], dense: Callable[[int], Sequence[int]]) -> int:
        """The first of `settings` by which `dense` finds enough, which is then in use; else the last."""
        for setting in settings:
            use(setting)
            if self.recall(dense, _ASKED) >= _RECALL:
                break
        return setting


def percentiles(ask: Callable[[int], object], count: int) -> dict[str, float]:
    """p50, p95 and p99 in milliseconds of asking questions 0 to `count`, after a few to warm up."""
    for number in range(min(_WARM, count)):
        ask(number)
    times = []
    for number in range(count):
        began = time.perf_counter()
        ask(number)
        times.append(1000 * (time.perf_counter() - began))
    return {f"p{share}_ms": round(float(np.percentile(times, share)), 3) for share in (50, 95, 99)}


def _bm25s(made: Export) -> Any:
    import bm25s
    from bm25s.tokenization import Tokenized

    vocabulary = {word: number for number, word in enumerate(made.vocabulary)}
    ids = [made.terms[a:b] for a, b in zip(made.starts.tolist(), made.starts[1:].tolist(), strict=False)]
    engine = bm25s.BM25(k1=1.2, b=0.75, method="lucene", backend="numba")
    engine.index(Tokenized(ids=ids, vocab=vocabulary), show_progress=False)
    engine.activate_numba_scorer()
    return engine


def _retrieve(engine: Any, words: list[str], k: int) -> NDArray[np.int64]:
    rows, _ = engine.retrieve([words], k=k, show_progress=False, n_threads=1)
    return np.asarray(rows[0], np.int64)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def run_bm25s(made: Export) -> Result:
    """bm25s with numba: lexical only."""
    began = time.perf_counter()
    engine = _bm25s(made)
    built = time.perf_counter() - began
    lexical = percentiles(lambda n: _retrieve(engine, made.words[n], K), len(made.words))
    return {"build_s": round(built, 1), "lexical": lexical}


def run_tantivy(made: Export) -> Result:
    """tantivy: lexical only, no positions, one segment."""
    import tantivy

    folder = _fresh(made.folder / "tantivy")
    schema = tantivy.SchemaBuilder().add_text_field("text", tokenizer_name="whitespace", index_option="freq").build()
    began = time.perf_counter()
    index = tantivy.Index(schema, path=str(folder))
    writer = index.writer(400_000_000, 1)
    for _, texts, _ in made.blocks():
        for text in texts:
            writer.add_document(tantivy.Document(text=text))
    writer.commit()
    writer.wait_merging_threads()
    built = time.perf_counter() - began
    index.reload()
    searcher = index.searcher()

    def ask(number: int) -> object:
        terms = [tantivy.Query.term_query(schema, "text", word) for word in made.words[number]]
        return searcher.search(tantivy.Query.boolean_query([(tantivy.Occur.Should, term) for term in terms]), K).hits

    if not any(ask(number) for number in range(len(made.words))):
        raise RuntimeError("tantivy finds nothing: its tokenizer does not see our words")
    segments = searcher.num_segments
    return {"build_s": round(built, 1), "segments": segments, "lexical": percentiles(ask, len(made.words))}


def run_lancedb(made: Export) -> Result:
    """LanceDB: full-text index over the words, IVF_PQ over the vectors, hybrid by its own RRF."""
    import lancedb
    import pyarrow as pa
    from lancedb.rerankers import RRFReranker

    dim, lists = made.vectors.shape[1], max(1, int(len(made) ** 0.5))
    schema = pa.schema([("row", pa.int64()), ("text", pa.string()), ("vector", pa.list_(pa.float32(), dim))])

    def batches() -> Iterator[Any]:
        for low, texts, vectors in made.blocks():
            flat = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dim)
            rows = pa.array(range(low, low + len(texts)), pa.int64())
            yield pa.RecordBatch.from_arrays([rows, pa.array(texts), flat], schema=schema)

    began = time.perf_counter()
    table = lancedb.connect(_fresh(made.folder / "lancedb")).create_table("chunks", batches(), schema=schema)
    plain = {"stem": False, "remove_stop_words": False, "lower_case": False, "ascii_folding": False}
    table.create_fts_index("text", base_tokenizer="whitespace", max_token_length=None, **plain)
    table.create_index(num_partitions=lists, index_type="IVF_PQ", max_iterations=10)
    built = time.perf_counter() - began
    reranker = RRFReranker()
    times = 1

    def use(further: int) -> None:
        nonlocal times
        times = further

    def hybrid(number: int) -> object:
        text, vector = " ".join(made.words[number]), made.questions[number]
        query = table.search(query_type="hybrid").vector(vector).text(text)
        query = query.nprobes(min(_NPROBES * times, lists)).refine_factor(_REFINE * times)
        return query.rerank(reranker).limit(K).select(["row"]).to_arrow()

    def lexical(number: int) -> object:
        found = table.search(" ".join(made.words[number]), query_type="fts").limit(K)
        return found.select(["row"]).to_arrow()

    def dense(number: int) -> list[int]:
        found = table.search(made.questions[number]).nprobes(min(_NPROBES * times, lists))
        found = found.refine_factor(_REFINE * times).limit(K)
        rows: list[int] = found.select(["row"]).to_arrow()["row"].to_pylist()
        return rows

    count = len(made.words)
    result = {"build_s": round(built, 1), "lexical": percentiles(lexical, count), **_both(made, hybrid, dense)}
    further = made.raised([2, 4, 8, 16, 32], use, dense)
    set_to = f"nprobes {min(_NPROBES * further, lists)} of {lists}, refine_factor {_REFINE * further}"
    return {**result, "at recall": {"set": set_to, **_both(made, hybrid, dense)}}


def run_loop(made: Export) -> Result:
    """The loop that is written by hand: bm25s with numba, a FAISS index, and RRF over the best 100 of both; words and
    vectors of questions ready made, and made by our tokenizer and encoder, both of which are quicker than usual ones.
    """
    import faiss

    faiss.omp_set_num_threads(cores())  # for the build alone
    dim = made.vectors.shape[1]
    began = time.perf_counter()
    engine = _bm25s(made)
    if graph := len(made) <= _HNSW_UP_TO:
        kind, knob = "HNSW32", "efSearch"
        index = faiss.index_factory(dim, "HNSW32", faiss.METRIC_L2)
    else:  # a graph of this size takes too long to build here
        kind, knob = "IVF1024,SQ8", "nprobe"
        index = faiss.index_factory(dim, "IVF1024,SQ8", faiss.METRIC_L2)
        picks = np.sort(np.random.default_rng(0).choice(len(made), 65_536, replace=False))
        index.train(made.vectors[picks].astype(np.float32))
    for low in range(0, len(made), _BLOCK):
        index.add(made.vectors[low : low + _BLOCK].astype(np.float32))
    built = time.perf_counter() - began
    faiss.omp_set_num_threads(1)

    def near(vector: Vectors, k: int) -> list[int]:
        rows: list[int] = index.search(vector[None], k)[1][0].tolist()
        return rows

    def dense(number: int) -> list[int]:
        return near(made.questions[number], K)

    def fused(words: list[str], vector: Vectors) -> list[int]:
        scores: dict[int, float] = {}
        for found in (_retrieve(engine, words, _POOL).tolist(), near(vector, _POOL)):
            for rank, row in enumerate(found):
                scores[row] = scores.get(row, 0.0) + 1 / (_RRF + rank + 1)
        return sorted(scores, key=scores.__getitem__, reverse=True)[:K]

    tokenizer, encoder = Tokenizer(), load_encoder()

    def from_text(number: int) -> list[int]:
        text = made.texts[number]
        return fused(words_of(tokenizer, text), encoder.queries([text])[0])

    def timed() -> Result:
        found = _both(made, lambda number: fused(made.words[number], made.questions[number]), dense)
        return {**found, "hybrid, from the text on": percentiles(from_text, len(made.texts))}

    def use(setting: int) -> None:
        setattr(index.hnsw if graph else index, knob, setting)

    use(_USUAL)
    usual = {"vectors": f"{kind}, {knob} {_USUAL}", **timed()}
    further = made.raised([_USUAL * 2**n for n in range(1, 8 if graph else 5)], use, dense)
    return {"build_s": round(built, 1), **usual, "at recall": {"set": f"{knob} {further}", **timed()}}


def run_zvec(made: Export) -> Result:
    """zvec: full-text index over the words, HNSW over the vectors, hybrid by its own RRF."""
    import zvec

    zvec.init(query_threads=1, log_level=zvec.LogLevel.ERROR)
    graph = zvec.HnswIndexParam(metric_type=zvec.MetricType.COSINE)
    schema = zvec.CollectionSchema(
        "chunks",
        fields=zvec.FieldSchema(
            "text", zvec.DataType.STRING, index_param=zvec.FtsIndexParam(tokenizer_name="whitespace", filters=[])
        ),
        vectors=zvec.VectorSchema("vector", zvec.DataType.VECTOR_FP32, made.vectors.shape[1], index_param=graph),
    )
    folder = made.folder / "zvec"
    shutil.rmtree(folder, ignore_errors=True)
    began = time.perf_counter()
    table = zvec.create_and_open(str(folder), schema)
    for low, texts, vectors in made.blocks():
        for at in range(0, len(texts), _ZVEC_DOCS):
            some = zip(texts[at : at + _ZVEC_DOCS], vectors[at : at + _ZVEC_DOCS], strict=True)
            docs = [
                zvec.Doc(str(row), vectors={"vector": vector.tolist()}, fields={"text": text})
                for row, (text, vector) in enumerate(some, low + at)
            ]
            refused = [status for status in table.insert(docs) if not status.ok()]
            if refused:
                raise RuntimeError(f"zvec takes no document: {refused[0].message()}")
    table.optimize(zvec.OptimizeOption(cores()))
    built = time.perf_counter() - began
    setting: int | None = None
    reranker = zvec.RrfReRanker()

    def use(ef: int) -> None:
        nonlocal setting
        setting = ef

    def near(number: int) -> Any:
        param = None if setting is None else zvec.HnswQueryParam(ef=setting)
        return zvec.Query("vector", vector=made.questions[number].tolist(), param=param)

    def said(number: int) -> Any:
        return zvec.Query("text", fts=zvec.Fts(match_string=" ".join(made.words[number])))

    def ask(queries: Any, k: int = K, **options: Any) -> list[int]:
        return [int(doc.id) for doc in table.query(queries, topk=k, output_fields=[], **options)]

    def lexical(number: int) -> object:
        return ask(said(number))

    def hybrid(number: int) -> object:
        return ask([said(number), near(number)], reranker=reranker)

    def dense(number: int) -> list[int]:
        return ask(near(number))

    if not any(lexical(number) for number in range(len(made.words))):
        raise RuntimeError("zvec finds nothing: its tokenizer does not see our words")
    count = len(made.words)
    result = {"build_s": round(built, 1), "lexical": percentiles(lexical, count), **_both(made, hybrid, dense)}
    further = made.raised([300 * 2**n for n in range(7)], use, dense)
    return {**result, "at recall": {"set": f"ef {further}", **_both(made, hybrid, dense)}}


def _both(made: Export, hybrid: Callable[[int], object], dense: Callable[[int], Sequence[int]]) -> Result:
    """What hybrid and dense questions take, and how many of the nearest chunks are found."""
    count = len(made.words)
    timed = {"hybrid": percentiles(hybrid, count), "dense": percentiles(dense, count)}
    return {**timed, "recall@10": made.recall(dense)}


PEERS: dict[str, Callable[[Export], Result]] = {
    "bm25s": run_bm25s,
    "tantivy": run_tantivy,
    "loop": run_loop,
    "lancedb": run_lancedb,
    "zvec": run_zvec,
}
