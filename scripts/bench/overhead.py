#!/usr/bin/env python3
"""What a whole answer costs beside the bare two legs, in CPU time of one thread, in one run.

    python scripts/bench/overhead.py --sentences ../shared/data/train/crud_news.jsonl.gz --chunks 30000

Bare: the question cut into words and encoded, and the best chunks of each leg looked up. Whole: everything an answer
has by default (both exact scores, the weight, grouping, near-duplicates, the confidence, passages, marks,
suggestions), and the same with explanations, and with every option. All questions are asked in one way, then in the
next, for some rounds: so no way finds a question's postings warm from the way before.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import faiss  # noqa: E402

from index.builder import update_index  # noqa: E402
from index.config import IndexConfig  # noqa: E402
from index.models import Filters  # noqa: E402
from scripts.bench.corpus import known_items, read_sentences, recombined  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.models import SearchOptions  # noqa: E402
from search.query.parse import parse  # noqa: E402
from search.ranking.ranker import CANDIDATES  # noqa: E402


def ways(engine: SearchEngine) -> dict[str, Callable[[str], object]]:
    """Name -> what is timed."""
    backend, encoder = engine._backend, engine._encoder

    def bare(text: str) -> None:
        query = parse(text, engine._tokenizer)
        backend.lexical(query.lexical, k=CANDIDATES, filters=Filters())
        backend.dense(encoder.queries([query.text])[0], k=CANDIDATES, filters=Filters())

    explained, every = SearchOptions(explain=True), SearchOptions(explain=True, focus=True, context=2, diversity=0.3)
    return {
        "bare two legs": bare,
        "ranking alone": lambda text: engine.rank(text, SearchOptions()),
        "answer": lambda text: engine.search(text),
        "answer, explained": lambda text: engine.search(text, explained),
        "answer with every option": lambda text: engine.search(text, every),
    }


def main() -> None:
    """Build, ask, compare, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=Path, required=True, help="JSONL(.gz) with a `text` in each record")
    parser.add_argument("--chunks", type=int, default=30_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--index", type=Path, help="keep the index there, or use the one that is there")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/overhead.json")
    args = parser.parse_args()
    faiss.omp_set_num_threads(1)
    pool = read_sentences(args.sentences, 400_000)
    queries = known_items(pool, args.queries)
    with tempfile.TemporaryDirectory(prefix="wensou-overhead-") as folder:
        path = args.index or Path(folder) / "index"
        if not (path / "CURRENT").exists():
            update_index(recombined(pool, chunks=args.chunks), path, IndexConfig(chunk_chars=300))
        with SearchEngine.open(path) as engine:
            asked = ways(engine)
            for query in queries[:20]:
                for ask in asked.values():
                    ask(query)
            times: dict[str, list[float]] = {name: [] for name in asked}
            for _ in range(args.rounds):
                for name, ask in asked.items():
                    for query in queries:
                        began = time.thread_time()
                        ask(query)
                        times[name].append(1000 * (time.thread_time() - began))
            chunks = engine.stats().chunks
    median = {name: statistics.median(values) for name, values in times.items()}
    ratio = {name: round(value / median["bare two legs"], 3) for name, value in median.items()}
    found = {
        "chunks": chunks,
        "queries": len(queries),
        "cpu_ms_p50": {name: round(value, 3) for name, value in median.items()},
        "ratio_to_bare": ratio,
    }
    print(json.dumps(found, indent=1))
    args.out.parent.mkdir(exist_ok=True)
    args.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
