#!/usr/bin/env python3
"""Build and query speed on a corpus of recombined real sentences, beside rank-bm25 on the same tokens.

    python scripts/bench/speed.py --sentences ../shared/data/train/crud_news.jsonl.gz --chunks 100000

Prints and stores: chunks a second of a whole build; p50 and p95 of warm queries in each mode, the ranking alone and
the whole answer, and of `rank_bm25.BM25Okapi.get_scores` plus a top 10 on the same chunks' words, with the ratio;
the wall time of one CLI query in a new process; peak memory. One thread each but for the build; the machine's noise
is in every figure, so compare the ratios.
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import faiss  # noqa: E402
import numpy as np  # noqa: E402

from index.builder import update_index  # noqa: E402
from index.config import IndexConfig  # noqa: E402
from index.prepare import ArticlePreparer  # noqa: E402
from scripts.bench.command import cold_seconds  # noqa: E402
from scripts.bench.corpus import known_items, read_sentences, recombined  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.models import MODES, SearchOptions  # noqa: E402


def percentiles(seconds: list[float]) -> dict[str, float]:
    """p50 and p95 in milliseconds."""
    ms = sorted(1000 * s for s in seconds)
    return {"p50_ms": round(statistics.median(ms), 3), "p95_ms": round(ms[int(0.95 * len(ms))], 3)}


def time_engine(path: Path, queries: list[str]) -> dict[str, dict[str, float]]:
    """Warm latency of each mode: of the ranking alone, and of the whole answer with passages, marks and suggestions."""
    out = {}
    with SearchEngine.open(path) as engine:
        for mode in MODES:
            options = SearchOptions(mode=mode)
            for name, ask in (("ranking", engine.rank), ("answer", engine.search)):
                for query in queries[:20]:
                    ask(query, options)
                times = []
                for query in queries:
                    began = time.perf_counter()
                    ask(query, options)
                    times.append(time.perf_counter() - began)
                out[f"{mode}, {name}"] = percentiles(times)
    return out


def time_rank_bm25(articles: list[Any], queries: list[str]) -> dict[str, float]:
    """rank-bm25 over the words of the same chunks."""
    from rank_bm25 import BM25Okapi

    builder = ArticlePreparer(IndexConfig(clean=False))
    corpus = [words for article in articles for words in builder.prepare(article)[1].words]
    peer = BM25Okapi(corpus)
    times = []
    for query in queries:
        began = time.perf_counter()
        scores = peer.get_scores(builder.tokenizer.terms(query))
        np.argpartition(-scores, 10)[:10]
        times.append(time.perf_counter() - began)
    return percentiles(times)


def main() -> None:
    """Build, ask, compare, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=Path, required=True, help="JSONL(.gz) with a `text` in each record")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--peer-queries", type=int, default=20, help="rank-bm25 takes most of a second each")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    pool = read_sentences(args.sentences, 400_000)
    queries = known_items(pool, args.queries)
    result: dict[str, Any] = {"chunks_asked": args.chunks, "sentences": len(pool), "made_of": args.sentences.name}
    with tempfile.TemporaryDirectory(prefix="wensou-speed-") as folder:
        path = Path(folder) / "index"
        config = IndexConfig(chunk_chars=300)
        began = time.perf_counter()
        report = update_index(recombined(pool, chunks=args.chunks), path, config)
        seconds = time.perf_counter() - began
        result["build"] = {
            "chunks": report.chunks,
            "seconds": round(seconds, 1),
            "chunks_per_s": round(report.chunks / seconds),
        }
        result["disk_mb"] = round(sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) / 1e6)
        result["dense_recall@10"] = report.dense_recall
        print(json.dumps(result), flush=True)
        result["cli_cold"] = cold_seconds(path, queries[:6])
        result["wensou"] = time_engine(path, queries)
        result["peak_rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        if args.peer_queries:
            peer = time_rank_bm25(list(recombined(pool, chunks=args.chunks)), queries[: args.peer_queries])
            result["rank_bm25"] = peer
            for name in ("ranking", "answer"):
                ours = result["wensou"][f"hybrid, {name}"]["p50_ms"]
                result[f"rank_bm25/hybrid, {name}"] = round(peer["p50_ms"] / ours, 1)
    print(json.dumps(result, indent=1))
    out = args.out or Path(__file__).parent / f"results/speed-{args.chunks}.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
