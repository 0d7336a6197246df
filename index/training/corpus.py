"""Training text: reading the shards, leaving out what is evaluated on, and tokenising every sentence once."""

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.analysis.fold import fold

_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;\n”」』）]*")
_JUNK = re.compile(r"[\s\W_]+")
# Headlines that say nothing about the text below them.
_EMPTY_TITLE = re.compile(r"联播快讯|央视短评|本台短评|新闻特写|天气预报")
_SERIES = re.compile(r"^[【\[(（][^】\])）]{1,15}[】\])）]\s*|^——")
WINDOW = 24  # characters: no stretch of this length of an evaluation text may stand in the training text


class Record(NamedTuple):
    """One piece of an article. Records of equal `group` are about the same thing and never each other's negatives."""

    source: str
    title: str
    heading: str
    text: str
    group: str


def read_shard(path: Path) -> Iterator[Record]:
    """The records of one `.jsonl.gz` shard of prose, titles put right for the sources that need it."""
    source = path.name.split(".")[0]
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            title, heading = row["title"].strip(), row["heading"].strip().split(" > ")[-1]
            if source == "xwlb" and heading:
                title, heading = heading, ""
            title = _SERIES.sub("", title).strip()
            if _EMPTY_TITLE.search(title):
                title = ""
            group = str(row["doc"]) if "doc" in row else title or heading or row["text"][:40]
            yield Record(source, title, heading, row["text"], f"{source}:{group}")


def _gram_hashes(text: str) -> NDArray[np.uint64]:
    """A 64-bit hash of every `WINDOW` characters of `text` (folded, nothing but letters and digits)."""
    codes = np.frombuffer(_JUNK.sub("", fold(text)).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if len(codes) < WINDOW:
        return np.empty(0, np.uint64)
    hashes = np.zeros(len(codes) - WINDOW + 1, np.uint64)
    for offset in range(WINDOW):  # Horner, modulo 2**64
        hashes = hashes * np.uint64(6364136223846793005) + codes[offset : offset + len(hashes)]
    return hashes


def exclude_evaluated(records: Sequence[Record], folders: Iterable[Path]) -> tuple[list[Record], dict[str, int]]:
    """Drop records that hold a stretch of an evaluation text, or whose title is an evaluation query.

    A stretch that stands in over three records is a set phrase (`中共中央总书记、国家主席、中央军委主席`), no copy,
    and drops nothing. Returns what is left, and how many were dropped by source.
    """
    grams: list[NDArray[np.uint64]] = []
    queries: set[str] = set()
    for folder in folders:
        for name in ("corpus", "queries"):
            for row in read_beir(folder, name):
                grams.append(_gram_hashes(row["text"]))
                if name == "queries":
                    queries.add(_JUNK.sub("", fold(row["text"])))
    if not grams:
        return list(records), {}
    known = np.sort(np.concatenate(grams))  # np.unique hashes, which takes minutes here
    table = np.zeros(1 << 26, bool)  # a quick no before the search proper
    table[known & np.uint64(len(table) - 1)] = True
    found = [_among(_gram_hashes(record.text), known, table) for record in records]
    every = np.sort(np.concatenate(found))
    begins = np.flatnonzero(np.concatenate([[True], every[1:] != every[:-1]]))
    copied = every[begins][np.diff(np.concatenate([begins, [len(every)]])) <= 3]
    kept: list[Record] = []
    dropped: dict[str, int] = {}
    for record, hits in zip(records, found, strict=True):
        titles = {_JUNK.sub("", fold(record.title)), _JUNK.sub("", fold(record.heading))} - {""}
        if titles & queries or len(_among(hits, copied, None)):
            dropped[record.source] = dropped.get(record.source, 0) + 1
        else:
            kept.append(record)
    return kept, dropped


def _among(
    hashes: NDArray[np.uint64], known: NDArray[np.uint64], table: NDArray[np.bool_] | None
) -> NDArray[np.uint64]:
    """Those of `hashes` that stand in the sorted `known`, each once, sorted."""
    if table is not None:
        hashes = hashes[table[hashes & np.uint64(len(table) - 1)]]
    if not len(hashes) or not len(known):
        return np.empty(0, np.uint64)
    hashes = np.sort(hashes)
    hashes = hashes[np.concatenate([[True], hashes[1:] != hashes[:-1]])]
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return np.compress(known[places] == hashes, hashes)


def read_beir(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of `corpus` or `queries` of a BEIR folder, packed or not."""
    packed, plain = folder / f"{name}.jsonl.gz", folder / f"{name}.jsonl"
    with gzip.open(packed, "rt", encoding="utf-8") if packed.exists() else plain.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


@dataclass(frozen=True)
class Tokenised:
    """Every sentence once: sentence i is `ids[starts[i]:starts[i + 1]]`.

    Record r owns sentences `first[r]` to `first[r + 1]`, of which the first two are its title and heading
    (maybe empty); `group[r]` is a number per article and `source[r]` one per shard.
    """

    ids: NDArray[np.int32]
    starts: NDArray[np.int64]
    first: NDArray[np.int64]
    group: NDArray[np.int32]
    source: NDArray[np.int32]

    def sentence(self, number: int) -> NDArray[np.int32]:
        """Token ids of one sentence."""
        return self.ids[self.starts[number] : self.starts[number + 1]]


def sentences(text: str) -> list[str]:
    """`text` cut behind the marks that end a sentence."""
    return _SENTENCE.findall(text)


def tokenise(records: Sequence[Record], tokenizer: Tokenizer) -> Tokenised:
    """Cut every record into sentences and those into token ids."""
    pieces: list[NDArray[np.int32]] = []
    lengths: list[int] = []
    first = [0]
    groups: dict[str, int] = {}
    sources: dict[str, int] = {}
    for begin in range(0, len(records), 4000):
        texts: list[str] = []
        for record in records[begin : begin + 4000]:
            parts = [record.title, record.heading, *sentences(record.text)]
            texts += parts
            first.append(first[-1] + len(parts))
        rows = [encoding.ids for encoding in tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        lengths += [len(row) for row in rows]
        pieces.append(np.fromiter((number for row in rows for number in row), np.int32))
    return Tokenised(
        np.concatenate(pieces),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.array(first, np.int64),
        np.array([groups.setdefault(record.group, len(groups)) for record in records], np.int32),
        np.array([sources.setdefault(record.source, len(sources)) for record in records], np.int32),
    )
