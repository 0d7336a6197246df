"""What the repair of wrongly decoded text makes up: nothing, it should be. Lines are damaged on purpose and cleaned.

    python scripts/bench/inventions.py ../shared/data --lines 2000 --out scripts/bench/results/inventions.json

A line must come back as it was before the damage, with a sign (U+FFFD) for each character that cannot be told, or
stay as it came; of what a decoder dropped without a sign nobody can know. Anything else is an invention, and is
printed. Lines are those of articles, a few of each.
"""

import argparse
import gzip
import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.analysis.characters import is_common_han
from index.cleaning.clean import clean
from index.models import Article
from scripts.bench.damage import LOSSY

_DAMAGED = re.compile("[\ue000-\uf8ff\ufffd?\u200b]")
_BLANKS = re.compile(r"[\s\xad\x00-\x1f\x7f-\x9f]+")


def lines_of(folder: Path, count: int, seed: int) -> list[str]:
    """`count` lines with Chinese in them, evenly from every shard and corpus under `folder`, short ones too."""
    rng = random.Random(seed)
    shards = sorted(path for path in folder.rglob("*.jsonl.gz") if "pairs" not in path.name and "quer" not in path.name)
    found: list[str] = []
    for shard in shards:
        with gzip.open(shard, "rt", encoding="utf-8") as stream:
            texts = [str(json.loads(line).get("text") or "") for line, _ in zip(stream, range(4_000), strict=False)]
        some = [line.strip() for text in rng.sample(texts, min(len(texts), 600)) for line in text.split("\n")]
        good = [line for line in some if 6 <= len(line) <= 300 and not _DAMAGED.search(line)]
        good = [line for line in good if sum(is_common_han(char) for char in line) * 2 >= len(line)]
        found += rng.sample(good, min(len(good), 2 * count // len(shards) + 1))
    rng.shuffle(found)
    return found[:count]


def even(line: str) -> str:
    """A line without blanks and what nobody sees, which cleaning drops."""
    return _BLANKS.sub("", line)


def invented(sound: str, damaged: str, got: str) -> bool:
    """Whether `got` is neither the damaged line nor made of characters of the sound one, in their order."""
    sound, damaged, got = even(sound), even(damaged), even(got)
    if got in (sound, damaged):
        return False
    at = -1
    for char in got:
        if char not in "\ufffd?":
            at = sound.find(char, at + 1)
            if at < 0:
                return True
    return False


def asked(mechanism: str, lines: list[str], seed: int) -> dict[str, object]:
    """Damage and clean every line by itself, as the text of an article below a sound title."""
    rng = random.Random(seed)
    counts = {"lines": 0, "left": 0, "whole": 0, "with_signs": 0, "signs": 0, "invented": 0}
    for line in lines:
        sound, damaged = LOSSY[mechanism](line, rng, 1.0)
        if even(sound) == even(damaged):
            continue
        got = clean(Article("bench", "题目", damaged)).article.text
        counts["lines"] += 1
        if invented(sound, damaged, got):
            counts["invented"] += 1
            print(f"{mechanism}\n  was {sound}\n  got {got}\n  of  {damaged}", flush=True)
        elif even(got) == even(sound):
            counts["whole"] += 1
        elif even(got) == even(damaged):
            counts["left"] += 1
        else:
            counts["with_signs"] += 1
            counts["signs"] += got.count("\ufffd")
    return {"mechanism": mechanism, **counts}


def main() -> None:
    """Run every mechanism and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("scripts/bench/results/inventions.json"))
    parser.add_argument("--lines", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="", help="mechanisms with this in their name")
    options = parser.parse_args()
    lines = lines_of(options.data, options.lines, options.seed)
    rows = [asked(name, lines, options.seed) for name in LOSSY if options.only in name]
    for row in rows:
        print(row)
    command = f"python scripts/bench/inventions.py ../shared/data --lines {options.lines} --seed {options.seed}"
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"command": command, "rows": rows}, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
