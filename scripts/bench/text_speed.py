#!/usr/bin/env python3
"""How fast articles become terms: read, clean, chunk and tokenise on two processes, beside plain `jieba.lcut`.

    python scripts/bench/text_speed.py ../shared/data/train --mb 6

The text is passages of every shard, as JSONL; jieba cuts some of the same text in the same run. `of_cpu` is bytes of
UTF-8 to seconds of processor time of all processes (what one core does), which a busy machine disturbs least; `wall`
is what the clock says. Memory is the largest of a process for all of the text and for a third of it: it stays.
"""

import argparse
import gzip
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.analysis.chunk import chunk_article
from index.analysis.terms import Vocabulary, terms_of
from index.analysis.tokenizer import Tokenizer
from index.cleaning.clean import clean
from index.config import IndexConfig
from index.models import Article, Skipped, StoredArticle
from index.pipeline import Task, prepare_articles
from index.prepare import ArticlePreparer
from index.sources.articles import read_sources

WORKERS = 2
BATCH = 32


class NoEncoder:
    """Stands where an encoder would; nothing is encoded here."""

    name = fingerprint = "none"
    dim = 0

    def passages(self, texts: list[str]) -> Any:
        """Never asked, for nothing is encoded."""
        raise AssertionError(f"no vectors here, got {len(texts)} texts")

    queries = passages


def sample(folder: Path, each: int, seed: int) -> list[str]:
    """The first `each` texts of every shard, shuffled."""
    found = []
    for shard in sorted(path for path in folder.glob("*.jsonl.gz") if "pairs" not in path.name):
        with gzip.open(shard, "rt", encoding="utf-8") as lines:
            found += [json.loads(line)["text"] for line in islice(lines, each)]
    random.Random(seed).shuffle(found)
    return found


def articles(path: Path) -> list[Article]:
    """Every article of a file."""
    return [item for item in read_sources([path]) if not isinstance(item, Skipped)]


def stages(path: Path, size: float) -> dict[str, float]:
    """MB a second of processor time, stage by stage in one process."""
    tokenizer = Tokenizer()
    clean(Article("warm", "预热", "預熱(rè)一下表格，我总是烙谔《琳呦胨档幕!\n来源：某网"))  # all tables it may need
    tokenizer.terms("预热")
    began = time.process_time()
    found = articles(path)
    times = {"read": time.process_time() - began}
    began = time.process_time()
    cleaned = [clean(article).article for article in found]
    times["clean"] = time.process_time() - began
    began = time.process_time()
    config = IndexConfig()
    cut = [chunk_article(a, size=config.chunk_chars, overlap=config.overlap_chars) for a in cleaned]
    times["chunk"] = time.process_time() - began
    began = time.process_time()
    vocabulary = Vocabulary()
    for number, (article, chunks) in enumerate(zip(cleaned, cut, strict=True)):
        if number % BATCH == 0:
            vocabulary = Vocabulary()
        terms_of(StoredArticle(article, tuple((c.start, c.end, c.heading) for c in chunks), ""), tokenizer, vocabulary)
    times["tokenise"] = time.process_time() - began
    times["all"] = sum(times.values())
    return {name: round(size / taken, 2) for name, taken in times.items()}


def pipeline(path: Path, sent: "multiprocessing.SimpleQueue[dict[str, float]]") -> None:
    """The whole by two worker processes, as an index is built, in a process of its own whose time is counted."""
    builder = ArticlePreparer(IndexConfig(), NoEncoder())  # type: ignore[arg-type]
    began = time.perf_counter()
    tasks = (Task(item, False, frozenset()) for item in read_sources([path]) if not isinstance(item, Skipped))
    count = sum(1 for _ in prepare_articles(builder, tasks, WORKERS))
    wall = time.perf_counter() - began
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    sent.put(
        {
            "articles": count,
            "wall": wall,
            "cpu": sum(one.ru_utime + one.ru_stime for one in used),
            "peak_mb": max(one.ru_maxrss for one in used) / 1024,
        }
    )


def alone(path: Path) -> dict[str, float]:
    """`pipeline` in a process of its own."""
    context = multiprocessing.get_context("spawn")
    sent = context.SimpleQueue()
    process = context.Process(target=pipeline, args=(path, sent))
    process.start()
    result: dict[str, float] = sent.get()
    process.join()
    return result


def write(path: Path, texts: list[str], times: int) -> float:
    """JSONL of the texts, `times` over with other ids; megabytes of UTF-8 text in it."""
    with path.open("w", encoding="utf-8") as file:
        for turn in range(times):
            for number, text in enumerate(texts):
                record = {"id": f"{turn}-{number}", "title": text[:20], "text": text}
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return times * sum(len(text.encode()) for text in texts) / 1e6


def lcut(texts: list[str], most: float) -> float:
    """MB a second of processor time of plain `jieba.lcut` over the first `most` MB."""
    import jieba

    jieba.lcut("预热")
    done, began = 0.0, time.process_time()
    for text in texts:
        jieba.lcut(text)
        done += len(text.encode()) / 1e6
        if done > most:
            break
    return round(done / (time.process_time() - began), 2)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--mb", type=float, default=6.0, help="megabytes of text through the pipeline")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/text_speed.json")
    options = parser.parse_args()
    found = sample(options.data, 120, options.seed)
    texts = ["\n\n".join(found[at : at + 3]) for at in range(0, len(found), 3)]  # of a length as articles have
    with tempfile.TemporaryDirectory(prefix="wensou-text-") as folder:
        path = Path(folder) / "articles.jsonl"
        size = write(path, texts, 1)
        by_stage = stages(path, size)
        plain = lcut(texts, 1.0)
        third = max(1, round(options.mb / size / 3))
        small_mb = write(path, texts, third)
        small = alone(path)
        large_mb = write(path, texts, 3 * third)
        large = alone(path)
    start_cpu = max(0.0, (3 * small["cpu"] - large["cpu"]) / 2)  # what starting the processes costs, once
    start = max(0.0, (3 * small["wall"] - large["wall"]) / 2)
    of_cpu = large_mb / max(1e-9, large["cpu"] - start_cpu)
    result = {
        "command": f"python scripts/bench/text_speed.py ../shared/data/train --mb {options.mb:g}",
        "mb": round(large_mb, 1),
        "one_process_mb_per_cpu_second": by_stage,
        "jieba_lcut_mb_per_cpu_second": plain,
        "two_workers": {
            "wall_mb_s": round(large_mb / large["wall"], 2),
            "wall_mb_s_without_start": round(large_mb / max(1e-9, large["wall"] - start), 2),
            "mb_per_cpu_second": round(of_cpu, 2),
            "on_two_cores_mb_s": round(2 * of_cpu, 2),
            "start_seconds_of_cpu": round(start_cpu, 2),
        },
        "peak_mb_of_a_process": {
            f"{small_mb:.0f} MB": round(small["peak_mb"]),
            f"{large_mb:.0f} MB": round(large["peak_mb"]),
        },
    }
    print(json.dumps(result, indent=1))
    options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
