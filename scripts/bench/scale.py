#!/usr/bin/env python3
"""Wensou at 10k, 100k and 1M chunks beside other engines on the same words and vectors.

    python scripts/bench/scale.py --sentences ../shared/data/train/crud_news.jsonl.gz --sizes 10000 100000 1000000 \
        --real ../shared/data/train/{crud_news,xwlb,laws_cn,lctt}.jsonl.gz --work DIR

The articles are recombinations of real sentences (scripts/bench/corpus.py); with `--real`, each size is made a second
time, of the records of those files as they are, where these have so many passages. Every stage runs in a process of
its own, one thread but for building, and its figures are stored at once under its size, so that sizes and stages may
be run one by one (`--stages`) and an interrupted run goes on where it was; the index in `--work` is kept. `--stages
plot` draws.

build      chunks a second by two processes, peak memory, size on disk; beside it how many of the same chunks
           jieba.lcut alone, in one process, cuts into words: machines differ, the ratio hardly does
wensou     p50 and p95 of warm questions, k = 10, from the text of a question on; recall@10 of the dense leg against
           all vectors; resident memory after all questions, and what of it is no file's page; words alone in passages,
           titles and whole articles, and `one field`, of the passages, which is what the peers search; the question in
           quotes, which must stand in the article as it is; `hybrid, 2,000 answers`: one in ten is misspelt
cold       one `wensou query` in a new process
update     100 new articles by `wensou index`: seconds until a reader sees them, and files of other segments touched
the peers  see scripts/bench/peers.py; they get the words and vectors of a question ready made, the loop its text, too
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.bench import peers  # noqa: E402
from scripts.bench.command import cold_seconds, compile_modules, wensou_command  # noqa: E402
from scripts.bench.corpus import (  # noqa: E402
    as_they_are,
    known_items,
    misspelt,
    read_sentences,
    recombined,
    sentences_of,
)

Result = dict[str, Any]
QUESTIONS, ANSWERS = 200, 2_000
CHUNK_CHARS = 300
OWN = ("build", "wensou", "cold", "update")
STAGES = (*OWN, *peers.PEERS)


def memory() -> dict[str, int]:
    """Resident megabytes of this process: all, what of it is its own, and the most there was."""
    fields = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    names = {"rss_mb": "VmRSS", "own_mb": "RssAnon", "peak_mb": "VmHWM"}
    return {name: int(fields[field].split()[0]) // 1024 for name, field in names.items()}


def _write(articles: Any, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        for article in articles:
            record = {"id": article.article_id, "title": article.title, "text": article.text, "source": article.source}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def build(work: Path) -> Result:
    """The index, from a JSONL file; the figures of its build."""
    from index.builder import build_index
    from index.config import IndexConfig

    for old in ("index", "export"):
        shutil.rmtree(work / old, ignore_errors=True)
    began = time.perf_counter()
    report = build_index([work / "articles.jsonl"], work / "index", IndexConfig(chunk_chars=CHUNK_CHARS), workers=2)
    seconds = time.perf_counter() - began
    times = os.times()
    files = [path for path in (work / "index").rglob("*") if path.is_file()]
    return {
        "articles": report.added,
        "chunks": report.chunks,
        "seconds": round(seconds, 1),
        "chunks_per_s": round(report.chunks / seconds),
        "cpu_seconds_per_1000_chunks": round(1000 * sum(times[:4]) / report.chunks, 3),
        "segments": len({path.parent for path in files if path.parent.parent.name == "segments"}),
        "disk_mb": sum(path.stat().st_size for path in files) // 1_000_000,
        "recall@10 at build": report.dense_recall,
        **memory(),
        "jieba.lcut_chunks_per_s": round(report.chunks * _jieba(work / "articles.jsonl", report.added)),
    }


def _jieba(path: Path, articles: int, sample: int = 1000) -> float:
    """The share of the articles that jieba.lcut cuts in a second, told from some of them."""
    import jieba

    with path.open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in islice(file, sample)]
    jieba.lcut("文搜")  # loads the dictionary
    began = time.process_time()
    for text in texts:
        jieba.lcut(text)
    return len(texts) / articles / (time.process_time() - began)


def wensou(work: Path) -> Result:
    """Warm questions, and the export for the peers."""
    import faiss
    import numpy as np

    from index.analysis.tokenizer import Tokenizer
    from index.embedded.reader import EmbeddedIndex
    from index.encoders.load import load_encoder
    from index.models import Filters, LexicalQuery
    from index.retrieval.segment_scorer import FIELD_WEIGHTS
    from search.engine import SearchEngine
    from search.models import MODES, SearchOptions

    faiss.omp_set_num_threads(1)
    queries = json.loads((work / "queries.json").read_text("utf-8"))
    out: Result = {}
    began = time.perf_counter()
    with SearchEngine.open(work / "index") as engine:
        out["open_s"] = round(time.perf_counter() - began, 3)
        for mode in MODES:
            options = SearchOptions(mode=mode)
            for name, ask in (("ranking", engine.rank), ("answer", engine.search)):
                out[f"{mode}, {name}"] = peers.percentiles(lambda n: ask(queries[n], options), len(queries))  # noqa: B023
        many = json.loads((work / "many.json").read_text("utf-8"))
        out["hybrid, 2,000 answers"] = peers.percentiles(lambda n: engine.search(many[n]), len(many))
        quoted = [f'"{query}"' for query in queries if not set(query) & set('"“”')]
        words = SearchOptions(mode="bm25")
        out["bm25 of a phrase, ranking"] = peers.percentiles(lambda n: engine.rank(quoted[n], words), len(quoted))
    out |= memory()
    index = EmbeddedIndex.open(work / "index")
    tokenizer, asked = Tokenizer(), load_encoder(index.config.model).queries(queries)
    terms = [LexicalQuery(dict.fromkeys(tokenizer.terms(query), 1.0)) for query in queries]

    def lexical(number: int) -> object:
        return index.lexical(terms[number], k=peers.K, filters=Filters())

    out["lexical, words alone"] = peers.percentiles(lexical, len(queries))
    with patch.dict(FIELD_WEIGHTS, {"words": 1.0}, clear=True):  # type: ignore[arg-type]
        out["lexical, one field"] = peers.percentiles(lexical, len(queries))
    if not (work / "export" / "questions.json").exists():
        peers.export(index, queries, work / "export")
    tenth = np.load(work / "export" / "own_tenth.npy")
    hits = [index.dense(vector, k=peers.K, filters=Filters()) for vector in asked]
    near = sum(hit.score >= floor - 1e-5 for found, floor in zip(hits, tenth, strict=True) for hit in found)
    out["recall@10"] = round(near / (peers.K * len(queries)), 4)
    out["stats"] = {name: asdict(index.stats())[name] for name in ("articles", "chunks", "segments", "dim")}
    return out


def cold(work: Path, runs: int = 5) -> Result:
    """Wall seconds of `wensou query` in a new process."""
    queries = json.loads((work / "queries.json").read_text("utf-8"))
    return {**cold_seconds(work / "index", queries[: runs + 1])}


def update(work: Path) -> Result:
    """100 new articles, then the commit before them again."""
    from index.connect import open_handle
    from index.storage.layout import read_manifest

    root = work / "index"
    before = read_manifest(root)
    files = {name: (root / name).stat() for name, _ in before.files()}
    pool = json.loads((work / "queries.json").read_text("utf-8"))
    new = list(recombined(pool * 40, chunks=400, chunk_chars=CHUNK_CHARS, seed=9))[:100]
    source = work / "new.jsonl"
    _write(new, source)
    source.write_text(source.read_text("utf-8").replace('"made-', '"new-'), "utf-8")
    compile_modules()
    done = threading.Event()
    began, seen = time.perf_counter(), 0.0

    def run() -> None:
        wensou_command("index", str(source), "--index", str(root), "--keep-missing")
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    while not done.is_set():
        if not seen and read_manifest(root).commit != before.commit:
            seen = time.perf_counter() - began
        time.sleep(0.005)
    thread.join()
    seconds = time.perf_counter() - began
    touched = [name for name, was in files.items() if (root / name).stat().st_mtime_ns != was.st_mtime_ns]
    segments = len(read_manifest(root).segments)
    open_handle(root).restore(before.commit)
    return {
        "visible_s": round(seen, 2),
        "command_s": round(seconds, 2),
        "other_files_touched": len(touched),
        "segments": segments,
    }


def peer(name: str, work: Path) -> Result:
    """One other engine."""
    made = peers.Export(work / "export")
    result = peers.PEERS[name](made)
    return {**result, "chunks_per_s": round(len(made) / max(result["build_s"], 0.1)), **memory()}


def plot(results: Result, folder: Path) -> None:
    """Latency, build rate and memory against size, as SVG."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.fonttype"] = "none"
    from matplotlib import pyplot

    kinds = {
        "latency": [("wensou", "hybrid, ranking"), ("wensou", "lexical, one field"), ("tantivy", "lexical"),
                    ("bm25s", "lexical"), ("loop", "hybrid"), ("loop", "hybrid at recall"), ("lancedb", "hybrid"),
                    ("lancedb", "hybrid at recall")],
        "build": [(name, "chunks_per_s") for name in ("build", "tantivy", "bm25s", "loop", "lancedb")],
        "memory": [(name, "rss_mb") for name in ("wensou", "tantivy", "bm25s", "loop", "lancedb")],
    }  # fmt: skip
    titles = {
        "latency": "p50, ms",
        "build": "chunks a second (the others: words and vectors ready made)",
        "memory": "resident MB after all questions",
    }
    colours = {"wensou": "C3", "build": "C3", "tantivy": "C0", "bm25s": "C2", "loop": "C1", "lancedb": "C4"}
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 5))
    for axis, (kind, lines) in zip(axes, kinds.items(), strict=True):
        for stage, key in lines:
            points = []
            for size, found in results.items():
                if not size.isdecimal():  # the real ones tell the same at the same sizes
                    continue
                made = found.get(stage, {})
                made = made.get("at recall", {}) if key.endswith(" at recall") else made
                value = made.get(key.removesuffix(" at recall"))
                if value is not None:
                    points.append((int(size), value["p50_ms"] if isinstance(value, dict) else value))
            name = "wensou" if stage == "build" else stage
            style = "--" if key.startswith("lexical") else ":" if key == "hybrid" else "-"
            label = f"{name}, {key}" if kind == "latency" else name
            axis.plot(*zip(*sorted(points), strict=True), style, marker="o", color=colours[stage], label=label)
        axis.set(xscale="log", yscale="log", xlabel="chunks asked for", title=titles[kind])
        axis.title.set_fontsize(10)
        axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncol=2)
    figure.tight_layout()
    figure.savefig(folder / "scale.svg")


