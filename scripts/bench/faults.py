#!/usr/bin/env python3
"""Kill a writer at random instants, again and again, and see what it leaves behind.

    python scripts/bench/faults.py --kills 200

A child process changes an index by the ordinary write path (build, update, merge, compaction, rebuild aside) and
says when each change is committed; the parent kills it (SIGKILL) at a random instant. Then the index must open with
every checksum right and answer either as before or as after the change that was under way, to 1e-6 of what a fresh
build of those articles answers; no change that was said to be committed may be lost; and the next writer, which is
the next child, must go on from there. Every 25 kills it starts again from an empty folder. Prints and stores the
counts. What SIGKILL cannot show, a lost disk cache, the tests show by stopping at each fsync.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # a forked process has none of its parent's threads
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import faiss  # noqa: E402
import numpy as np  # noqa: E402

from index import batches, builder  # noqa: E402
from index.analysis import tokenizer  # noqa: E402
from index.backend import Backend  # noqa: E402
from index.config import IndexConfig  # noqa: E402
from index.connect import open_backend, open_handle  # noqa: E402
from index.errors import IndexMissing, NotFound  # noqa: E402
from index.models import (  # noqa: E402
    Article,
    Filters,
    LexicalQuery,
    Vectors,
)

PIECES = ("海岛上的灯塔亮了。", "电梯补贴到年底截止。", "馒头要用酵母。", "守塔人坐电梯上山。", "酵母放久了会失效。")
QUESTIONS = ("海岛灯塔", "电梯补贴", "馒头酵母")
CONFIG = IndexConfig(chunk_chars=40, overlap_chars=12, clean=False)
NAMES = [f"a{number:02}" for number in range(24)]
OPS_A_LIFE = 8  # changes a child is given; it is killed somewhere among them
KILLS_A_FOLDER = 25
State = dict[str, str]


class CrcEncoder:
    """A random direction for each character, summed: a deterministic encoder without a model."""

    name = "crc"
    dim = 16
    fingerprint = "crc-16"

    def _vector(self, text: str) -> Vectors:
        rows = [np.random.default_rng(zlib.crc32(char.encode())).standard_normal(self.dim) for char in set(text)]
        total = np.sum(rows, axis=0) if rows else np.ones(self.dim)
        return np.asarray(total / np.linalg.norm(total), np.float32)

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, (n, dim)."""
        return np.array([self._vector(text) for text in texts], np.float32).reshape(-1, self.dim)

    def passages(self, texts: Sequence[str]) -> Vectors:
        """As `queries`."""
        return self.queries(texts)


@dataclass(frozen=True)
class Op:
    """One change: articles put and taken away, then perhaps a compaction; or all that there is, built anew."""

    kind: str
    put: Mapping[str, str]
    delete: tuple[str, ...] = ()

    def after(self, state: State) -> State:
        """What an index that held `state` holds after it."""
        if self.kind == "rebuild":
            return dict(self.put)
        return {name: text for name, text in {**state, **self.put}.items() if name not in self.delete}

    def apply(self, root: Path) -> None:
        """Make the change by the ordinary write path. A rebuild is written in several segments."""
        batches.SEGMENT_CHUNKS = 6 if self.kind == "rebuild" else 50_000
        builder.update_index(
            [Article(name, f"题目{name}", text) for name, text in self.put.items()],
            root,
            CONFIG,
            delete=self.delete,
            compact=self.kind == "compact",
            rebuild=self.kind == "rebuild",
            encoder=CrcEncoder(),
        )


def plan(state: State, rng: random.Random) -> list[Op]:
    """Changes for one life of a writer, from `state` on."""
    ops = []
    for _ in range(OPS_A_LIFE):
        kind = "build" if not state else rng.choices(["update", "compact", "rebuild"], [8, 1, 2])[0]
        count = 12 if kind == "build" else len(NAMES) if kind == "rebuild" else rng.randint(1, 4)
        names = rng.sample(NAMES, count)
        put = {
            name: "".join(rng.choices(PIECES, k=rng.randint(1, 6))) + f"第{rng.randint(0, 999)}版。" for name in names
        }
        others = sorted(set(state) - set(put))
        gone = tuple(rng.sample(others, min(len(others), rng.randint(0, 2)))) if kind in ("update", "compact") else ()
        ops.append(Op(kind, put, gone))
        state = ops[-1].after(state)
    return ops


