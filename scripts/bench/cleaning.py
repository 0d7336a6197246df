"""How well the cleaning repairs: damage done on purpose, sound text, and page boilerplate. `text_speed.py` says how
fast.

    python scripts/bench/cleaning.py ../shared/data/train --out scripts/bench/results/cleaning.json

Recall is the share of the damage (in edited characters) that the cleaning undoes. Precision is the share of its edits
that are right: with `a` characters edited, and the distance to the sound text falling from `d0` to `d1`, it is
`(a + d0 - d1) / 2a`. Sound passages are cleaned too: any repair there is a false one.
"""

import argparse
import gzip
import json
import random
import re
import sys
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.cleaning.clean import clean
from index.models import Article
from scripts.bench.damage import MECHANISMS, in_gbk
from scripts.bench.pages import FEET, HEADS

_DAMAGED = re.compile("[\ue000-\uf8ff\ufffd]")  # what a decoder shows of broken bytes
REPAIRS = ("decoding", "pinyin_annotations", "misaligned_gbk")


def distance(one: str, two: str) -> int:
    """Levenshtein distance, a row at a time."""
    if one == two:
        return 0
    first = np.array([ord(char) for char in one], dtype=np.int64)
    row = np.arange(len(one) + 1)
    steps = np.arange(len(one) + 1)
    for char in two:
        fresh = np.minimum(row[1:] + 1, row[:-1] + (first != ord(char)))
        row = np.minimum.accumulate(np.concatenate([[row[0] + 1], fresh]) - steps) + steps
    return int(row[-1])


def passages(folder: Path, count: int, seed: int) -> list[tuple[str, str]]:
    """`count` passages, evenly from every shard, as `(shard, text)`; none of the few that came damaged."""
    rng = random.Random(seed)
    shards = sorted(path for path in folder.glob("*.jsonl.gz") if "pairs" not in path.name)
    found: list[tuple[str, str]] = []
    for shard in shards:
        with gzip.open(shard, "rt", encoding="utf-8") as lines:
            texts = [text for line in lines if not _DAMAGED.search(text := json.loads(line)["text"])]
        want = min(len(texts), 2 * count // len(shards))
        found += [(shard.name.removesuffix(".jsonl.gz"), text) for text in rng.sample(texts, want)]
    rng.shuffle(found)
    return found[:count]


def cleaned(text: str) -> tuple[str, list[str]]:
    """The display text, and the names of the repairs made."""
    result = clean(Article("bench", "bench", text))
    return result.article.text, [change.step for change in result.changes]


def damage_bench(texts: list[str], seed: int) -> list[dict[str, object]]:
    """Precision and recall of every mechanism at every rate."""
    rows: list[dict[str, object]] = []
    for name, (damage, rates) in MECHANISMS.items():
        for rate in rates:
            rng = random.Random(seed)
            before = after = edited = damaged_texts = whole = 0
            for text in texts:
                sound, damaged = damage(text, rng, rate)
                sound = cleaned(sound)[0]
                if distance(sound, damaged) == 0:
                    continue
                repaired = cleaned(damaged)[0]
                d0, d1 = distance(sound, damaged), distance(sound, repaired)
                before, after, edited = before + d0, after + d1, edited + distance(damaged, repaired)
                damaged_texts, whole = damaged_texts + 1, whole + (d1 == 0)
            rows.append(
                {
                    "mechanism": name,
                    "rate": rate,
                    "texts": damaged_texts,
                    "damage_chars": before,
                    "recall": round(1 - after / before, 4) if before else None,
                    "precision": round((edited + before - after) / (2 * edited), 4) if edited else None,
                    "texts_whole_again": round(whole / damaged_texts, 4) if damaged_texts else None,
                }
            )
            print(rows[-1], flush=True)
    return rows


def sound_bench(found: list[tuple[str, str]]) -> dict[str, object]:
    """What the cleaning changes in sound text."""
    steps: Counter[str] = Counter()
    cut = chars = 0
    examples: list[str] = []
    for shard, text in found:
        result = clean(Article("bench", "bench", text))
        chars += len(text)
        for change in result.changes:
            steps[change.step] += 1
            if change.step in REPAIRS:
                examples.append(f"{shard}: {change.before[:60]} -> {change.after[:60]}")
            elif change.step in ("boilerplate", "metadata"):
                cut += len(change.before)
    return {
        "passages": len(found),
        "chars": chars,
        "repairs": sum(steps[step] for step in REPAIRS),
        "repair_examples": examples[:20],
        "lines_cut": {step: steps[step] for step in ("boilerplate", "metadata")},
        "chars_cut": cut,
    }


def boilerplate_bench(found: list[tuple[str, str]], seed: int) -> dict[str, object]:
    """Articles put into made-up pages: how much of the page goes, and how much of the article goes with it."""
    rng = random.Random(seed)
    boilerplate = left = article = lost = 0
    remains: Counter[str] = Counter()
    for shard, text in found:
        if shard in ("gov_policy", "lctt"):  # these come with heads and feet of their own
            continue
        text = cleaned(text)[0]
        head, foot = rng.choice(HEADS), rng.choice(FEET)
        page = "\n".join(part for part in (head, text, foot) if part)
        result = Counter(cleaned(page)[0].split("\n"))
        around = [line for line in (*head.split("\n"), *foot.split("\n")) if line]
        body = [line for line in text.split("\n") if line]
        boilerplate, article = boilerplate + sum(map(len, around)), article + sum(map(len, body))
        for line in around:
            if result[line]:
                left += len(line)
                remains[line] += 1
        lost += sum(len(line) for line in body if not result[line])
    return {
        "pages": len(found),
        "boilerplate_removed": round(1 - left / boilerplate, 4),
        "article_lost": round(lost / article, 6),
        "lines_left": remains.most_common(8),
    }


def main() -> None:
    """Run every part and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("scripts/bench/results/cleaning.json"))
    parser.add_argument("--texts", type=int, default=300, help="texts per mechanism and rate")
    parser.add_argument("--sound", type=int, default=10_000, help="sound passages")
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    found = passages(options.data, options.sound, options.seed)
    command = f"python scripts/bench/cleaning.py ../shared/data/train --texts {options.texts}"
    result: dict[str, object] = {"command": command}
    result["sound"] = sound_bench(found)
    print(result["sound"], flush=True)
    result["boilerplate"] = boilerplate_bench(found[:2000], options.seed)
    print(result["boilerplate"], flush=True)
    texts = [in_gbk(text) for _, text in found if len(text) >= 150][: options.texts]
    result["damage"] = damage_bench(texts, options.seed)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
