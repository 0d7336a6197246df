#!/usr/bin/env python3
"""A real Milvus server beside the folder: build, bytes, dense recall and latency, and kills in the middle of writes.

    pip install 'wensou[milvus]' milvus==2.3.5
    python scripts/bench/milvus_server.py --sentences ../shared/data/train/crud_news.jsonl.gz --chunks 100000 --work W

The server is started on a free port of the loopback, in a folder of W, and ended by its process id. That of pip is
old: it has no sparse vectors, so passages are found by meaning alone. Articles are recombined from real sentences, as
in speed.py. Recall is of the ten nearest passages, against all of them worked out exactly; questions are asked of both
engines in turn, so that their times are of the same minutes; once as rows lie after writing, and once when the server
has put them on disk and made its indexes, with more and fewer neighbours in view (`ef`). Then articles are written, the
server is killed (SIGKILL) once some rows are there, and started again: readers must see the last commit whole, and the
next writer go on. What is done is kept in W: the same command goes on where it was stopped.
"""

import argparse
import json
import random
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "scripts" / "bench"))

import numpy as np  # noqa: E402
from corpus import known_items, read_sentences, recombined  # noqa: E402
from own_milvus import Server  # noqa: E402

from index.analysis.chunk import chunk_spans  # noqa: E402
from index.backend import Backend  # noqa: E402
from index.builder import update_index  # noqa: E402
from index.config import IndexConfig  # noqa: E402
from index.connect import open_backend, open_handle  # noqa: E402
from index.encoders.load import load_encoder  # noqa: E402
from index.errors import EngineUnavailable, WensouError, WriterBusy  # noqa: E402
from index.milvus import reader  # noqa: E402
from index.milvus.client import Client  # noqa: E402
from index.models import Article, Filters  # noqa: E402

K = 10
R = TypeVar("R")