def answers(index: Backend) -> list[tuple[str, float]]:
    """Names and scores of both legs for a few questions."""
    found: list[tuple[str, float]] = []
    for question in QUESTIONS:
        words = LexicalQuery({question[:2]: 1.0, question[2:]: 1.0}, {question[1:3]: 1.0})
        found += index.lexical(words, k=99, filters=Filters())
        found += index.dense(CrcEncoder().queries([question])[0], k=99, filters=Filters())
    return found


def same(ours: list[tuple[str, float]], want: list[tuple[str, float]]) -> bool:
    """Equal names in equal order, scores to 1e-6."""
    return [name for name, _ in ours] == [name for name, _ in want] and bool(
        np.allclose([score for _, score in ours], [score for _, score in want], atol=1e-6)
    )


def holds(root: Path, state: State) -> bool:
    """Whether the index holds exactly `state` and answers as a fresh build of it."""
    try:
        index = open_backend(root)
        if {name: index.article(name).article.text for name in state} != state:
            return False
    except IndexMissing:
        return not state
    except NotFound:
        return False
    if index.stats().articles != len(state) or open_handle(root).damaged():
        return False
    with tempfile.TemporaryDirectory(prefix="wensou-faults-") as folder:
        Op("build", dict(sorted(state.items()))).apply(Path(folder) / "fresh")
        return same(answers(index), answers(open_backend(Path(folder) / "fresh")))


def live(root: Path, ops: Sequence[Op], said: int) -> NoReturn:
    """The child: make the changes one by one and say so of each."""
    try:
        for op in ops:
            os.write(said, b"s")
            op.apply(root)
            os.write(said, b"c")
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def one_life(root: Path, state: State, rng: random.Random, life: float) -> tuple[State, str]:
    """Let a writer live for a random time; returns what the index holds then and what the writer was doing.

    Raises AssertionError where the index is not as it should be.
    """
    ops = plan(state, rng)
    states = [state]
    for op in ops:
        states.append(op.after(states[-1]))
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        live(root, ops, said)
    os.close(said)
    time.sleep(rng.uniform(0.0, life))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(heard, "rb") as pipe:
        words = pipe.read()
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL), "the writer failed by itself"
    begun, done = words.count(b"s"), words.count(b"c")
    doing = ops[done].kind if begun > done else "between"
    for at in range(min(done + 1, len(ops)), done - 1, -1):
        if holds(root, states[at]):
            return states[at], doing
    raise AssertionError(f"killed in a {doing} after {done} changes: the index is neither as before nor as after it")


def run(kills: int, seed: int, life: float) -> dict[str, object]:
    """Kill `kills` writers, each within `life` seconds of its birth, and count what they were doing."""
    faiss.omp_set_num_threads(1)
    tokenizer._segmenter = cache(tokenizer._segmenter)  # the dictionary is loaded here, once, not in each child
    tokenizer.Tokenizer().terms("灯塔")
    rng = random.Random(seed)
    killed: Counter[str] = Counter()
    moved = 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="wensou-faults-") as folder:
        state: State = {}
        for number in range(kills):
            root = Path(folder) / str(number // KILLS_A_FOLDER)
            before = {} if number % KILLS_A_FOLDER == 0 else state
            state, doing = one_life(root, before, rng, life)
            killed[doing] += 1
            moved += state != before
    seconds = round(time.perf_counter() - began, 1)
    return {"kills": kills, "seed": seed, "seconds": seconds, "while": dict(killed), "lives_that_committed": moved}


def main() -> None:
    """Kill, check, count, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--life", type=float, default=0.8, help="seconds within which a writer is killed")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    result = run(args.kills, args.seed, args.life)
    print(json.dumps(result))
    out = args.out or Path(__file__).parent / "results/faults.json"
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
