#!/usr/bin/env python3
"""nDCG@10, R@100 and RR@10 of each mode on every BEIR folder below --data, as seen, with 95% intervals.

    python scripts/bench/quality.py --data ../shared/data/eval
    python scripts/bench/quality.py --data ../shared/data/eval --first-page    # hybrid alone, in a tenth of the time

What is measured is what `search` shows: operators, names, folding and all; the raw ranking, before near-duplicates are
folded, stands beside it. Intervals are of a paired bootstrap over the questions: hybrid less BM25, and hybrid less the
better leg. Beside them
stands what every fixed share of BM25 gives in the same run, and the best single one over all sets.

The constants of the mix (search/fusion.py, search/mix.py) and the weights of the fields were chosen looking at all of
these sets (cmrc2018, xwlb_headline, bustm_dup, domainrag, pawsx_dup, stard_rebuilt), so these are tuned figures, not
unseen ones; scripts/fusion_weights.py chooses the former anew without each set in turn. What an index measures of
itself looks at no question and no judgement.
"""

import argparse
import json
import platform
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from index.builder import update_index  # noqa: E402
from index.config import IndexConfig  # noqa: E402
from index.models import Article  # noqa: E402
from index.retrieval.measures import interval, ndcg  # noqa: E402
from index.sources.articles import read_sources  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.evaluation.beir import DEPTH, Dataset, load_dataset, measure  # noqa: E402
from search.evaluation.trial import Question, Trial  # noqa: E402

SAMPLES = ROOT / "scripts/samples"
WEIGHTS = [0.2, 0.3, *(round(0.05 * step, 2) for step in range(8, 20))]  # 0 and 1 are the legs themselves


def try_set(engine: SearchEngine, dataset: Dataset) -> tuple[dict[str, Any], dict[float, float]]:
    """Measures of the modes with intervals, and nDCG@10 of each fixed weight."""
    runs: dict[str, dict[str, dict[str, float]]] = {"hybrid": {}, "raw": {}, "bm25": {}, "dense": {}}
    fixed: dict[float, list[float]] = {weight: [] for weight in WEIGHTS}
    for query_id, text in dataset.queries.items():
        question = Question(text, dataset.qrels[query_id], dataset.ignore.get(query_id, frozenset()))
        trial = Trial(engine, question, DEPTH)
        bm25, dense = trial.at((1.0, 0.0), adaptive=False)
        mixed = trial.at(WEIGHTS, adaptive=False, depth=10)
        ordered = {"hybrid": trial.shown(), "raw": trial.raw(), "bm25": bm25, "dense": dense}
        for mode, ids in ordered.items():
            runs[mode][query_id] = {article_id: float(DEPTH - rank) for rank, article_id in enumerate(ids)}
        for weight, ids in zip(WEIGHTS, mixed, strict=True):
            fixed[weight].append(ndcg(ids, dataset.qrels[query_id]))
    per_query = {
        mode: np.array([ndcg(list(found), dataset.qrels[query_id]) for query_id, found in run.items()])
        for mode, run in runs.items()
    }
    better = max(("bm25", "dense"), key=lambda mode: float(per_query[mode].mean()))
    row: dict[str, Any] = {mode: measure(dataset, run) for mode, run in runs.items()}
    row["queries"] = len(dataset.queries)
    for name, other in (("hybrid less bm25", "bm25"), ("hybrid less better leg", better)):
        gain = per_query["hybrid"] - per_query[other]
        low, high = interval(gain)
        row[name] = {"nDCG@10": round(float(gain.mean()), 4), "95%": [round(low, 4), round(high, 4)]}
    row["as seen less raw"] = round(float((per_query["hybrid"] - per_query["raw"]).mean()), 4)
    row["oracle of fixed weights"] = round(float(np.max([fixed[weight] for weight in WEIGHTS], axis=0).mean()), 4)
    row["mix"] = {"weight": round(engine.mix.weight, 4), "origin": engine.mix.origin}
    return row, {weight: float(np.mean(values)) for weight, values in fixed.items()}


def first_page(engine: SearchEngine, questions: Sequence[Question]) -> dict[str, Any]:
    """nDCG@10 of the first page of ten that `search` shows, of the one without search.ranking.alignment, and of each
    fixed weight of BM25.
    """
    plain = copy(engine)
    plain._ranker = copy(engine._ranker)
    plain._ranker._weight_of_order = lambda _: 0.0  # type: ignore[method-assign]
    found: dict[str, list[float]] = {"hybrid": [], "without alignment": []}
    fixed: dict[float, list[float]] = {weight: [] for weight in WEIGHTS}
    for question in questions:
        trial = Trial(engine, question, 10)
        options = question.options(10)
        again = plain.remixed(trial.ranking, options, trial.ranking.reason.corpus)
        without = [name for name, _ in engine.page(again, options) if name not in question.left_out]
        found["hybrid"].append(ndcg(trial.shown(), question.relevant))
        found["without alignment"].append(ndcg(without, question.relevant))
        for weight, ids in zip(WEIGHTS, trial.at(WEIGHTS, adaptive=False), strict=True):
            fixed[weight].append(ndcg(ids, question.relevant))
    row: dict[str, Any] = {name: round(float(np.mean(values)), 4) for name, values in found.items()}
    gain = np.array(found["hybrid"]) - np.array(found["without alignment"])
    low, high = interval(gain)
    row |= {"gain": round(float(gain.mean()), 4), "95%": [round(low, 4), round(high, 4)], "queries": len(gain)}
    row["mix"] = {**asdict(engine.mix), "weight": round(engine.mix.weight, 4)}
    row["fixed weights"] = {str(weight): round(float(np.mean(values)), 4) for weight, values in fixed.items()}
    row["hybrid less best fixed"] = round(row["hybrid"] - max(row["fixed weights"].values()), 4)
    return row


