"""Big corpora made of real sentences, for the speed benches: real words, lengths and frequencies, invented articles.

The sentences of a JSONL file (each record's `text`) are shuffled with a seed and packed into articles of a few
passages; when they run out they are shuffled again, so that any number of chunks can be made. Each article is
therefore a recombination: fit to measure speed and memory, worthless to measure relevance.
"""

import gzip
import json
import random
from collections.abc import Iterator
from pathlib import Path

from index.analysis.chunk import sentences
from index.models import Article


def read_sentences(path: Path, limit: int) -> list[str]:
    """Up to `limit` sentences of 8 to 120 characters from the `text` of each record of a JSONL(.gz) file."""
    opener = gzip.open if path.suffix == ".gz" else open
    found: list[str] = []
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            text = json.loads(line)["text"]
            found += [text[a:b].strip() for a, b in sentences(text) if 8 <= b - a <= 120]
            if len(found) >= limit:
                return found[:limit]
    return found


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


def known_items(pool: list[str], count: int, seed: int = 1) -> list[str]:
    """Queries: 6 to 18 characters out of the middle of `count` real sentences."""
    rng = random.Random(seed)
    out = []
    for sentence in rng.sample(pool, count):
        length = rng.randint(6, 18)
        start = rng.randint(0, max(0, len(sentence) - length))
        out.append(sentence[start : start + length])
    return out
