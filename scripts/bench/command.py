"""The `wensou` command in a new process, as whoever has installed it runs it: with its modules compiled."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def wensou_command(*arguments: str) -> None:
    """Run it. Raises CalledProcessError where it fails."""
    command = [sys.executable, "-c", "from search.cli import main; main()", *arguments]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": path}, cwd=ROOT)


def compile_modules() -> None:
    """Compile the project's modules where that was not done, also where Python is told to write no bytecode."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", "index", "search"], check=True, cwd=ROOT)


def cold_seconds(index: Path, queries: Sequence[str]) -> dict[str, float]:
    """Wall seconds of `wensou query` in a new process for each of `queries`: the first, and the median of the others.

    The first also reads the index from the disk where it does not stand in the system's cache.
    """
    compile_modules()
    times = []
    for query in queries:
        began = time.perf_counter()
        wensou_command("query", query, "--index", str(index), "--json")
        times.append(time.perf_counter() - began)
    return {"first_s": round(times[0], 3), "median_s": round(statistics.median(times[1:]), 3)}
