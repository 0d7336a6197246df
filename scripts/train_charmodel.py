"""Train `index/cleaning/data/charmodel.npz`, the trigram model behind the byte repairs, from openly licensed and
official text.

    python scripts/train_charmodel.py ../shared/data/train --out index/cleaning/data/charmodel.npz

Prints what was counted and how large the file came out. Takes about a minute.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import jieba
import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from index.cleaning.charmodel import STEP, normal

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
Text = npt.NDArray[np.int32]


def words(table: npt.NDArray[np.int32]) -> Iterator[tuple[list[int], float]]:
    """Ids and frequency of the words of jieba's dictionary (MIT)."""
    with Path(jieba.__file__).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, frequency, _ = line.split(" ", 2)
            yield table[[ord(char) for char in normal(word)]].tolist(), float(frequency)


def counted(ids: Text, size: int, length: int, table: npt.NDArray[np.int32], weight: float) -> tuple[Keys, Counts]:
    """The runs of `length` known characters in the text, as numbers to the base `size`, and how often each stands.

    Those inside the dictionary's words count `weight` times the word's frequency: the training text holds little news,
    and the dictionary knows its words.
    """
    whole = np.ones(len(ids) - length + 1, dtype=bool)
    keys = np.zeros(len(whole), dtype=np.int64)
    for at in range(length):
        part = ids[at : at + len(whole)]
        whole &= part > 0
        keys = keys * size + part
    found, seen = np.unique(keys[whole], return_counts=True)
    del keys, whole
    more, often = [], []
    for word, frequency in words(table):
        for at in range(len(word) - length + 1):
            run = word[at : at + length]
            if all(run):
                key = 0
                for number in run:
                    key = key * size + number
                more.append(key)
                often.append(frequency * weight)
    joined, where = np.unique(np.concatenate([found, np.array(more, dtype=np.int64)]), return_inverse=True)
    return joined, np.bincount(where, weights=np.concatenate([seen, np.array(often)]))


class Grams(NamedTuple):
    """N-grams that are kept: the context and the last character of each, and its share of what the context precedes."""

    contexts: Keys
    last: Keys
    share: Counts


def kept(keys: Keys, seen: Counts, size: int, shorter: Counts, discount: float, most: int) -> Grams:
    """The `most` n-grams worth most: how often each is met times how much it says beyond the `shorter` gram's share."""
    contexts, last = keys // size, keys % size
    starts = np.flatnonzero(np.diff(contexts, prepend=-1))
    totals = np.repeat(np.add.reduceat(seen, starts), np.diff(np.append(starts, len(seen))))
    share = (seen - discount * np.minimum(1, seen / (1.05 * discount))) / totals
    worth = seen * np.abs(np.log(share) - np.log(shorter))
    best = np.sort(np.argsort(-worth, kind="stable")[:most])
    return Grams(contexts[best], last[best], share[best])


def packed(grams: Grams, rows: Keys) -> dict[str, npt.NDArray[np.generic]]:
    """The last characters as differences within each of the contexts `rows`, and the shares in steps."""
    starts = np.searchsorted(grams.contexts, rows)
    gaps = np.diff(grams.last, prepend=0)
    full = starts[starts < len(gaps)]
    gaps[full] = grams.last[full]
    scores = np.clip(np.round(-np.log(grams.share) / STEP), 0, 255).astype(np.uint8)
    return {"gaps": gaps.astype(np.uint16), "scores": scores}


def main() -> None:
    """Count, prune, quantise, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("index/cleaning/data/charmodel.npz"))
    parser.add_argument("--vocabulary", type=int, default=7000)
    parser.add_argument("--bigrams", type=int, default=1_000_000)
    parser.add_argument("--trigrams", type=int, default=800_000)
    parser.add_argument("--words", type=float, default=0.2, help="weight of the dictionary's words")
    parser.add_argument("--discount", type=float, default=0.6)
    options = parser.parse_args()

    codes = np.frombuffer(normal("".join(records(options.data))).encode("utf-32-le", "replace"), dtype=np.uint32)
    counts = np.bincount(codes, minlength=0x10000)
    identity = np.arange(0x110000, dtype=np.int32)
    for word, frequency in words(identity):
        np.add.at(counts, word, int(frequency * options.words))
    order = np.argsort(-counts, kind="stable")[: options.vocabulary - 1]
    order = order[counts[order] >= 2]
    chars = np.concatenate([[0], order]).astype(np.uint32)  # id 0: everything else
    table = np.zeros(0x110000, dtype=np.int32)
    table[chars[1:]] = np.arange(1, len(chars))
    ids = table[codes]
    size, length = len(chars), len(codes)
    del codes

    unigrams = np.concatenate([[float((ids == 0).sum())], counts[order]]).astype(np.float64)
    unigram = np.maximum(unigrams, 1) / unigrams.sum()
    pairs, seen = counted(ids, size, 2, table, options.words)
    two = kept(pairs, seen, size, unigram[pairs % size], options.discount, options.bigrams)
    left = np.maximum(1 - np.bincount(two.contexts, weights=two.share, minlength=size), 0.02)
    triples, seen = counted(ids, size, 3, table, options.words)
    known, wanted = two.contexts * size + two.last, triples % (size * size)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    shorter = np.where(known[at] == wanted, two.share[at], 0) + left[wanted // size] * unigram[wanted % size]
    three = kept(triples, seen, size, shorter, options.discount, options.trigrams)

    rows = np.arange(size)
    contexts, sizes = np.unique(three.contexts, return_counts=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        options.out,
        chars=chars,
        unigram=np.clip(np.round(-np.log(unigram) / STEP), 0, 255).astype(np.uint8),
        rows=np.searchsorted(two.contexts, np.arange(size + 1)).astype(np.uint32),
        **packed(two, rows),
        contexts=np.diff(contexts, prepend=0).astype(np.uint32),
        context_sizes=sizes.astype(np.uint16),
        **{f"third_{name}": array for name, array in packed(three, contexts).items()},
    )
    print(f"{length:,} characters, {size:,} in the vocabulary")
    print(f"{len(two.share):,} of {len(pairs):,} bigrams, {len(three.share):,} trigrams behind {len(contexts):,} pairs")
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
