#!/usr/bin/env python3
"""Questions that nothing was chosen by, as BEIR folders, made of text that the bundled encoder was not trained on.

    python scripts/bench/held_out.py ../shared/data/train --exclude ../shared/data/eval/* --out DIR
    python scripts/bench/encoder_quality.py DIR/* --encoder bundled OTHER
    python scripts/bench/quality.py --data DIR --out FILE

Training leaves out records that share a stretch with an evaluation set. Of these come headlines to their news, first
sentences of reports to the rest, and words of one clause, two of three, to the piece of law they stand in; of pairs
that no training reads, sentences in classical Chinese to the same in modern Chinese. Equal seeds give equal sets.
"""

import argparse
import gzip
import json
import random
import re
import sys
from collections.abc import Container, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from index.encoders.load import load_encoder
from index.encoders.static import StaticEncoder
from index.training.corpus import Record, exclude_evaluated, read_beir, read_shard

_QUESTIONS = 1000  # a set, at most
_LAWS, _SENTENCES = 6000, 8000  # documents of a set, at most
_LEAD = re.compile(r"(.{20,120}?[。！？])(.{150,})", re.DOTALL)
_CLAUSE = re.compile(r"[^。！？；\n]{15,120}")
_PAIRS = "classical_modern-pairs.jsonl.gz"


class Asked(NamedTuple):
    """A set: titles and texts of documents, and questions with the number of the document each is for."""

    documents: Sequence[tuple[str, str]]
    questions: Sequence[tuple[str, int]]


def headlines(records: Iterable[Record], known: Container[str], rng: random.Random) -> Asked:
    """Each headline once, to its news without it; none that is a question `known`."""
    long = (record for record in records if len(record.title) >= 8 and len(record.text) > 80)
    news = {record.title: record.text for record in long if record.title not in known}
    asked = [*enumerate(news)]
    return Asked([("", text.replace(title, "")) for title, text in news.items()], _some(asked, rng))


def leads(records: Iterable[Record], rng: random.Random) -> Asked:
    """A report's first sentence, to the rest of it."""
    found = [match.groups() for record in records if (match := _LEAD.match(record.text))]
    return Asked(
        [("", rest) for _, rest in found], _some([(number, lead) for number, (lead, _) in enumerate(found)], rng)
    )


def clauses(records: Sequence[Record], rng: random.Random, encoder: StaticEncoder) -> Asked:
    """Two of three words of one clause, in their order, to the piece of law with its name before it."""
    kept = rng.sample(records, min(_LAWS, len(records)))
    asked = []
    for number, record in enumerate(kept):
        if found := _CLAUSE.findall(record.text):
            words = encoder.tokenizer.encode(rng.choice(found), add_special_tokens=False).tokens
            asked.append((number, "".join(word for word in words if rng.random() < 2 / 3)))
    named = [(record.title, "\n".join(filter(None, (record.heading, record.text)))) for record in kept]
    return Asked(named, _some([(number, text) for number, text in asked if len(text) >= 6], rng))


def sentences(path: Path, rng: random.Random) -> Asked:
    """A sentence in classical Chinese, to the same in modern Chinese."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        pairs = [(row["a"], row["b"]) for row in map(json.loads, lines)]
    pairs = [pair for pair in pairs if 6 <= len(pair[0]) <= 40 and 10 <= len(pair[1]) <= 80]
    pairs = rng.sample(pairs, min(_SENTENCES, len(pairs)))
    return Asked([("", modern) for _, modern in pairs], _some([(n, old) for n, (old, _) in enumerate(pairs)], rng))


def _some(asked: Sequence[tuple[int, str]], rng: random.Random) -> list[tuple[str, int]]:
    return [(text, number) for number, text in sorted(rng.sample(asked, min(_QUESTIONS, len(asked))))]


def write(asked: Asked, folder: Path) -> None:
    """As a BEIR folder."""
    folder.mkdir(parents=True, exist_ok=True)
    corpus = [
        {"_id": f"d{number}", "title": title, "text": text} for number, (title, text) in enumerate(asked.documents)
    ]
    queries = [{"_id": f"q{number}", "text": text} for number, (text, _) in enumerate(asked.questions)]
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")
    judged = "".join(f"q{number}\td{document}\t1\n" for number, (_, document) in enumerate(asked.questions))
    (folder / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}", "utf-8")
    print(f"{folder.name:10} {len(corpus)} documents, {len(queries)} questions", flush=True)


def main() -> None:
    """Read the shards, keep what training drops, write the sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of the training shards, <shard>.jsonl.gz")
    parser.add_argument("--exclude", type=Path, nargs="+", required=True, help="BEIR folders, as in training")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    shards = sorted(path for path in args.data.glob("*.jsonl.gz") if path.name != _PAIRS)
    records = [record for shard in shards for record in read_shard(shard)]
    folders = [folder for folder in args.exclude if folder.is_dir()]
    kept, dropped = exclude_evaluated(records, folders)
    print(f"left out of training: {dropped}", flush=True)
    trained = set(map(id, kept))
    left = [record for record in records if id(record) not in trained]
    of = {source: [record for record in left if record.source == source] for source in ("xwlb", "crud_news", "laws_cn")}
    encoder = load_encoder("bundled")
    assert isinstance(encoder, StaticEncoder)
    rng = random.Random(args.seed)
    known = {row["text"] for folder in folders for row in read_beir(folder, "queries")}
    write(headlines(of["xwlb"], known, rng), args.out / "headlines")
    write(leads(of["crud_news"], rng), args.out / "leads")
    write(clauses(of["laws_cn"], rng, encoder), args.out / "clauses")
    write(sentences(args.data / _PAIRS, rng), args.out / "sentences")


if __name__ == "__main__":
    main()
