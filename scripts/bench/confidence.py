#!/usr/bin/env python3
"""How often an answer is doubted: to true questions (it should not be), to gibberish and other corpora's (it should).

    python scripts/bench/confidence.py --data ../shared/data/eval

Nothing is withheld either way; how often a true question got no result at all is counted too, and how often it was
shown a suggestion. For each set the curve: the share of true questions and of others doubted where the score that an
answer needs is raised or lowered by as much, for hybrid and each leg alone.

The weights in search/ranking/confidence.py were fitted on all of these sets but bustm_dup and pawsx_dup, on laws with
lay questions, and on issues of a magazine, which are not here: these are tuned figures, not unseen ones.
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import search.ranking.confidence as judged  # noqa: E402
from index.builder import update_index  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.evaluation.beir import Dataset, load_dataset  # noqa: E402
from search.models import MODES, SearchOptions  # noqa: E402

SHIFTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)


def gibberish(rng: random.Random, count: int, characters: str) -> list[str]:
    """Runs of 4 to 12 characters drawn one by one."""
    return ["".join(rng.choice(characters) for _ in range(rng.randint(4, 12))) for _ in range(count)]


def off_corpus(rng: random.Random, sets: dict[str, Dataset], corpus: str) -> dict[str, list[str]]:
    """About 500 queries: random rare and usual characters, Latin letters, and questions of other sets."""
    asked = {name: list(dataset.queries.values()) for name, dataset in sets.items()}
    usual = "".join(char for text in asked["stard_rebuilt"] for char in text if "一" <= char <= "龥")
    rare = "".join(chr(code) for code in range(0x4E00, 0x9FA5))
    questions = {"bustm_dup": 50, "stard_rebuilt": 100, "cmrc2018": 100, "xwlb_headline": 100}
    return {
        "rare characters": gibberish(rng, 100, rare),
        "usual characters": gibberish(rng, 100, usual),
        "Latin letters": gibberish(rng, 50, "abcdefghijklmnopqrstuvwxyz"),
        **{name: rng.sample(asked[name], count) for name, count in questions.items() if name != corpus},
    }


def doubted(engine: SearchEngine, texts: list[str], options: SearchOptions) -> list[bool]:
    """Whether each answer is."""
    return [not engine._ranker.confident(engine.ranking(text, options), options) for text in texts]


def share(values: list[bool]) -> float:
    """Of those that are true."""
    return round(sum(values) / max(1, len(values)), 4)


def main() -> None:
    """Ask every set and store the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/eval")
    parser.add_argument("--only", nargs="*", help="names of sets")
    parser.add_argument("--true", type=int, default=1000, help="true questions a set")
    parser.add_argument("--indexes", type=Path, help="keep the indexes there, and bring up to date those that are")
    parser.add_argument("--no-curve", action="store_true")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/confidence.json")
    args = parser.parse_args()
    sets = {path.name: load_dataset(path) for path in sorted(args.data.iterdir()) if (path / "qrels.tsv").exists()}
    results: dict[str, dict[str, object]] = {}
    for corpus, dataset in sets.items():
        if args.only and corpus not in args.only:
            continue
        rng = random.Random(7)
        with tempfile.TemporaryDirectory(prefix="wensou-confidence-") as folder:
            index = (args.indexes or Path(folder)) / corpus
            update_index(dataset.articles(), index)
            with SearchEngine.open(index) as engine:
                true = [dataset.queries[name] for name in rng.sample(sorted(dataset.queries), len(dataset.queries))]
                true = true[: args.true]
                off = off_corpus(rng, sets, corpus)
                others = [text for texts in off.values() for text in texts]
                answers = [engine.search(text, SearchOptions(k=1, passages=1, focus=False)) for text in true]
                row: dict[str, object] = {
                    "true questions": len(true),
                    "doubted": share([not answer.confident for answer in answers]),
                    "without results": share([not answer.results for answer in answers]),
                    "shown a suggestion": share([bool(answer.suggestions) for answer in answers]),
                }
                found = {name: doubted(engine, texts, SearchOptions()) for name, texts in off.items()}
                row["others doubted"] = share([one for some in found.values() for one in some])
                row["others, by kind"] = {name: share(some) for name, some in found.items()}
                confidence = engine._ranker.confidence
                for mode in MODES if not args.no_curve else ():
                    needed = confidence.threshold(mode)
                    curve = {}
                    for shift in SHIFTS if needed is not None else ():
                        confidence._threshold = needed + shift
                        options = SearchOptions(mode=mode)
                        curve[str(shift)] = {
                            "true": share(doubted(engine, true[:300], options)),
                            "others": share(doubted(engine, others[::2], options)),
                        }
                    confidence._threshold = None
                    row[f"curve, {mode}"] = curve
        results[corpus] = row
        print(corpus, {name: value for name, value in row.items() if "curve" not in name}, flush=True)
    results["weights"] = {name: str(weights) for name, weights in judged.WEIGHTS.items()}  # type: ignore[dict-item]
    args.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
