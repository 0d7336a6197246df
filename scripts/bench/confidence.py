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
from index.analysis.characters import GBK_HAN  # noqa: E402
from index.builder import update_index  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.evaluation.beir import Dataset, load_dataset  # noqa: E402
from search.models import MODES, Mode, SearchOptions  # noqa: E402

LEG = 400  # true questions that each leg alone is asked
SHIFTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)


def gibberish(rng: random.Random, count: int, characters: str) -> list[str]:
    """Runs of 4 to 12 characters drawn one by one."""
    return ["".join(rng.choice(characters) for _ in range(rng.randint(4, 12))) for _ in range(count)]


def off_corpus(rng: random.Random, sets: dict[str, Dataset], corpus: str) -> dict[str, list[str]]:
    """About 500 queries: random rare and usual characters, Latin letters, and questions of other sets."""
    asked = {name: list(dataset.queries.values()) for name, dataset in sets.items()}
    usual = "".join(char for text in asked["stard_rebuilt"] for char in text if ord(char) in GBK_HAN)
    rare = "".join(map(chr, GBK_HAN))
    questions = {"bustm_dup": 50, "stard_rebuilt": 100, "cmrc2018": 100, "xwlb_headline": 100}
    return {
        "rare characters": gibberish(rng, 100, rare),
        "usual characters": gibberish(rng, 100, usual),
        "Latin letters": gibberish(rng, 50, "abcdefghijklmnopqrstuvwxyz"),
        **{name: rng.sample(asked[name], count) for name, count in questions.items() if name != corpus},
    }


def scores(engine: SearchEngine, texts: list[str], options: SearchOptions) -> list[float]:
    """How sure each answer is."""
    return [engine._ranker.score(engine.ranking(text, options), options) for text in texts]


def curve(engine: SearchEngine, mode: Mode, true: list[str], off: dict[str, list[str]]) -> dict[str, object]:
    """Shares of true questions and of others doubted in `mode`, at the threshold and above and below it."""
    needed = engine._ranker.confidence.threshold(mode)
    options = SearchOptions(mode=mode)
    asked, others = scores(engine, true, options), {name: scores(engine, texts, options) for name, texts in off.items()}
    every = [one for some in others.values() for one in some]

    def below(values: list[float], shift: float = 0.0) -> float:
        return share([value < needed + shift for value in values])

    return {
        "doubted": below(asked),
        "others doubted": below(every),
        "others, by kind": {name: below(some) for name, some in others.items()},
        "curve": {str(shift): {"true": below(asked, shift), "others": below(every, shift)} for shift in SHIFTS},
    }


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
                answers = [engine.search(text, SearchOptions(k=1, passages=1, focus=False)) for text in true]
                row: dict[str, object] = {
                    "true questions": len(true),
                    "without results": share([not answer.results for answer in answers]),
                    "shown a suggestion": share([bool(answer.suggestions) for answer in answers]),
                }
                row |= {mode: curve(engine, mode, true if mode == "hybrid" else true[:LEG], off) for mode in MODES}
        results[corpus] = row
        print(corpus, json.dumps(row, ensure_ascii=False), flush=True)
    results["weights"] = {name: str(weights) for name, weights in judged.WEIGHTS.items()}  # type: ignore[dict-item]
    args.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
