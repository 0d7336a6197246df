"""An encoder's rows after a teacher: what it reads of a text, what is learned of that, and both in one vector."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import vstack
from tokenizers import Tokenizer

from index.encoders.base import Encoder
from index.encoders.static_table import Table
from index.training.distil import counted, side_by_side, taught_rows
from index.training.pairs import PairMaker
from index.training.teacher import lessons, long_texts, short_texts, word_rows

_WORD = 0.4  # length of a word's row before texts are looked at: what it comes to in texts of six words


@dataclass(frozen=True)
class Teaching:
    """How much a teacher reads, and what of it is taken.

    `kept`: the folder that keeps the teacher's vectors, so that another run reads only what is new; `short`, `long`:
    texts at most; `weight`: the share of a usual text's squared length that is the teacher's; `flatten`: see
    `side_by_side`; `seen`: records whose questions and passages the axes of a vector are found by.
    """

    kept: Path
    short: int = 160_000
    long: int = 8_000
    weight: float = 0.25
    flatten: float = 0.15
    seen: int = 6_000
    seed: int = 1


def taught(
    table: Table,
    teacher: Encoder,
    maker: PairMaker,
    tokenizer: Tokenizer,
    options: Teaching,
    say: Callable[[str], None] = print,
) -> Table:
    """`table` with what `teacher` makes of words, short texts and passages that `maker` draws, in as many columns."""
    size = len(table.tokens)
    stand = np.bincount(maker.text.ids, minlength=size)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    words = [word for word, row in vocabulary if row and stand[row]]
    short = short_texts(maker, tokenizer, options.short, options.seed)
    long = long_texts(maker, tokenizer, options.long, options.seed)
    learned = lessons(teacher, (words, short, long), tokenizer, options.kept, say)
    read = counted(learned.ids, learned.ends, size, table.power)
    clock = time.monotonic()
    rows = taught_rows(read, learned.vectors, learned.weights, word_rows(learned, size, _WORD))
    say(f"rows learned from {len(learned.vectors)} texts in {time.monotonic() - clock:.0f}s")
    some = maker.draw(np.random.default_rng(options.seed).permutation(maker.records)[: options.seen], options.seed)
    both = (some.query, some.q_starts), (some.passage, some.p_starts)
    seen = [counted(*each, size, table.power) for each in both]
    seen.append(read[len(words) : len(words) + min(len(some), len(short))])
    columns = table.tokens.shape[1]
    tokens = side_by_side(table.tokens, rows, vstack(seen).tocsr(), options.weight, columns, options.flatten)
    return table._replace(tokens=tokens)
