#!/usr/bin/env python3
"""The same search on Milvus as in a folder: the same ten articles in the same order, judged alike.

    python scripts/bench/parity.py --data ../shared/data/eval --questions 300

Each set is indexed in a folder and copied to milvus-lite, so that both hold the same vectors and what was measured.
Then the same questions, drawn with a seed, are asked of both under our fusion. Compared are the rank-biased overlap of
the first ten (Webber, Moffat & Zobel, TOIS 2010; extrapolated, p .9), nDCG@10 and the greatest difference of a score.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from index.builder import update_index  # noqa: E402
from index.config import IndexConfig  # noqa: E402
from index.copy import copy_index  # noqa: E402
from index.retrieval.measures import ndcg  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.evaluation.beir import load_dataset  # noqa: E402
from search.models import SearchOptions  # noqa: E402

DEPTH = 10
P = 0.9


def rank_biased_overlap(one: list[str], other: list[str]) -> float:
    """How alike two rankings are, 0..1, the first ranks counting most; extrapolated from what is seen (equation 32)."""
    depth = max(len(one), len(other))
    if not depth:
        return 1.0
    total = share = 0.0
    for rank in range(1, depth + 1):
        share = len(set(one[:rank]) & set(other[:rank])) / rank
        total += share * P ** (rank - 1)
    return (1 - P) * total + share * P**depth


def measured(folder: Path, count: int, limit: int, root: Path) -> dict[str, object]:
    """Both engines on one set."""
    dataset = load_dataset(folder)
    articles = list(dataset.articles())
    if limit:
        judged = {name for names in dataset.qrels.values() for name in names}
        others = [one for one in articles if one.article_id not in judged]
        wanted = sorted(judged)[:limit]
        articles = [one for one in articles if one.article_id in set(wanted)] + others[: max(0, limit - len(wanted))]
    held = {one.article_id for one in articles}
    possible = sorted(q for q in dataset.queries if held & set(dataset.qrels[q]))
    questions = random.Random(1).sample(possible, min(count, len(possible)))
    here, there = str(root / folder.name), f"milvus+lite://{root}/{folder.name}.db?name=parity"
    update_index(articles, here, IndexConfig())
    began = time.process_time()
    report = copy_index(here, there)
    copied = time.process_time() - began
    overlaps, scores, off = [], {"folder": [], "milvus-lite": []}, 0.0
    with SearchEngine.open(here) as one, SearchEngine.open(there) as other:
        for question in questions:
            lists = []
            for name, engine in (("folder", one), ("milvus-lite", other)):
                found = engine.rank(dataset.queries[question], SearchOptions(k=DEPTH))
                lists.append(found)
                scores[name].append(ndcg([article for article, _ in found], dataset.qrels[question]))
            overlaps.append(rank_biased_overlap(*([article for article, _ in found] for found in lists)))
            both = [dict(found) for found in lists]
            off = max([off, *(abs(both[0][name] - both[1][name]) for name in both[0].keys() & both[1].keys())])
    return {
        "articles": len(articles),
        "chunks": report.chunks,
        "questions": len(questions),
        "of": len(dataset.queries),
        "copy_cpu_seconds_per_1000_chunks": round(1_000 * copied / max(1, report.chunks), 2),
        "rank_biased_overlap": round(float(np.mean(overlaps)), 4),
        "least_overlap": round(min(overlaps), 4),
        "same_ten": round(float(np.mean([overlap > 1 - 1e-9 for overlap in overlaps])), 4),
        "ndcg@10": {name: round(float(np.mean(some)), 4) for name, some in scores.items()},
        "greatest_difference_of_a_score": float(off),
    }


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=["cmrc2018", "xwlb_headline"])
    parser.add_argument("--questions", type=int, default=300, help="of each set, drawn with a seed")
    parser.add_argument("--articles", type=int, default=0, help="of each set, judged ones first; 0: all")
    parser.add_argument("--out", type=Path, default=ROOT / "scripts/bench/results/parity.json")
    args = parser.parse_args()
    result = {}
    for name in args.sets:
        with tempfile.TemporaryDirectory() as root:
            result[name] = measured(args.data / name, args.questions, args.articles, Path(root))
        print(name, json.dumps(result[name], ensure_ascii=False), flush=True)
    args.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
