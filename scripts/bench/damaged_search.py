"""What damage costs a search, and how much of that the cleaning wins back: nDCG@10 on a damaged CMRC2018.

    python scripts/bench/damaged_search.py ../shared/data/eval/cmrc2018 --articles 400 --queries 400

The first articles of the set, and questions on them. Every article is damaged; the questions are not. The same
questions are asked of the sound articles, of the damaged ones indexed as they are, and of the damaged ones cleaned.
Won back is the share of the loss, null where less than .002 is lost: first of a set whose articles are damaged in all
of these ways, one after the other, then of each way alone.
"""

import argparse
import json
import random
import sys
import tempfile
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.builder import update_index
from index.config import IndexConfig
from index.models import Article
from scripts.bench.damage import MECHANISMS
from search.engine import SearchEngine
from search.evaluation.beir import Dataset, load_dataset, measure, run
from search.models import Mode

KINDS = (
    *(
        ("pinyin annotations", 0.3),
        ("pinyin annotations", 0.9),
        ("pinyin annotations in bytes", 0.9),
        ("halved marks", 1.0),
        ("lost byte", 0.004),
    ),
    *(("gained byte", 0.004), ("UTF-8 read as GBK", 1.0), ("UTF-8 read as Windows-1252", 1.0)),
)
MODES: tuple[Mode, ...] = ("bm25", "hybrid")


def scores(data: Dataset, articles: list[Article], *, clean: bool) -> dict[str, float]:
    """nDCG@10 of every mode over these articles."""
    with tempfile.TemporaryDirectory(prefix="wensou-damage-") as folder:
        update_index(iter(articles), Path(folder) / "index", IndexConfig(clean=clean))
        with SearchEngine.open(Path(folder) / "index") as engine:
            return {mode: round(measure(data, run(engine, data, mode))["nDCG@10"], 4) for mode in MODES}


def main() -> None:
    """Damage, index twice, ask, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--articles", type=int, default=400)
    parser.add_argument("--queries", type=int, default=400)
    parser.add_argument("--only", nargs="*", help="some of the ways, such as 'all in turn' or 'lost byte 0.004'")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/damaged_search.json")
    options = parser.parse_args()
    whole = load_dataset(options.data)
    articles = list(islice(whole.articles(), options.articles))
    ids = {article.article_id for article in articles}
    answerable = [key for key in whole.queries if whole.qrels[key].keys() <= ids]
    asked = answerable[:: max(1, len(answerable) // options.queries)][: options.queries]
    queries = {key: whole.queries[key] for key in asked}
    data = Dataset(whole.folder, queries, {key: whole.qrels[key] for key in queries}, whole.ignore)
    sound = scores(data, articles, clean=False)
    results: dict[str, object] = {
        "command": "python scripts/bench/damaged_search.py ../shared/data/eval/cmrc2018"
        f" --articles {options.articles} --queries {options.queries}",
        "articles": len(articles),
        "queries": len(queries),
        "sound": sound,
    }
    print("sound", sound, flush=True)
    for title, kinds in {"all in turn": KINDS, **{f"{name} {rate}": ((name, rate),) for name, rate in KINDS}}.items():
        if options.only and title not in options.only:
            continue
        rng = random.Random(options.seed)
        ways = [(MECHANISMS[name][0], rate) for name, rate in kinds]
        damaged = [
            replace(article, text=way(article.text, rng, rate)[1])
            for article, (way, rate) in zip(articles, cycle(ways), strict=False)
        ]
        before, after = scores(data, damaged, clean=False), scores(data, damaged, clean=True)
        back = {
            mode: round((after[mode] - before[mode]) / (sound[mode] - before[mode]), 3)
            if sound[mode] - before[mode] > 0.002
            else None
            for mode in MODES
        }
        results[title] = {"as it is": before, "cleaned": after, "won back": back}
        print(title, results[title], flush=True)
    options.out.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
