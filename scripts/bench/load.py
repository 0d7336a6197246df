#!/usr/bin/env python3
"""A server under load, on loopback: a crowd at once, questions beside writes, requests a second.

    python scripts/bench/load.py

Three things, each with servers of its own over an index of the sample articles:
- `crowd`: 50 clients at once on a server that has just started, each with four questions; its memory beside that of a
  server which one client asked as many, and the 99th percentile of their times beside the median.
- `beside_writes`: four clients for 60 seconds while articles are written and every commit is moved to; errors.
- `rates`: requests a second by one and by two processes, and the processor time of each, beside those of a bare
  FastAPI endpoint, by turns.
Memory is what all processes of a server hold (PSS). Beside other work times grow alike for all: compare ratios.
"""

import argparse
import asyncio
import itertools
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

from index.builder import build_index  # noqa: E402
from scripts.bench.server import Server, cpu_seconds  # noqa: E402
from search.service.keys import add_key  # noqa: E402

QUESTIONS = (
    "老房子装电梯要多少户同意", "馒头发不起来", "中暑怎么急救", "垃圾分类", "固态电池", "台风", "医保报销", "潮汐",
)  # fmt: skip
CROWD, EACH = 50, 4
PATIENCE = 300.0  # seconds for one answer


class Asker:
    """A connection that is kept, and as little of a client as will do, so that the servers are what is measured."""

    def __init__(self, url: str, key: str = "") -> None:
        """Connects when it first asks."""
        split = urlsplit(url)
        self._host, self._port = split.hostname, split.port
        self._head = f"Host: {split.netloc}\r\n" + (f"Authorization: Bearer {key}\r\n" if key else "")
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, question: str) -> tuple[int, float]:
        """Status and seconds of one question; OSError, EOFError where no whole answer came."""
        began = time.perf_counter()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(f"GET /search?q={quote(question)} HTTP/1.1\r\n{self._head}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        await reader.readexactly(int(head.partition("content-length:")[2].split("\r\n")[0]))
        return int(head.split()[1]), time.perf_counter() - began

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()


async def crowd(url: str, key: str, clients: int, each: int) -> list[float]:
    """Seconds of every answer to `clients` who begin at once; AssertionError where one was no answer."""

    async def one(number: int) -> list[float]:
        asker, took = Asker(url, key), []
        for n in range(each):
            status, seconds = await asyncio.wait_for(asker.ask(QUESTIONS[(number + n) % len(QUESTIONS)]), PATIENCE)
            assert status == 200, status
            took.append(seconds)
        asker.close()
        return took

    return list(itertools.chain(*await asyncio.gather(*(one(n) for n in range(clients)))))


async def until(url: str, key: str, clients: int, seconds: float) -> Counter[str]:
    """How many answers of which status `clients` get in so many seconds, one question after the other."""
    found: Counter[str] = Counter()
    end = time.perf_counter() + seconds

    async def one(number: int) -> None:
        asker = Asker(url, key)
        for n in itertools.count(number):
            if time.perf_counter() > end:
                break
            try:
                status, _ = await asyncio.wait_for(asker.ask(QUESTIONS[n % len(QUESTIONS)]), PATIENCE)
                found[str(status)] += 1
            except (OSError, EOFError) as error:
                found[type(error).__name__] += 1
                asker = Asker(url, key)
        asker.close()

    await asyncio.gather(*(one(n) for n in range(clients)))
    return found


@contextmanager
def serving(index: Path, *words: str) -> Iterator[Server]:
    """A server that has just started."""
    server = Server(index, *words)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def bare(workers: int) -> Iterator[tuple[str, int]]:
    """The address of a bare endpoint, and the id of its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["scripts.bench.bare:app", "--port", str(port), "--workers", str(workers), "--log-level", "error"]
    process = subprocess.Popen([sys.executable, "-m", "uvicorn", *words], cwd=ROOT)
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/", process.pid
    finally:
        process.terminate()
        process.wait()


def measure_crowd(index: Path, key: str) -> dict[str, float]:
    """Memory and times of a crowd on a fresh server."""
    with serving(index) as server:
        asyncio.run(crowd(server.url, key, 1, CROWD * EACH))
        alone = server.resident()
    with serving(index) as server:
        took = sorted(asyncio.run(crowd(server.url, key, CROWD, EACH)))
        together = server.resident()
    p50, p99 = statistics.median(took), took[int(0.99 * len(took))]
    return {
        "clients": CROWD, "questions": len(took), "p50_s": round(p50, 3), "p99_s": round(p99, 3),
        "p99_of_p50": round(p99 / p50, 2), "one_client_mb": round(alone / 1e6), "crowd_mb": round(together / 1e6),
        "memory_of_one": round(together / alone, 2),
    }  # fmt: skip


def measure_beside_writes(index: Path, key: str, seconds: float) -> dict[str, object]:
    """Answers to four clients while articles are written."""
    commits, stop = set(), threading.Event()

    def write(url: str) -> None:
        with httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=120
        ) as http:
            for n in itertools.count():
                if stop.is_set():
                    return
                texts = [
                    {"id": f"w{n % 7}-{i}", "text": f"海岛上的灯塔第{n}次亮起来，照见{i}条船。"} for i in range(10)
                ]
                done = http.post("articles", json=texts, params={"wait": True}).json()
                commits.add(done["result"]["commit"])

    with serving(index, "--workers", "2") as server:
        thread = threading.Thread(target=write, args=(server.url,))
        thread.start()
        found = asyncio.run(until(server.url, key, 4, seconds))
        stop.set()
        thread.join()
    good = found.pop("200", 0)
    return {"clients": 4, "seconds": seconds, "answers": good, "errors": dict(found), "commits": len(commits)}


def measure_rates(index: Path, key: str, seconds: float, rounds: int) -> dict[str, list[dict[str, float]]]:
    """Requests a second, and milliseconds of processor that each took the server, by turns."""
    found: dict[str, list[dict[str, float]]] = {}

    def measure(name: str, url: str, pid: int, key: str) -> None:
        asyncio.run(crowd(url, key, 8, 1))
        before = cpu_seconds(pid)
        count = asyncio.run(until(url, key, 8, seconds))["200"]
        used = cpu_seconds(pid) - before
        told = {"a_second": round(count / seconds, 1), "cpu_ms": round(1_000 * used / max(1, count), 2)}
        found.setdefault(name, []).append(told)

    for _ in range(rounds):
        for workers in (1, 2):
            with bare(workers) as (url, pid):
                measure(f"bare, {workers}", url, pid, "")
            with serving(index, "--workers", str(workers)) as server:
                measure(f"wensou, {workers}", server.url, server.process.pid, key)
    return found


def main() -> None:
    """Measure, print, store; exit code 1 where there were errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of questions beside writes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("crowd", "beside_writes", "rates"), help="measure this again, keep the rest")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/load.json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wensou-load-") as folder:
        index = Path(folder) / "index"
        build_index([ROOT / "scripts" / "samples"], index)
        _, key = add_key(index, "admin")
        measures: dict[str, Callable[[], object]] = {
            "crowd": lambda: measure_crowd(index, key),
            "beside_writes": lambda: measure_beside_writes(index, key, args.seconds),
            "rates": lambda: measure_rates(index, key, 5.0, args.rounds),
        }
        result = json.loads(args.out.read_text("utf-8")) if args.only else {}
        result |= {name: measure() for name, measure in measures.items() if args.only in (None, name)}
    print(json.dumps(result, indent=1))
    args.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    if result["beside_writes"]["errors"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