def run_stage(stage: str, work: Path) -> Result:
    """In the child: one stage."""
    own = {"build": build, "wensou": wensou, "cold": cold, "update": update}
    return own[stage](work) if stage in own else peer(stage, work)


def main() -> None:
    """Run the stages that are asked for, each in a child, and store what each says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sentences", type=Path, help="JSONL(.gz) with a `text` in each record")
    parser.add_argument("--real", type=Path, nargs="+", help="JSONL(.gz) whose records are taken as they are, too")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--stages", nargs="+", default=list(STAGES), choices=[*STAGES, "plot"])
    parser.add_argument("--again", action="store_true", help="also what is stored already")
    parser.add_argument("--work", type=Path, required=True, help="folder for corpora, indexes and exports; is kept")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/scale.json")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(run_stage(args.child[0], args.work / args.child[1])))
        return
    results: Result = json.loads(args.out.read_text("utf-8")) if args.out.exists() else {}
    for size, real in [(size, real) for size in args.sizes for real in ((False, True) if args.real else (False,))]:
        name = f"{size}-real" if real else str(size)
        work = args.work / name
        if args.stages != ["plot"] and not _corpus(args.real if real else [args.sentences], work, size, real=real):
            print(f"{name}: fewer passages than that in {', '.join(map(str, args.real))}", file=sys.stderr)
            continue
        for stage in args.stages:
            known = results.setdefault(name, {})
            if stage == "plot" or (stage in known and not args.again):
                continue
            command = [sys.executable, __file__, "--work", str(args.work), "--child", stage, name]
            threads = {} if stage == "build" else {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            load = os.getloadavg()[0]
            began = time.perf_counter()
            with (work / f"{stage}.log").open("w") as log:
                environment = {**os.environ, **threads}
                child = subprocess.run(
                    command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True, check=False
                )
            if child.returncode:
                print(f"{name} {stage}: failed with {child.returncode}, see {log.name}", file=sys.stderr)
                continue
            known[stage] = json.loads(child.stdout.splitlines()[-1])
            known[stage] |= {"stage_s": round(time.perf_counter() - began, 1), "load_before": round(load, 1)}
            print(name, stage, json.dumps(known[stage]), flush=True)
            args.out.parent.mkdir(exist_ok=True)
            args.out.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    if "plot" in args.stages:
        plot(results, args.out.parent)


def _corpus(sources: Sequence[Path], work: Path, size: int, *, real: bool) -> bool:
    """Write articles and questions, if they are not there yet; whether there was enough to make them of."""
    if (work / "queries.json").exists():
        return True
    work.mkdir(parents=True, exist_ok=True)
    if real:
        articles = list(as_they_are(sources, chunks=size, chunk_chars=CHUNK_CHARS))
        if not articles:
            return False
        pool = [sentence for article in articles for sentence in sentences_of(article.text)]
    else:
        pool = read_sentences(sources[0], 400_000)
        articles = recombined(pool, chunks=size, chunk_chars=CHUNK_CHARS)
    _write(articles, work / "articles.jsonl")
    many = misspelt(known_items(pool, ANSWERS, seed=2), every=10)
    (work / "many.json").write_text(json.dumps(many, ensure_ascii=False), "utf-8")
    (work / "queries.json").write_text(json.dumps(known_items(pool, QUESTIONS), ensure_ascii=False), "utf-8")
    return True


if __name__ == "__main__":
    main()
