"""Big corpora made of real sentences, for the speed benches: real words, lengths and frequencies, invented articles.

The sentences of a JSONL file (each record's `text`) are shuffled with a seed and packed into articles of a few
passages; when they run out they are shuffled again, so that any number of chunks can be made. Each article is
therefore a recombination: fit to measure speed and memory, worthless to measure relevance.
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from index.analysis.chunk import chunk_spans, sentences
from index.models import Article


def read_sentences(path: Path, limit: int) -> list[str]:
    """Up to `limit` sentences of 8 to 120 characters from the `text` of each record of a JSONL(.gz) file."""
    found: list[str] = []
    for record in _records(path):
        found += sentences_of(record["text"])
        if len(found) >= limit:
            return found[:limit]
    return found


def sentences_of(text: str) -> list[str]:
    """Its sentences of 8 to 120 characters."""
    return [text[a:b].strip() for a, b in sentences(text) if 8 <= b - a <= 120]


def _records(path: Path) -> Iterator[dict[str, str]]:
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def as_they_are(paths: Sequence[Path], *, chunks: int, chunk_chars: int = 300) -> Iterator[Article]:
    """The records of JSONL(.gz) files as articles, up to `chunks` passages; none at all where there are fewer."""
    found: list[Article] = []
    for path in paths:
        for number, record in enumerate(_records(path)):
            name = f"{path.name.partition('.')[0]}-{number}"
            article = Article(name, record.get("title") or "", record["text"], source=record.get("source"))
            found.append(article)
            chunks -= len(chunk_spans(article.text, size=chunk_chars, overlap=0))
            if chunks <= 0:
                yield from found
                return


def recombined(
    pool: list[str], *, chunks: int, chunk_chars: int = 300, per_article: int = 4, seed: int = 0
) -> Iterator[Article]:
    """Articles of `per_article` passages of about `chunk_chars` characters, `chunks` passages in all."""
    rng = random.Random(seed)
    order: list[str] = []
    for number in range(-(-chunks // per_article)):
        parts: list[str] = []
        length = 0
        while length < per_article * chunk_chars - 60:
            if not order:
                order = pool[:]
                rng.shuffle(order)
            parts.append(order.pop())
            length += len(parts[-1])
        yield Article(f"made-{number}", parts[0][:24], "".join(parts), source=f"source-{number % 20}")


def misspelt(questions: Sequence[str], every: int, seed: int = 3) -> list[str]:
    """`questions`, each `every`-th of which has one of its characters replaced by one of another question."""
    rng = random.Random(seed)
    out = list(questions)
    for i in range(0, len(out), every):
        at = rng.randrange(len(out[i]))
        out[i] = out[i][:at] + rng.choice(rng.choice(questions)) + out[i][at + 1 :]
    return out


def known_items(pool: list[str], count: int, seed: int = 1) -> list[str]:
    """Queries: 6 to 18 characters out of the middle of `count` real sentences."""
    rng = random.Random(seed)
    out = []
    for sentence in rng.sample(pool, count):
        length = rng.randint(6, 18)
        start = rng.randint(0, max(0, len(sentence) - length))
        out.append(sentence[start : start + length])
    return out
