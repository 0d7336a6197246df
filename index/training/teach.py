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
from index.encoders.taught import Taught
from index.training.distil import centred, counted, principal, taught_rows
from index.training.pairs import PairMaker
from index.training.teacher import lessons, long_texts, short_texts, word_rows

_MAX_QUESTION_TOKENS = 16  # of those by which the axes of what was learned are found
_WORD = 0.4  # length of a word's row before texts are looked at: what it comes to in texts of six words


@dataclass(frozen=True)
class Teaching:
    """How much a teacher reads, and what of it is taken.

    `kept`: the folder that keeps the teacher's vectors, so that another run reads only what is new; `short`, `long`:
    texts at most; `columns`, of a token's row, that are given to what is learned, and their `weight` (see
    `index.encoders.taught`); `flatten`: see `principal`, of the rows that lose them; `seen`: records whose questions
    and passages the axes of these are found by.
    """

    kept: Path
    short: int = 160_000
    long: int = 8_000
    columns: int = 48
    weight: float = Taught().weight
    flatten: float = 0.1
    seen: int = 12_000
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
    asked, found = (counted(*each, size, table.power) for each in both)
    columns = min(options.columns, rows.shape[1])
    own, left = table.alone(), table.tokens.shape[1] - columns
    if own.tokens.shape[1] != left:
        own = own._replace(tokens=principal(own.tokens, vstack([asked, found]).tocsr(), left, options.flatten))
    asked = asked[np.flatnonzero(np.diff(some.q_starts) <= _MAX_QUESTION_TOKENS)]
    part = principal(centred(rows, asked), asked, columns)
    # How long the part is tells nothing, but one scale a row serves both: they lose as little to rounding where their
    # values are as large.
    part *= np.float32(np.sqrt(np.square(own.tokens).mean() / max(float(np.square(part).mean()), 1e-12)))
    return own.beside(part, Taught(columns, options.weight))