def first_pages(args: argparse.Namespace) -> dict[str, Any]:
    """`first_page` of every set, and their means."""
    sets: dict[str, dict[str, Any]] = {}
    for folder, index in folders(args):
        articles, questions = read_set(folder)
        update_index(articles, index, IndexConfig(model=args.model))
        with SearchEngine.open(index) as engine:
            sets[folder.name] = first_page(engine, questions)
        print(f"{folder.name:16} {sets[folder.name]}", flush=True)
    names = ("hybrid", "without alignment")
    mean = {name: round(float(np.mean([row[name] for row in sets.values()])), 4) for name in names}
    print(f"{'mean':16} {mean}")
    return {"model": args.model, "nDCG@10": mean, "sets": sets}


def read_set(folder: Path) -> tuple[Iterable[Article], list[Question]]:
    """The articles and questions of a BEIR folder, or of the sample articles."""
    if folder == SAMPLES:
        articles = [*read_sources([folder])]
        lines = (ROOT / "tests/data/sample_queries.jsonl").read_text("utf-8").splitlines()
        return articles, [_of_sample(json.loads(line), articles) for line in lines]
    dataset = load_dataset(folder)
    ignore = dataset.ignore
    asked = dataset.queries.items()
    return dataset.articles(), [Question(text, dataset.qrels[q], ignore.get(q, frozenset())) for q, text in asked]


def _of_sample(row: dict[str, Any], articles: Sequence[Article]) -> Question:
    right: dict[str, int] = {}
    for name in (row["path"], *row.get("also", ())):
        file, _, record = name.partition("#")
        for one in articles:
            named = record in ("", one.article_id) or row.get("title") == one.title
            if one.path == str(SAMPLES / file) and named:
                right[one.article_id] = 1
    return Question(row["query"], right)


def folders(args: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Each set and where its index is, for as long as it is asked."""
    sets = sorted(path for path in args.data.iterdir() if (path / "qrels.tsv").exists())
    for folder in [*sets, *[SAMPLES] * args.samples]:
        if not args.only or folder.name in args.only:
            with tempfile.TemporaryDirectory(prefix="wensou-quality-") as temporary:
                yield folder, (args.indexes or Path(temporary)) / folder.name


def main() -> None:
    """Run every set and write the results as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/eval")
    parser.add_argument("--only", nargs="*", help="names of sets")
    parser.add_argument("--model", default="bundled", help="encoder of the indexes, such as e5-small")
    parser.add_argument("--indexes", type=Path, help="keep the indexes there, and bring up to date those that are")
    parser.add_argument("--samples", action="store_true", help="the sample articles as well; with --first-page")
    parser.add_argument("--first-page", action="store_true", help="hybrid as seen on a first page, without legs alone")
    parser.add_argument("--out", type=Path, help="default: quality.json in results, or quality_first_page.json")
    args = parser.parse_args()
    results = Path(__file__).parent / "results"
    args.out = args.out or results / f"quality{'_first_page' * args.first_page}.json"
    args.out.parent.mkdir(exist_ok=True)
    if args.first_page:
        args.out.write_text(json.dumps(first_pages(args), indent=1) + "\n", "utf-8")
        return
    sets: dict[str, dict[str, Any]] = {}
    fixed: dict[str, dict[float, float]] = {}
    for folder, index in folders(args):
        began = time.perf_counter()
        dataset = load_dataset(folder)
        update_index(dataset.articles(), index, IndexConfig(model=args.model))
        with SearchEngine.open(index) as engine:
            sets[folder.name], fixed[folder.name] = try_set(engine, dataset)
        row = sets[folder.name]
        shown = "  ".join(f"{mode} {row[mode]['nDCG@10']:.4f}" for mode in ("bm25", "dense", "raw", "hybrid"))
        for name in ("hybrid less bm25", "hybrid less better leg"):
            shown += f"  {name} {row[name]['nDCG@10']:+.4f} {row[name]['95%']}"
        print(f"{folder.name:16} {shown}   ({time.perf_counter() - began:.0f} s)", flush=True)
    means = {weight: float(np.mean([values[weight] for values in fixed.values()])) for weight in WEIGHTS}
    best = max(means, key=lambda weight: means[weight])
    mean = {
        "hybrid": round(float(np.mean([row["hybrid"]["nDCG@10"] for row in sets.values()])), 4),
        "best single fixed weight": {"weight": best, "nDCG@10": round(means[best], 4)},
    }
    print(f"{'mean':16} {mean}")
    shares = {name: {str(weight): round(v, 4) for weight, v in values.items()} for name, values in fixed.items()}
    found = {"python": platform.python_version(), "mean": mean, "sets": sets, "fixed weights": shares}
    args.out.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
