"""Mistyped titles: how often the right question is suggested, or the right article found, among the first three.

    python scripts/bench/typos.py BEIR_DIR... [--queries 1000] [--json scripts/bench/results/typos.json]

Titles of three to forty Chinese characters or more are taken from each corpus, once each, and one mistake is made in
each, the three kinds in turn: a character for one that sounds the same (drawn by how often it is written in the
corpus, as an input method offers it), for one that looks the same (from the table the product has, so the
figure without that table stands beside it), or left out. Right is a suggestion that folds to the title, signs aside,
or an article of that title.
"""

import argparse
import json
import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from index.analysis.characters import COMMON_HAN
from index.analysis.fold import fold
from index.builder import update_index
from index.models import Article
from index.sources.articles import read_sources
from search.engine import SearchEngine
from search.models import SearchOptions
from search.suggest import suggester
from search.suggest.lookalikes import lookalikes
from search.suggest.pinyin import readings

KINDS = ("homophone", "shape", "dropped")
_HAN = re.compile(f"[{COMMON_HAN}]")


def plain(text: str) -> str:
    """What counts of a title: folded, without signs."""
    return "".join(re.findall(r"\w+", fold(text)))


def mistype(title: str, kind: str, written: Counter[str], rng: random.Random) -> str | None:
    """`title` with one mistake of a kind, or None where it cannot be made."""
    places = [i for i, char in enumerate(title) if _HAN.match(char)]
    rng.shuffle(places)
    for i in places:
        if kind == "dropped":
            return title[:i] + title[i + 1 :]
        if kind == "shape":
            others = sorted(lookalikes(title[i]))
            weights = [1] * len(others)
        else:
            others = [char for char in written if char != title[i] and readings(char) & readings(title[i])]
            weights = [written[char] for char in others]
        if others:
            return title[:i] + rng.choices(others, weights)[0] + title[i + 1 :]
    return None


def mistakes(
    titles: list[str], written: Counter[str], count: int, rng: random.Random
) -> Iterator[tuple[str, str, str]]:
    """(kind, title, mistyped), at most `count`, a title at most once."""
    made = 0
    for title in rng.sample(titles, len(titles)):
        kind = KINDS[made % len(KINDS)]
        wrong = mistype(title, kind, written, rng)
        if wrong is not None and made < count:
            made += 1
            yield kind, title, wrong


def measure(folder: Path, count: int, rng: random.Random, typing: list[float]) -> list[dict[str, object]]:
    """One record a mistyped title of the corpus in `folder`; milliseconds of completions go into `typing`."""
    with tempfile.TemporaryDirectory() as root:
        source = next(path for path in sorted(folder.glob("corpus.jsonl*")))
        articles = [item for item in read_sources([source]) if isinstance(item, Article)]
        update_index(articles, Path(root) / "index")
        written = Counter(char for item in articles for char in fold(item.text) if _HAN.match(char))
        titles = {plain(t): t for t in (item.title for item in articles) if len(_HAN.findall(t)) >= 3}
        short = [title for title in titles.values() if len(title) <= suggester.MAX_PATTERN]
        records = []
        with SearchEngine.open(Path(root) / "index") as engine:
            engine.search("暖机")
            engine.suggest("nuan")
            for kind, title, wrong in mistakes(sorted(short), written, count, rng):
                began = perf_counter()
                answer = engine.search(wrong, SearchOptions(k=3))
                took = perf_counter() - began
                suggested = plain(title) in map(plain, answer.suggestions[:3])
                found = plain(title) in [plain(result.title) for result in answer.results]
                records.append(
                    {"set": folder.name, "kind": kind, "title": title, "typed": wrong, "ms": 1000 * took,
                     "suggested": suggested, "found": found, "right": suggested or found}
                )  # fmt: skip
            for title in rng.sample(sorted(short), min(100, len(short))):
                spoken = ["".join(sorted(readings(char))[:1]) for char in title[:3]]
                for typed in (title[:1], title[:2], title[:3], "".join(spoken), "".join(s[:1] for s in spoken)):
                    began = perf_counter()
                    engine.suggest(typed)
                    typing.append(1000 * (perf_counter() - began))
        return records


def summary(records: list[dict[str, object]]) -> dict[str, object]:
    """Shares of right answers, and the median time of a query."""
    n = max(1, len(records))
    shares = {name: round(sum(bool(r[name]) for r in records) / n, 4) for name in ("right", "suggested", "found")}
    return {"queries": len(records), **shares, "median_ms": round(median(float(str(r["ms"])) for r in records), 1)}


def main() -> None:
    """Measure each folder, print the table, write it where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-table", action="store_true", help="search without the table of lookalikes")
    parser.add_argument("--misses", type=int, default=0, help="print so many of what was not found")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.no_table:
        suggester.lookalikes = lambda char: frozenset()  # type: ignore[attr-defined]
    rng = random.Random(options.seed)
    records: list[dict[str, object]] = []
    typing: list[float] = []
    for done, folder in enumerate(options.folders):
        share = (options.queries - len(records)) // (len(options.folders) - done)
        records += measure(folder, share, rng, typing)
    groups = {"all": records}
    groups |= {name: [r for r in records if r["kind"] == name] for name in KINDS}
    groups |= {folder.name: [r for r in records if r["set"] == folder.name] for folder in options.folders}
    table = {name: summary(group) for name, group in groups.items() if group}
    for name, row in table.items():
        print(f"{name:12}", "  ".join(f"{key} {value}" for key, value in row.items()))
    typing.sort()
    completion = {"completions": len(typing), "median_ms": round(median(typing), 2)}
    completion["p95_ms"] = round(typing[int(0.95 * len(typing))], 2)
    print(completion)
    for record in [r for r in records if not r["right"]][: options.misses]:
        print(record["kind"], record["title"], "<-", record["typed"])
    if options.json:
        found = {"seed": options.seed, "without_table": options.no_table, "results": table, "completion": completion}
        options.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