def own_cpu() -> float:
    """Seconds of processor time of this process and its children."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def of_passages(pool: list[str], count: int) -> Iterator[Article]:
    """Articles of `count` passages in all, or a few more, as the default options cut them."""
    config = IndexConfig()
    for article in recombined(pool, chunks=count):
        yield article
        count -= len(chunk_spans(article.text, size=config.chunk_chars, overlap=config.overlap_chars))
        if count <= 0:
            return


def built(uri: str, articles: list[Article], server: Server | None = None) -> dict[str, float]:
    """Build an index; seconds by the clock and of processors, per 1,000 passages."""
    began, cpu, theirs = time.perf_counter(), own_cpu(), server.cpu() if server else 0.0
    report = update_index(articles, uri, IndexConfig())
    per = 1_000 / max(1, report.chunks)
    out = {
        "chunks": report.chunks,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds_per_1000": round((own_cpu() - cpu) * per, 3),
    }
    if server:
        out["server_cpu_seconds_per_1000"] = round((server.cpu() - theirs) * per, 3)
    return out


def every_vector(backend: Backend) -> tuple[list[str], np.ndarray]:
    """Names and vectors of all passages."""
    names: list[str] = []
    rows = []
    for article_id in backend.article_ids():
        vectors = backend.chunk_vectors(article_id)
        names += [f"{article_id}:{n}" for n in range(len(vectors))]
        rows.append(vectors)
    return names, np.concatenate(rows).astype(np.float32)


def asked(folder: str, uri: str, questions: list[str], ef: int = reader._EF) -> dict[str, object]:
    """Recall and times of the dense leg on both engines, and how far a score is off at most."""
    reader._EF = ef
    with closing(open_backend(folder)) as here, closing(open_backend(uri)) as there:
        vectors = load_encoder(here.config.model).queries(questions)
        names, matrix = every_vector(here)
        at = {name: row for row, name in enumerate(names)}
        recall: dict[str, list[float]] = {"folder": [], "milvus": []}
        times: dict[str, list[float]] = {"folder": [], "milvus": []}
        off = 0.0
        there.dense(vectors[0], k=K, filters=Filters())
        time.sleep(12)  # the first seconds after a commit are asked at consistency Strong
        for vector in vectors:
            exact = matrix @ vector
            least = float(np.partition(exact, -K)[-K])
            for engine, backend in (("folder", here), ("milvus", there)):
                began = time.perf_counter()
                hits = backend.dense(vector, k=K, filters=Filters())
                times[engine].append(1000 * (time.perf_counter() - began))
                recall[engine].append(sum(exact[at[hit.chunk_id]] >= least - 1e-6 for hit in hits) / K)
                off = max([off, *(abs(hit.score - float(exact[at[hit.chunk_id]])) for hit in hits)])
    out: dict[str, object] = {"questions": len(questions), "greatest_error_of_a_score": off}
    for engine, some in times.items():
        p50, p99 = np.percentile(some, (50, 99))
        mean = float(np.mean(recall[engine]))
        out[engine] = {"recall@10": round(mean, 4), "p50_ms": round(float(p50), 2), "p99_ms": round(float(p99), 2)}
    return out


class Trap:
    """Kills the server while call number `at` to write rows is on its way."""

    def __init__(self, server: Server, at: int) -> None:
        """Set it."""
        self.server, self.at, self.calls, self.sprung = server, at, 0, False
        self._write = Client.write

    def __enter__(self) -> "Trap":
        """Every write goes through it."""

        def write(client: Client, name: str, rows: Sequence[dict[str, Any]]) -> None:
            self.calls += 1
            if self.calls == self.at and not self.sprung:
                self.sprung = True
                self.killer = threading.Thread(target=self._kill)
                self.killer.start()
            self._write(client, name, rows)

        Client.write = write  # type: ignore[method-assign]
        return self

    def _kill(self) -> None:
        time.sleep(random.Random(self.at).uniform(0, 0.1))
        self.server.kill()

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        Client.write = self._write  # type: ignore[method-assign]
        if self.sprung:
            self.killer.join()


def killed(server: Server, uri: str, articles: list[Article], kills: int) -> dict[str, object]:
    """Kill the server in the middle of writes; what readers and the next writer find. Raises where anything is lost.

    The same articles under other ids are written once undisturbed, which tells how many calls there are, and then once
    for each kill, which are spread over those calls from the first rows to the commit itself.
    """
    run = open_handle(uri).describe().commit  # in ids, for one that was stopped has left some
    with Trap(server, 0) as counting:
        update_index([replace(one, article_id=f"undisturbed-{run}-{i}") for i, one in enumerate(articles)], uri, None)
    each: list[dict[str, object]] = []
    for number, at in enumerate(np.linspace(2, counting.calls, kills).astype(int).tolist()):
        with closing(open_handle(uri).reader()) as old:
            before = set(old.article_ids())
            new = [replace(one, article_id=f"late-{run}-{number}-{i}") for i, one in enumerate(articles)]
            with Trap(server, at) as trap:
                try:
                    update_index(new, uri, None)
                    said = "committed"
                except WensouError as error:
                    said = type(error).__name__
            if trap.sprung:
                server.start()
            seen = patiently(server, lambda: ids_of(uri))
            after = before | {one.article_id for one in new}
            if seen not in ((after,) if said == "committed" else (before, after)):
                raise SystemExit(f"kill {number}: {len(seen)} articles are seen, {len(before)} were; {said}")
            if patiently(server, lambda old=old: set(old.article_ids())) != before:  # type: ignore[misc]
                raise SystemExit(f"kill {number}: a reader has left its commit")
        began = time.perf_counter()
        gone = [one.article_id for one in new[50:]]
        patiently(server, lambda kept=new[:50], gone=gone: update_index(kept, uri, None, delete=gone))  # type: ignore[misc]
        if ids_of(uri) != before | {one.article_id for one in new[:50]}:
            raise SystemExit(f"kill {number}: the next writer has lost or kept what it should not")
        each.append(
            {
                "killed_in_write": at if trap.sprung else None,
                "writer_said": said,
                "more_restarts": server.restarts,
                "seen": "after" if seen == after else "before",
                "next_writer_seconds": round(time.perf_counter() - began, 1),
            }
        )
        print(each[-1], flush=True)
    return {"articles_a_write": len(articles), "calls_a_write": counting.calls, "each": each}


def ids_of(uri: str) -> set[str]:
    """All articles that a new reader sees."""
    with closing(open_handle(uri).reader()) as backend:
        return set(backend.article_ids())


def patiently(server: Server, call: Callable[[], R]) -> R:
    """The result of a call, once the server is up and a lock that nobody holds is forgotten.

    Where the server does not come to itself for minutes, which happened on a busy machine, it is started once more.
    """
    for attempt in range(1, 90):
        try:
            return call()
        except (EngineUnavailable, WriterBusy) as error:
            print(f"attempt {attempt}: {error}"[:200], flush=True)
            server.revive(hangs=attempt % 30 == 0 and isinstance(error, EngineUnavailable))
            time.sleep(5)
    return call()


def rewritten(uri: str, server: Server) -> dict[str, object]:
    """Write all rows anew, as a commit does once texts have grown by a quarter; seconds and processor time."""
    began, cpu, theirs, held = time.perf_counter(), own_cpu(), server.cpu(), server.bytes()
    chunks = open_handle(uri).describe().chunks
    update_index([], uri, None, compact=True)
    per = 1_000 / max(1, chunks)
    return {
        "chunks": chunks,
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds_per_1000": round((own_cpu() - cpu) * per, 3),
        "server_cpu_seconds_per_1000": round((server.cpu() - theirs) * per, 3),
        "server_bytes_written_per_chunk": round((server.bytes() - held) / max(1, chunks)),
    }


def sizes(server: Server, folder: Path, uri: str, empty: int) -> dict[str, object]:
    """Rows, and bytes a passage of both, once the server has put all on disk and made its indexes."""
    handle = open_handle(uri)
    chunks = handle.describe().chunks
    client = handle._client  # type: ignore[attr-defined]
    names = [name for name in client.collections() if name.startswith("bench__")]
    rows = {name: client.count(name, "") for name in names if "control" not in name}
    grown = server.bytes() - empty
    client.flush(names)
    for name in names:
        while int(client._client.describe_index(name, "vector")["pending_index_rows"]):
            time.sleep(5)
    time.sleep(60)  # in which queries turn to what was made
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return {
        "folder_bytes_per_chunk": round(size / chunks),
        "rows": rows,
        "server_bytes_per_chunk_before_flush": round(grown / chunks),
        "server_bytes_per_chunk": round((server.bytes() - empty) / chunks),
        "server_memory_per_chunk": round(server.memory() / chunks),
    }


class Stages:
    """Figures as they come, kept in a file, so that none is made twice."""

    def __init__(self, file: Path) -> None:
        """Read what is there."""
        self._file = file
        self.done: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}

    def of(self, name: str, make: Callable[[], object]) -> Any:
        """The figures of a stage; made where they are not there."""
        if name not in self.done:
            self.done[name] = make()
            self._file.write_text(json.dumps(self.done, ensure_ascii=False), "utf-8")
            print(name, json.dumps(self.done[name], ensure_ascii=False), flush=True)
        return self.done[name]


def measure(asked_for: argparse.Namespace, root: Path, server: Server, stages: Stages) -> None:
    """All figures."""
    pool = read_sentences(asked_for.sentences, 200_000)
    articles = list(of_passages(pool, asked_for.chunks))
    questions = known_items(pool, asked_for.questions)
    folder, uri = str(root / "folder"), f"milvus://127.0.0.1:{server.port}/bench?legs=dense"
    empty = stages.of("server_bytes_empty", server.bytes)
    stages.of("articles", lambda: len(articles))
    stages.of("folder", lambda: built(folder, articles))
    stages.of("milvus", lambda: built(uri, articles, server))
    stages.of("dense_as_written", lambda: asked(folder, uri, questions))
    stages.of("sizes", lambda: sizes(server, Path(folder), uri, empty))
    for ef in (64, 256, 512, 1024):
        stages.of(f"dense_ef_{ef}", lambda ef=ef: asked(folder, uri, questions, ef))  # type: ignore[misc]
    stages.of("kills", lambda: killed(server, uri, articles[:250], asked_for.kills))
    stages.of("damaged_after_the_kills", lambda: open_handle(uri).damaged())
    stages.of("written_anew", lambda: rewritten(uri, server))


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=Path, required=True)
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what is done")
    parser.add_argument("--out", type=Path, default=ROOT / "scripts/bench/results/milvus_server.json")
    asked_for = parser.parse_args()
    asked_for.work.mkdir(parents=True, exist_ok=True)
    server = Server(asked_for.work / "server")
    stages = Stages(asked_for.work / "stages.json")
    try:
        measure(asked_for, asked_for.work, server, stages)
    finally:
        server.kill()
        asked_for.out.write_text(json.dumps(stages.done, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
