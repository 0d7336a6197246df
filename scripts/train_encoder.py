"""Train the bundled encoder from plain articles: `python scripts/train_encoder.py --data DIR --out DIR`.

    shards -> drop what is evaluated on -> words -> tokens -> (short text, passage) pairs -> contrastive table
    -> beside it columns that learned from a teacher (`--teacher`), in a row as long as it was
    -> int8 rows, one scale each -> a folder that both `index.encoders.static` and sentence-transformers read

DIR holds `<source>.jsonl.gz` shards, a record per line: {"source", "title", "heading", "text"}.
Equal arguments and seed give equal files on one processor; a GPU was not asked to give them twice.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from index.encoders.load import load_encoder
from index.encoders.static import StaticEncoder
from index.encoders.static_table import Table, quantise, save
from index.encoders.token_pairs import Reach, length_norms
from index.training.corpus import Tokenised
from index.training.device import DeviceModel
from index.training.held_out import HeldOut, gains, hold_out
from index.training.likeness import Alike
from index.training.model import Options, StaticModel, composition, shares_of, train
from index.training.pairs import KIND_WEIGHTS, Batch, PairMaker, alike_by_words, batches
from index.training.prepare import SHARES, prepare
from index.training.teach import Teaching, taught
from index.training.walks import walks


def _arguments() -> argparse.Namespace:
    """The command line's; one that cannot be met ends the script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of .jsonl.gz shards")
    parser.add_argument("--out", type=Path, required=True, help="folder to write the model to")
    parser.add_argument("--exclude", type=Path, nargs="*", default=[], help="BEIR folders never to train on")
    parser.add_argument("--shards", nargs="*", default=sorted(SHARES), help="shards to use")
    parser.add_argument("--cache", type=Path, help="folder that keeps the tokenised text between runs")
    parser.add_argument("--vocabulary", type=at_least(100), default=48000, help="tokens")
    parser.add_argument("--dim", type=at_least(1), default=384, help="columns of a token's row")
    parser.add_argument("--pairs", type=at_least(1), default=16384, help="rows that pairs of neighbouring tokens share")
    parser.add_argument("--pair-dim", type=at_least(1), default=128, help="columns of such a row, beside the token's")
    parser.add_argument("--prefixes", type=int, nargs="*", default=[128, 256, 384], help="prefixes that must work too")
    parser.add_argument("--batch", type=at_least(2), default=2048, help="pairs a step")
    parser.add_argument("--steps", type=at_least(0), default=3000)
    parser.add_argument("--again", type=at_least(0), default=500, help="steps of a second part; 0: none")
    parser.add_argument("--again-rate", type=float, default=0.015)
    parser.add_argument("--rate", type=float, default=0.03, help="Adam's, falling linearly to zero")
    parser.add_argument("--beta2", type=float, default=0.999)
    parser.add_argument("--scale", type=float, default=30.0, help="factor on cosines before the softmax")
    parser.add_argument("--parts", type=float, default=0.5, help="share of a word's characters in its row")
    parser.add_argument("--sif", type=float, default=1e-3, help="a of a / (a + p): starting length of rows")
    parser.add_argument("--power", type=float, default=0.5, help="a token that stands n times counts n ** power")
    parser.add_argument(
        "--length-exponent", type=float, default=0.08, help="exponent by which short passages count less"
    )
    parser.add_argument("--reach", type=float, nargs=3, default=Options.reach, help="far, octaves, fall of Reach")
    parser.add_argument("--mine", choices=["model", "words", "none"], default="model", help="what finds like passages")
    parser.add_argument("--run", type=at_least(2), default=32, help="like passages side by side in a batch")
    parser.add_argument("--lots", type=at_least(1), default=5, help="parts of the text, each drawn and likened at once")
    parser.add_argument("--kinds", type=json.loads, default=KIND_WEIGHTS, help="JSON: kind of pair -> weight")
    parser.add_argument("--start", type=Path, help="folder of a model of the same shape to go on from")
    parser.add_argument(
        "--more-parts", type=float, default=0.1, help="share of inner words' rows added before the second part"
    )
    parser.add_argument("--emphasis", type=float, default=1.3, help="factor on the rows of pairs, once trained")
    parser.add_argument("--teacher", help="a model that short texts are read by, such as e5-small, to learn from it")
    parser.add_argument("--read", type=Path, help="folder that keeps the teacher's vectors between runs")
    parser.add_argument("--short", type=at_least(1), default=Teaching.short, help="short texts that it reads")
    parser.add_argument("--long", type=at_least(1), default=Teaching.long, help="longer pieces of text that it reads")
    parser.add_argument(
        "--taught", type=float, default=Teaching.weight, help="share of a question that is the teacher's"
    )
    parser.add_argument("--taught-columns", type=at_least(1), default=Teaching.columns, help="columns that are")
    parser.add_argument("--flatten", type=float, default=Teaching.flatten, help="by which wide axes count less")
    parser.add_argument("--held-out", type=at_least(1), default=6000, help="articles kept out of training, to judge by")
    parser.add_argument("--judge", type=at_least(1), default=250, help="steps between judgements by what is kept out")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=at_least(1), default=2)
    parser.add_argument("--device", default="cpu", help="what trains: cpu, or torch's name of a GPU, such as cuda")
    parser.add_argument("--processes", type=at_least(1), default=1, help="that draw pairs; a GPU keeps eight busy")
    arguments = parser.parse_args()
    needed = [arguments.data / f"{shard}.jsonl.gz" for shard in arguments.shards] + arguments.exclude
    for path in (path for path in needed if not path.exists()):
        parser.error(f"{path}: no such file or folder; see --data, --shards and --exclude")
    if arguments.teacher and not arguments.read:
        parser.error("--read: got none beside --teacher; name a folder to keep what the teacher makes of the texts")
    if arguments.device != "cpu" and not torch.cuda.is_available():
        parser.error(f"--device: got {arguments.device}, but torch finds no GPU; without it the CPU trains, in hours")
    return arguments


