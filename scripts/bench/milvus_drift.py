#!/usr/bin/env python3
"""What it costs on Milvus that texts grow: how often all rows are written anew, how many, and at what price.

    python scripts/bench/milvus_drift.py --sentences ../shared/data/train/crud_news.jsonl.gz

Sparse vectors hold what a term is worth under the average lengths of the time they were written in; once an average
has grown by a quarter, the commit writes all rows anew. Here an index of short articles, recombined from real sentences
in milvus-lite, is added to in equal steps: by articles of the same length (`steady`), by ones twice as long (`double`),
and by ones that are longer each step (`growing`). For each step: rows and bytes that are sent, and processor time;
what asking the index its own sentences takes, which a build does once it has doubled, is left out.
"""

import argparse
import json
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "scripts" / "bench"))

from corpus import read_sentences, recombined  # noqa: E402

from index import builder  # noqa: E402
from index.analysis.chunk import chunk_spans  # noqa: E402
from index.builder import update_index  # noqa: E402
from index.config import IndexConfig  # noqa: E402
from index.connect import open_handle  # noqa: E402
from index.milvus.client import Client  # noqa: E402
from index.models import Article  # noqa: E402

PASSAGES = 2  # of an article at first
STEPS = 6
HISTORIES = {
    "steady": [PASSAGES] * STEPS,
    "double": [2 * PASSAGES] * STEPS,
    "growing": [PASSAGES * (step + 2) for step in range(STEPS)],
}


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Rows that are sent by the kind of collection, and their bytes."""
    sent: Counter[str] = Counter()
    write = Client.write

    def counting(client: Client, name: str, rows: Sequence[dict[str, Any]]) -> None:
        sent[name.partition("__")[2].partition("_v")[0]] += len(rows)
        sent["bytes"] += sum(
            len(value.encode()) if isinstance(value, str) else 4 * len(value) if hasattr(value, "__len__") else 8
            for row in rows
            for value in row.values()
        )
        write(client, name, rows)

    Client.write = counting  # type: ignore[method-assign]
    try:
        yield sent
    finally:
        Client.write = write  # type: ignore[method-assign]


def cpu() -> float:
    """Seconds of processor time of this process and its children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def some_articles(pool: list[str], count: int, passages: int, name: str) -> list[Article]:
    """Articles of about so many passages each, `count` passages in all."""
    config = IndexConfig()
    out = []
    for one in recombined(pool, chunks=count, chunk_chars=config.chunk_chars, per_article=passages, seed=len(name)):
        out.append(replace(one, article_id=f"{name}-{one.article_id}"))
        count -= len(chunk_spans(one.text, size=config.chunk_chars, overlap=config.overlap_chars))
        if count <= 0:
            break
    return out


def history(pool: list[str], uri: str, first: int, step: int, lengths: Sequence[int]) -> dict[str, Any]:
    """The first articles and every step."""
    update_index(some_articles(pool, first, PASSAGES, "first"), uri, IndexConfig())
    before = open_handle(uri).describe().chunks
    begun, steps, totals = before, [], Counter[str]()
    for number, passages in enumerate(lengths):
        articles = some_articles(pool, step, passages, f"step{number}" + "x" * number)
        version, began = version_of(uri), cpu()
        with counted() as sent:
            update_index(articles, uri, None)
        spent = cpu() - began
        chunks = open_handle(uri).describe().chunks
        steps.append(
            {
                "passages_an_article": passages,
                "added": chunks - before,
                "chunks": chunks,
                "written_anew": version_of(uri) != version,
                "drift": round(open_handle(uri).reader().drift(), 3),  # type: ignore[attr-defined]
                "rows": {kind: count for kind, count in sorted(sent.items()) if kind != "bytes"},
                "megabytes": round(sent["bytes"] / 1e6, 2),
                "cpu_seconds": round(spent, 2),
            }
        )
        totals.update({"chunk_rows": sent["chunks"], "bytes": sent["bytes"]})
        totals["cpu_ms"] += round(1_000 * spent)
        before = chunks
    per = 1_000 / (before - begun)
    return {
        "steps": steps,
        "written_anew": sum(one["written_anew"] for one in steps),
        "for_1000_added": {
            "chunk_rows": round(totals["chunk_rows"] * per),
            "megabytes": round(totals["bytes"] * per / 1e6, 2),
            "cpu_seconds": round(totals["cpu_ms"] * per / 1_000, 2),
        },
    }


def version_of(uri: str) -> int:
    """Which version of the collections counts."""
    return int(open_handle(uri)._control.record().version)  # type: ignore[attr-defined]


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--first", type=int, default=1_000, help="passages of the index that is added to")
    parser.add_argument("--step", type=int, default=1_000, help="passages of each step")
    parser.add_argument("--out", type=Path, default=ROOT / "scripts/bench/results/milvus_drift.json")
    args = parser.parse_args()
    builder.calibrate = lambda *_: None  # type: ignore[assignment]
    pool = read_sentences(args.sentences, 50_000)
    result = {}
    for name, lengths in HISTORIES.items():
        with tempfile.TemporaryDirectory() as root:
            uri = f"milvus+lite://{root}/drift.db?name=drift"
            result[name] = history(pool, uri, args.first, args.step, lengths)
        print(name, json.dumps(result[name]), flush=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
