#!/usr/bin/env python3
"""How often "nothing found" is said: to true questions (it should not) and to gibberish or other corpora's (it should).

    python scripts/bench/nothing.py --data ../shared/data/eval

The shares in index/signals.py were fitted on these very sets, and how the cut-off lies between chance and what is known
was chosen looking at them and at domainrag and stard_rebuilt; the numbers it lies between are each index's own. For
other sets, `--also`, what is asked is only how many true questions are lost, and how many of those had been answered
in the first ten.
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from index.builder import update_index  # noqa: E402
from search.engine import SearchEngine  # noqa: E402
from search.evaluation.beir import Dataset, load_dataset  # noqa: E402
from search.models import Mode, SearchOptions  # noqa: E402

CORPORA = ("cmrc2018", "xwlb_headline")


def gibberish(rng: random.Random, count: int, characters: str) -> list[str]:
    """Runs of 4 to 12 characters drawn one by one."""
    return ["".join(rng.choice(characters) for _ in range(rng.randint(4, 12))) for _ in range(count)]


def off_corpus(rng: random.Random, data: Path, corpus: str) -> dict[str, list[str]]:
    """500 queries: random rare and usual characters, Latin letters, and questions of other sets."""
    asked = {
        name: list(load_dataset(data / name).queries.values()) for name in ("bustm_dup", "stard_rebuilt", *CORPORA)
    }
    usual = "".join(char for text in asked["stard_rebuilt"] for char in text if "一" <= char <= "龥")
    rare = "".join(chr(code) for code in range(0x4E00, 0x9FA5))
    other = next(name for name in CORPORA if name != corpus)
    return {
        "rare characters": gibberish(rng, 100, rare),
        "usual characters": gibberish(rng, 100, usual),
        "Latin letters": gibberish(rng, 50, "abcdefghijklmnopqrstuvwxyz"),
        "bustm_dup": rng.sample(asked["bustm_dup"], 50),
        "stard_rebuilt": rng.sample(asked["stard_rebuilt"], 100),
        other: rng.sample(asked[other], 100),
    }


def answered(engine: SearchEngine, dataset: Dataset, query_id: str) -> bool:
    """Whether a relevant article is among the first ten, said nothing or not."""
    found = engine.rank(dataset.queries[query_id], SearchOptions())
    return any(article_id in dataset.qrels[query_id] for article_id, _ in found)


def main() -> None:
    """Ask both corpora and store the shares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/eval")
    parser.add_argument("--true", type=int, default=1000, help="true questions a corpus")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/nothing.json")
    parser.add_argument("--also", nargs="*", default=["domainrag"], help="sets of which only true questions are asked")
    args = parser.parse_args()
    results: dict[str, dict[str, float]] = {}
    for corpus in (*CORPORA, *args.also):
        rng = random.Random(7)
        dataset = load_dataset(args.data / corpus)
        with tempfile.TemporaryDirectory(prefix="wensou-nothing-") as folder:
            update_index(dataset.articles(), folder)
            with SearchEngine.open(folder) as engine:

                def silent(queries: list[str], mode: Mode = "hybrid", engine: SearchEngine = engine) -> int:
                    return sum(not engine.search(query, SearchOptions(k=1, mode=mode)).results for query in queries)

                true = rng.sample(sorted(dataset.queries), min(args.true, len(dataset.queries)))
                lost = [name for name in true if not engine.search(dataset.queries[name], k=1).results]
                row = {"true questions lost": round(len(lost) / len(true), 4)}
                if corpus not in CORPORA:
                    good = [name for name in lost if answered(engine, dataset, name)]
                    row["of them answered in the first ten"] = round(len(good) / len(true), 4)
                    results[corpus] = row
                    print(corpus, row, flush=True)
                    continue
                off = off_corpus(rng, args.data, corpus)
                unsure = {name: silent(queries) for name, queries in off.items()}
                row["off-corpus not confident"] = round(sum(unsure.values()) / sum(map(len, off.values())), 4)
                row |= {name: round(count / len(off[name]), 4) for name, count in unsure.items()}
                words = silent([query for queries in off.values() for query in queries], "bm25")
                row["by words alone, off-corpus not confident"] = round(words / sum(map(len, off.values())), 4)
                lost_words = silent([dataset.queries[name] for name in true], "bm25")
                row["by words alone, true questions lost"] = round(lost_words / len(true), 4)
        results[corpus] = row
        print(corpus, row, flush=True)
    args.out.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