def main() -> None:
    """Read the command line and train."""
    arguments = _arguments()
    warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
    torch.set_num_threads(arguments.threads)
    torch.set_float32_matmul_precision("medium")  # bfloat16 products: the softmax is no finer
    torch.manual_seed(arguments.seed)
    start, vocabulary = started(arguments.start) if arguments.start else (None, arguments.vocabulary)
    tokenizer, text, said = prepare(
        arguments.data, arguments.shards, arguments.exclude, vocabulary, arguments.cache, say
    )
    learned = Learned(text, said, tokenizer, *hold_out(text, arguments.held_out, 0))  # the same ones for every seed
    table = start
    if arguments.steps or not table:
        table = learned.table(arguments, arguments.steps, arguments.rate, arguments.seed, start)
    if arguments.again:
        # Rounded as in a file, so that a first part that was kept can be gone on from with the same result.
        table = stored(table)
        inner = composition(tokenizer.get_vocab(), arguments.more_parts)
        inner.setdiag(0.0)
        tokens = table.tokens + inner @ table.tokens
        start = stored(table._replace(tokens=tokens, shares=shares_of(tokens)))
        table = learned.table(arguments, arguments.again, arguments.again_rate, arguments.seed + 3, start)
    table = table._replace(pairs=table.pairs * np.float32(arguments.emphasis))
    if arguments.teacher:
        table = learned.taught(arguments, table)
    save(arguments.out, tokenizer, table)
    say(f"written to {arguments.out}")


