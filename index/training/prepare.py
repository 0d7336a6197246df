"""Shards of articles -> a tokenizer and every sentence as token ids, kept in a folder between runs."""

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from index.training.corpus import Record, Tokenised, exclude_evaluated, read_shard, tokenise
from index.training.likeness import Alike, alike
from index.training.vocabulary import build_tokenizer, choose_words, count_words

# Shard -> pairs for each of its passages: how much of it goes in. News and technology carry the subject matter
# of articles at large; laws and manuals repeat themselves.
SHARES = {
    **{"crud_news": 2.0, "xwlb": 2.0, "lctt": 2.0, "zhwiki_sample": 2.0, "howtocook": 2.0, "d2l_zh": 2.0},
    **{"gov_policy": 1.5, "gov_reports": 1.5, "oi_wiki": 1.5, "react_docs": 1.0, "pingcap_docs": 1.0},
    **{"ms_d365": 0.7, "ms_teams": 0.7, "laws_cn": 1.0, "laws_tw": 0.3, "histories_modern": 1.0},
}


def prepare(
    data: Path,
    shards: Sequence[str],
    exclude: Sequence[Path],
    vocabulary: int | Tokenizer,
    cache: Path | None = None,
    say: Callable[[str], None] = print,
) -> tuple[Tokenizer, Tokenised, Alike]:
    """The tokenizer of `vocabulary` tokens, the tokenised `<shard>.jsonl.gz` of `data`, and which tokens are alike.

    A tokenizer given as `vocabulary` is used as it is: rows to go on from are of its tokens. Records that hold text of
    the BEIR folders `exclude` are left out. `cache` keeps the result, under the request.
    """
    given = vocabulary if isinstance(vocabulary, int) else vocabulary.to_str()
    request = repr((list(shards), sorted(map(str, exclude)), given))
    cached = cache / hashlib.sha256(request.encode()).hexdigest()[:16] if cache else None
    if cached and (cached / "alike.npz").exists():
        with np.load(cached / "text.npz") as arrays, np.load(cached / "alike.npz") as likeness:
            return Tokenizer.from_file(str(cached / "tokenizer.json")), Tokenised(**arrays), Alike(**likeness)
    clock = time.monotonic()

    def log(line: str) -> None:
        say(f"{line} ({time.monotonic() - clock:.0f}s)")

    records: list[Record] = []
    for shard in shards:
        records += read_shard(data / f"{shard}.jsonl.gz")
    log(f"{len(records)} records")
    records, dropped = exclude_evaluated(records, exclude)
    log(f"{len(records)} left; dropped, as they hold evaluated text: {dropped}")
    if isinstance(vocabulary, int):
        words, chars = count_words(f"{record.title}\n{record.text}" for record in records)
        tokenizer = build_tokenizer(choose_words(words, chars, vocabulary))
        log(f"{tokenizer.get_vocab_size()} tokens of {len(words)} words")
    else:
        tokenizer = vocabulary
    text = tokenise(records, tokenizer)
    log(f"{len(text.ids)} tokens of text")
    said = alike(text.ids, tokenizer.get_vocab_size())
    log(f"{int(said.cosines.any(axis=1).sum())} tokens with others like them")
    if cached:
        cached.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(cached / "tokenizer.json"))
        np.savez(cached / "text.npz", **vars(text))
        np.savez(cached / "alike.npz", **said._asdict())
    return tokenizer, text, said
