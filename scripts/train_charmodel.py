"""Train `index/data/charmodel.npz`, the bigram model behind the byte repairs, from openly licensed and official text.

    python scripts/train_charmodel.py ../shared/data/train --out index/data/charmodel.npz

Prints what was counted and how large the file came out. Takes about a minute.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import jieba
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from index.charmodel import STEP, normal

# Official documents (no copyright) and open licences only; see the training text's SOURCES.md.
SHARDS = (
    *("laws_cn", "laws_tw", "gov_policy", "gov_reports", "ms_d365", "ms_teams", "react_docs", "pingcap_docs"),
    *("oi_wiki", "d2l_zh", "zhwiki_sample", "howtocook", "lctt"),
)
WEIGHTS = {"laws_tw": 0.5, "laws_cn": 0.5}  # formulaic: half of their records are enough


def records(folder: Path) -> Iterator[str]:
    """The title and text of every record of the shards, in order."""
    for shard in SHARDS:
        keep = WEIGHTS.get(shard, 1.0)
        with gzip.open(folder / f"{shard}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                if number * keep % 1 < keep:
                    record = json.loads(line)
                    yield f"{record['title']}\n{record['text']}\n"


Counts = npt.NDArray[np.float64]
Keys = npt.NDArray[np.int64]


def with_words(
    pairs: Keys, seen: Counts, table: npt.NDArray[np.int32], size: int, weight: float
) -> tuple[Keys, Counts]:
    """The counted bigrams, and those inside the words of jieba's dictionary (MIT), `weight` times their frequency.

    The training text holds little news; the dictionary knows its words.
    """
    keys, counts = [], []
    with Path(jieba.__file__).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, frequency, _ = line.split(" ", 2)
            numbers = table[[ord(char) for char in normal(word)]].tolist()
            for one, two in pairwise(numbers):
                if one and two:
                    keys.append(one * size + two)
                    counts.append(float(frequency) * weight)
    joined, where = np.unique(np.concatenate([pairs, np.array(keys)]), return_inverse=True)
    return joined, np.bincount(where, weights=np.concatenate([seen, np.array(counts)]))


def main() -> None:
    """Count, prune, quantise, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("index/data/charmodel.npz"))
    parser.add_argument("--vocabulary", type=int, default=7000)
    parser.add_argument("--bigrams", type=int, default=1_000_000)
    parser.add_argument("--words", type=float, default=0.2, help="weight of the dictionary's words")
    parser.add_argument("--discount", type=float, default=0.6)
    options = parser.parse_args()

    codes = np.frombuffer(normal("".join(records(options.data))).encode("utf-32-le", "replace"), dtype=np.uint32)
    counts = np.bincount(codes, minlength=0x10000)
    with Path(jieba.__file__).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, frequency, _ = line.split(" ", 2)
            for char in normal(word):
                counts[ord(char)] += int(float(frequency) * options.words)
    order = np.argsort(-counts, kind="stable")[: options.vocabulary - 1]
    order = order[counts[order] >= 2]
    chars = np.concatenate([[0], order]).astype(np.uint32)  # id 0: everything else
    table = np.zeros(0x110000, dtype=np.int32)
    table[chars[1:]] = np.arange(1, len(chars))
    ids = table[codes]
    size = len(chars)

    unigrams = np.concatenate([[float((ids == 0).sum())], counts[order]]).astype(np.float64)
    unigram_log = -np.log(np.maximum(unigrams, 1) / unigrams.sum())
    pairs, seen = np.unique(ids[:-1].astype(np.int64) * size + ids[1:], return_counts=True)
    pairs, counted = with_words(pairs, seen.astype(np.float64), table, size, options.words)
    seen = np.maximum(counted, options.discount * 1.05)
    first, second = pairs // size, pairs % size
    context = np.bincount(first, weights=seen, minlength=size)
    probability = (seen - options.discount * np.minimum(1, seen)) / context[first]
    # Worth of a bigram: how often it is met times how much more it says than the character's own frequency.
    worth = seen * np.abs(np.log(probability) + unigram_log[second])
    best = np.sort(np.argsort(-worth, kind="stable")[: options.bigrams])
    best = best[(first[best] > 0) & (second[best] > 0)]
    first, second, probability = first[best], second[best], probability[best]

    rows = np.searchsorted(first, np.arange(size + 1)).astype(np.uint32)
    gaps = np.diff(second, prepend=0)
    starts = rows[:-1][np.diff(rows) > 0]
    gaps[starts] = second[starts]
    scores = np.clip(np.round(-np.log(probability) / STEP), 0, 255).astype(np.uint8)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        options.out,
        chars=chars,
        unigram=np.clip(np.round(unigram_log / STEP), 0, 255).astype(np.uint8),
        rows=rows,
        gaps=gaps.astype(np.uint16),
        scores=scores,
    )
    print(f"{len(codes):,} characters, {size:,} in the vocabulary, {len(best):,} of {len(pairs):,} bigrams kept")
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
