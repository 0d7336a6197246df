"""Train the bundled encoder from plain articles: `python scripts/train_encoder.py --data DIR --out DIR`.

    shards -> drop what is evaluated on -> words -> tokens -> (short text, passage) pairs -> contrastive table
    -> int8 rows, one scale each -> a folder that both `index.encode` and sentence-transformers read

DIR holds `<source>.jsonl.gz` shards, a record per line: {"source", "title", "heading", "text"}.
Equal arguments and seed give equal files on one machine.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from index.encode import StaticEncoder
from index.pairing import Reach
from index.training.corpus import Record, Tokenised, exclude_evaluated, read_shard, tokenise
from index.training.likeness import alike
from index.training.model import Options, StaticModel, Table, composition, train
from index.training.pairs import KIND_WEIGHTS, Batch, PairMaker, ahead, batches
from index.training.save import save
from index.training.vocabulary import build_tokenizer, choose_words, count_words

# Shard -> pairs for each of its passages: how much of it goes in. News and technology carry the subject matter
# of articles at large; laws and manuals repeat themselves.
SHARES = {
    **{"crud_news": 2.0, "xwlb": 2.0, "lctt": 2.0, "zhwiki_sample": 2.0, "howtocook": 2.0, "d2l_zh": 2.0},
    **{"gov_policy": 1.5, "gov_reports": 1.5, "oi_wiki": 1.5, "react_docs": 1.0, "pingcap_docs": 1.0},
    **{"ms_d365": 0.7, "ms_teams": 0.7, "laws_cn": 1.0, "laws_tw": 0.3, "histories_modern": 1.0},
}


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of .jsonl.gz shards")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--exclude", type=Path, nargs="*", default=[], help="BEIR folders never to train on")
    parser.add_argument("--shards", nargs="*", default=sorted(SHARES), help="shards to use")
    parser.add_argument("--cache", type=Path, help="folder that keeps the tokenised text between runs")
    parser.add_argument("--vocabulary", type=int, default=48000, help="tokens")
    parser.add_argument("--dim", type=int, default=384, help="columns of a token's row")
    parser.add_argument("--pairs", type=int, default=16384, help="rows that pairs of neighbouring tokens share")
    parser.add_argument("--pair-dim", type=int, default=128, help="columns of such a row, beside the token's")
    parser.add_argument("--prefixes", type=int, nargs="*", default=[128, 256, 384], help="prefixes that must work too")
    parser.add_argument("--batch", type=int, default=2048, help="pairs a step")
    parser.add_argument("--steps", type=int, default=900)
    parser.add_argument("--rate", type=float, default=0.03, help="Adam's, falling linearly to zero")
    parser.add_argument("--beta2", type=float, default=0.999)
    parser.add_argument("--scale", type=float, default=30.0, help="factor on cosines before the softmax")
    parser.add_argument("--parts", type=float, default=0.5, help="share of a word's characters in its row")
    parser.add_argument("--sif", type=float, default=1e-3, help="a of a / (a + p): starting length of rows")
    parser.add_argument("--power", type=float, default=0.5, help="a token standing n times counts n ** power")
    parser.add_argument("--brevity", type=float, default=0.08, help="exponent by which short passages count less")
    parser.add_argument("--reach", type=float, nargs=3, default=Options.reach, help="far, octaves, fall of Reach")
    parser.add_argument("--run", type=int, default=32, help="like passages side by side in a batch; 1: none")
    parser.add_argument("--block", type=int, default=250_000, help="pairs drawn, and likened, at a time")
    parser.add_argument("--kinds", type=json.loads, default=KIND_WEIGHTS, help="JSON: kind of pair -> weight")
    parser.add_argument("--start", type=Path, help="folder of a model of the same shape to go on from")
    parser.add_argument("--more-parts", type=float, default=0.0, help="share of characters' rows added to its words'")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_float32_matmul_precision("medium")  # bfloat16 products: the softmax is no finer
    torch.manual_seed(arguments.seed)
    tokenizer, text = prepare(arguments)
    options = Options(
        dim=arguments.dim,
        pairs=arguments.pairs,
        pair_dim=arguments.pair_dim,
        prefixes=tuple(arguments.prefixes),
        rate=arguments.rate,
        betas=(0.9, arguments.beta2),
        scale=arguments.scale,
        parts=arguments.parts,
        sif=arguments.sif,
        power=arguments.power,
        brevity=arguments.brevity,
        reach=Reach(*arguments.reach),
        seed=arguments.seed,
    )
    counts = np.bincount(text.ids, minlength=tokenizer.get_vocab_size())
    start = None
    if arguments.start:
        tokens, pairs, shares = StaticEncoder(arguments.start, "start").tables()
        inner = composition(tokenizer.get_vocab(), arguments.more_parts)
        inner.setdiag(0.0)
        start = Table(tokens + inner @ tokens, pairs, shares)
    model = StaticModel(tokenizer.get_vocab(), counts, options, start)
    stream = pair_batches(text, tokenizer, arguments, model)
    train(model, stream, arguments.steps, log=lambda line: print(line, flush=True))
    save(arguments.out, tokenizer, model.table())
    print(f"written to {arguments.out}", flush=True)


def prepare(arguments: argparse.Namespace) -> tuple[Tokenizer, Tokenised]:
    """The tokenizer and the tokenised training text, from the cache where it holds the same request."""
    request = repr((arguments.shards, sorted(map(str, arguments.exclude)), arguments.vocabulary))
    cached = None
    if arguments.cache:
        cached = arguments.cache / hashlib.sha256(request.encode()).hexdigest()[:16]
        if (cached / "text.npz").exists():
            with np.load(cached / "text.npz") as arrays:
                return Tokenizer.from_file(str(cached / "tokenizer.json")), Tokenised(**arrays)
    clock = time.monotonic()

    def say(line: str) -> None:
        print(f"{line} ({time.monotonic() - clock:.0f}s)", flush=True)

    records: list[Record] = []
    for shard in arguments.shards:
        records += read_shard(arguments.data / f"{shard}.jsonl.gz")
    say(f"{len(records)} records")
    records, dropped = exclude_evaluated(records, arguments.exclude)
    say(f"{len(records)} left; dropped, as they hold evaluated text: {dropped}")
    words, chars = count_words(f"{record.title}\n{record.text}" for record in records)
    tokenizer = build_tokenizer(choose_words(words, chars, arguments.vocabulary))
    say(f"{tokenizer.get_vocab_size()} tokens of {len(words)} words")
    text = tokenise(records, tokenizer)
    say(f"{len(text.ids)} tokens of text")
    if cached:
        cached.mkdir(parents=True, exist_ok=True)
        tokenizer.save(str(cached / "tokenizer.json"))
        np.savez(cached / "text.npz", **vars(text))
    return tokenizer, text


def pair_batches(
    text: Tokenised, tokenizer: Tokenizer, arguments: argparse.Namespace, model: StaticModel
) -> Iterator[Batch]:
    """Batches without end, pairs drawn anew for every walk over the text; after the first block, like with like."""
    per_record = np.array([SHARES[shard] for shard in arguments.shards])[text.source]
    said = alike(text.ids, tokenizer.get_vocab_size())
    walk, table = 0, None
    while True:
        maker = PairMaker(text, tokenizer, arguments.kinds, said, arguments.seed * 1000 + walk)
        clock = time.monotonic()
        for pairs in ahead(maker.draw(per_record, arguments.block)):
            print(f"walk {walk}: {len(pairs)} pairs ({time.monotonic() - clock:.0f}s)", flush=True)
            yield from batches(pairs, arguments.batch, arguments.seed * 1000 + walk, table, arguments.run)
            if arguments.run > 1:
                table = model.tokens()
            clock = time.monotonic()
        walk += 1


if __name__ == "__main__":
    main()