class Learned(NamedTuple):
    """What is trained on, and what is held out of it: a mask of records, and questions made of them."""

    text: Tokenised
    said: Alike
    tokenizer: Tokenizer
    mask: NDArray[np.bool_]
    held_out: HeldOut

    def table(self, arguments: argparse.Namespace, steps: int, rate: float, seed: int, start: Table | None) -> Table:
        """The rows after `steps`, from random ones or from `start`."""
        dim = start.tokens.shape[1] if start else arguments.dim
        options = Options(
            dim=dim,
            pairs=arguments.pairs,
            pair_dim=arguments.pair_dim,
            prefixes=tuple(sorted({min(dim, prefix) for prefix in arguments.prefixes})),
            rate=rate,
            betas=(0.9, arguments.beta2),
            scale=arguments.scale,
            parts=arguments.parts,
            sif=arguments.sif,
            power=arguments.power,
            length_exponent=arguments.length_exponent,
            reach=Reach(*arguments.reach),
            seed=seed,
        )
        words = self.tokenizer.get_vocab()
        given = words, np.bincount(self.text.ids, minlength=len(words)), options, start
        model = StaticModel(*given) if arguments.device == "cpu" else DeviceModel(*given, arguments.device)
        train(
            model,
            self.batches(arguments, seed, model),
            steps,
            say,
            lambda: judged(model, self.held_out),
            arguments.judge,
        )
        return model.table()

    def taught(self, arguments: argparse.Namespace, table: Table) -> Table:
        """`table` after a teacher: its rows and those that learned from the teacher, in as many columns."""
        sizes = arguments.short, arguments.long, arguments.taught_columns, arguments.taught, arguments.flatten
        options = Teaching(arguments.read, *sizes, seed=arguments.seed)
        return taught(table, load_encoder(arguments.teacher), self.maker(arguments), self.tokenizer, options, say)

    def maker(self, arguments: argparse.Namespace) -> PairMaker:
        """What draws pairs of the records that are not held out."""
        per_record = np.array([SHARES[shard] for shard in arguments.shards])[self.text.source] * ~self.mask
        return PairMaker(self.text, self.tokenizer, arguments.kinds, self.said, per_record)

    def batches(self, arguments: argparse.Namespace, seed: int, model: StaticModel) -> Iterator[Batch]:
        """Batches without end, pairs drawn anew for every walk over the text, like passages side by side.

        They are found by the model so far, but not in the first part of the text, or by BM25.
        """
        for number, pairs in enumerate(walks(self.maker(arguments), seed, arguments.lots, arguments.processes)):
            like, clock = None, time.monotonic()
            if arguments.mine == "words":
                like = alike_by_words(pairs, self.tokenizer.get_vocab_size(), arguments.run, number)
            elif arguments.mine == "model" and number:
                like = model.likest(pairs, arguments.run, number)
            say(f"{len(pairs)} pairs, likened in {time.monotonic() - clock:.0f}s")
            yield from batches(pairs, arguments.batch, number, like, arguments.run)


def started(folder: Path) -> tuple[Table, Tokenizer]:
    """The table of the model in `folder`, without what it learned from a teacher, and its tokenizer."""
    encoder = StaticEncoder(folder, "start")
    whole = Table(*encoder.tables(), encoder.power, encoder.length_exponent, encoder.reach, encoder.taught)
    return whole.alone(), encoder.tokenizer


def at_least(least: int) -> Callable[[str], int]:
    """A whole number that is no smaller, for argparse."""

    def number(given: str) -> int:
        if not given.lstrip("-").isdecimal() or int(given) < least:
            raise argparse.ArgumentTypeError(f"got {given}, want a whole number, {least} or more")
        return int(given)

    return number


def say(line: str) -> None:
    """Tell how far it is."""
    print(line, flush=True)


def judged(model: StaticModel, held_out: HeldOut) -> str:
    """nDCG@10 of the questions kept out of training, in words; short passages count less, as in use."""
    passages = model.encode(held_out.p_ids, held_out.p_ends)
    passages *= length_norms(held_out.p_ends, model.options.length_exponent)[:, None]
    found = gains(passages, model.encode(held_out.q_ids, held_out.q_ends), held_out.owner, held_out.right)
    titles, sentences = found[held_out.titled].mean(), found[~held_out.titled].mean()
    return f"held out: titles {titles:.4f}, sentences {sentences:.4f}, {len(found)} questions, {len(passages)} passages"


def stored(table: Table) -> Table:
    """`table` as its file gives it back."""
    tokens, pairs = (
        whole.astype(np.float32) * scales[:, None] for whole, scales in map(quantise, (table.tokens, table.pairs))
    )
    return table._replace(tokens=tokens, pairs=pairs)


if __name__ == "__main__":
    main()
