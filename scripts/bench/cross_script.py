#!/usr/bin/env python3
"""What it costs to ask in one script for articles in the other: nDCG@10 of both crossings beside the same-script run.

    python scripts/bench/cross_script.py --data ../shared/data/eval/cmrc2018 --queries 1000

The traditional side is made by OpenCC's phrase-aware `s2twp` (Taiwan's characters, with its idioms), so one character
often becomes another one than folding maps back, as in real text.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from opencc import OpenCC  # noqa: E402

from index.builder import update_index  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.evaluation.beir import Dataset, load_dataset, measure, run  # noqa: E402
from search.models import MODES  # noqa: E402


def main() -> None:
    """Index the corpus in both scripts, ask in both, store the four results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/eval/cmrc2018")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--convert", default="s2twp", help="OpenCC configuration: s2t changes characters only")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/cross_script.json")
    args = parser.parse_args()
    convert = OpenCC(args.convert).convert
    data = load_dataset(args.data)
    step = max(1, len(data.queries) // args.queries)
    simplified = dict(list(data.queries.items())[::step])
    asked = {"simplified": simplified, "traditional": {key: convert(text) for key, text in simplified.items()}}
    qrels = {key: data.qrels[key] for key in simplified}
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="wensou-cross-") as folder:
        for corpus in ("simplified", "traditional"):
            articles = data.articles()
            if corpus == "traditional":
                articles = (replace(a, title=convert(a.title), text=convert(a.text)) for a in articles)
            path = Path(folder) / corpus
            update_index(articles, path)
            with SearchEngine.open(path) as engine:
                for script, queries in asked.items():
                    part = Dataset(data.folder, queries, qrels, data.ignore)
                    scores = {mode: measure(part, run(engine, part, mode))["nDCG@10"] for mode in MODES}
                    results[f"{script} queries, {corpus} articles"] = scores
                    print(f"{script:12} -> {corpus:12} {scores}", flush=True)
    args.out.write_text(json.dumps({"convert": args.convert, "queries": len(simplified), **results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
