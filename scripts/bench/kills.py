#!/usr/bin/env python3
"""Kill processes of a server at random instants, again and again, and ask it for all that it ever acknowledged.

    python scripts/bench/kills.py --kills 100

A server of two answering processes is given articles (new ones, new texts for old ones, deletions), each acknowledged
with 202 or not at all. Within moments of an acknowledgement (an upsert), or of a commit that the answering processes
are just moving to (a swap), one of them, the writer, or the parent of all gets SIGKILL. Where the parent was killed the
server is started again, once the last of its processes has ended by itself. Then every acknowledged article must be
there with its last text, and none that was deleted. Prints and stores what was killed when.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402

from index.builder import build_index  # noqa: E402
from index.storage.layout import read_pointer  # noqa: E402
from scripts.bench.server import Server  # noqa: E402
from search.service.journal import Journal  # noqa: E402
from search.service.keys import add_key  # noqa: E402

VICTIMS, MOMENTS = ("worker", "writer", "parent"), ("upsert", "swap")
PATIENCE = 300.0  # seconds after which something that should have come has not
NAMES = 40  # articles that are written again and again


class Life:
    """A server, what it has acknowledged, and how it is killed."""

    def __init__(self, root: Path, rng: random.Random) -> None:
        """`root` is an index with a key that may write."""
        self._root, self._rng = root, rng
        self._key = add_key(root, "write")[1]
        self.acknowledged: dict[str, str | None] = {}
        self.unknown: dict[str, list[str | None]] = {}  # what was sent and not acknowledged: either may be there
        self.posts = self.lost = 0
        self._start()

    def _start(self) -> None:
        self.server = Server(self._root, "--workers", "2")
        headers = {"Authorization": f"Bearer {self._key}"}
        self._http = httpx.Client(base_url=self.server.url, headers=headers, trust_env=False, timeout=60)

    def post(self) -> None:
        """Write something."""
        name = f"a{self._rng.randrange(NAMES)}"
        text = None if self._rng.random() < 0.2 else f"海岛上的灯塔第{self.posts}次亮起来，守塔人记下了风向。"
        self.posts += 1
        try:
            if text is None:
                response = self._http.delete(f"articles/{name}")
            else:
                response = self._http.post("articles", json={"id": name, "text": text})
        except httpx.TransportError:  # its process was killed meanwhile
            self.unknown.setdefault(name, []).append(text)
            self.lost += 1
            return
        if response.status_code != 202:
            raise AssertionError(f"a write was answered by {response.status_code}: {response.text}")
        self.acknowledged[name] = text
        self.unknown.pop(name, None)

    def kill(self, victim: str, moment: str) -> None:
        """Write, and kill `victim` at about that `moment`."""
        if victim == "writer" and not self.server.writers():
            self.post()
            _wait(lambda: bool(self.server.writers()), "a writer")
        before = read_pointer(self._root)
        for _ in range(self._rng.randint(1, 6)):
            self.post()
        if moment == "swap":
            _wait(lambda: read_pointer(self._root) != before or not Journal(self._root).waiting(), "a commit")
        time.sleep(self._rng.uniform(0, 0.3))
        if victim == "parent":
            self._http.close()
            self.server.stop(signal.SIGKILL)  # and waits for its children
            self._start()
        else:
            pids = self.server.workers() if victim == "worker" else self.server.writers()
            for pid in pids[:1]:
                os.kill(pid, signal.SIGKILL)

    def check(self) -> None:
        """Every acknowledged article is there with its last text; AssertionError."""
        _wait(lambda: not Journal(self._root).waiting(), "the end of all that was asked for")
        _wait(lambda: len(self.server.workers()) == 2, "two workers")
        for name, text in self.acknowledged.items():
            may = [text, *self.unknown.get(name, ())]
            _wait(lambda name=name, may=may: self._text(name) in may, f"{name}: {may}")

    def _text(self, name: str) -> str | None:
        try:
            response = self._http.get(f"articles/{name}")
        except httpx.TransportError:  # a connection to a process that is gone
            return "no answer"
        return response.json()["text"] if response.status_code == 200 else None


def _wait(there: Callable[[], bool], what: str) -> None:
    """Until `there()`; AssertionError after PATIENCE."""
    until = time.monotonic() + PATIENCE
    while not there():
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def run(kills: int, seed: int, minutes: float) -> dict[str, object]:
    """Kill `kills` processes, or as many as `minutes` allow, and look each time for what was acknowledged."""
    rng, done = random.Random(seed), Counter[str]()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="wensou-kills-") as folder:
        root = Path(folder) / "index"
        build_index([ROOT / "scripts" / "samples"], root)
        life = Life(root, rng)
        try:
            for number in range(kills):
                if time.perf_counter() - began > 60 * minutes:
                    break
                victim, moment = VICTIMS[number % 3], MOMENTS[number // 3 % 2]
                life.kill(victim, moment)
                life.check()
                done[f"{victim} during {moment}"] += 1
                print(f"{number + 1}: {victim} during {moment}", file=sys.stderr, flush=True)
        finally:
            life.server.stop()
    return {
        "kills": done.total(),
        "seed": seed,
        "seconds": round(time.perf_counter() - began, 1),
        "killed": dict(done),
        "writes": life.posts,
        "acknowledged": life.posts - life.lost,
        "not_acknowledged": life.lost,
        "acknowledged_and_not_found": 0,
    }


def main() -> None:
    """Kill, look, count, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no kill after so many")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results/kills.json")
    args = parser.parse_args()
    result = run(args.kills, args.seed, args.minutes)
    print(json.dumps(result))
    args.out.parent.mkdir(exist_ok=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
