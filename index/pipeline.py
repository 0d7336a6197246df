"""Clean, chunk, tokenise and encode articles in several processes, in order and with bounded memory.

Each process gets articles by the batch and keeps nothing between them, so the result is that of one process. What is
on its way is bounded by its characters, and is enough to keep the processes at work while a segment is written.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.terms import FieldTerms, PackedTerms
from index.config import IndexConfig
from index.encoders.static import StaticEncoder
from index.models import Article, Change, StoredArticle
from index.prepare import ArticlePreparer, Prepared
from index.storage.system import interrupts_held

# Articles sent at a time, and the most that share a vocabulary: of four times as many it has twice the terms.
BATCH = 128
ALONE = 110  # fewer articles than this are not worth starting a process
_MAX_BATCH_CHARS = 400_000  # characters that end a batch early
_ON_THEIR_WAY = 3_000_000  # characters sent and not taken yet; at about 20 bytes a character when they come back
_WORTH_IT = 8_000_000  # bytes of text from which starting processes pays
_MAX_WORKERS = 8  # processes; the one that reads and writes has no work for more

Encoded = tuple[StoredArticle, FieldTerms, tuple[Change, ...], NDArray[np.float16] | None]
_Sent = tuple[list[tuple[StoredArticle, tuple[Change, ...]]], PackedTerms, NDArray[np.float16] | None]


class Task(NamedTuple):
    """An article to prepare, whether it takes another's place, the lines its source prints on every page, and the hash
    it is kept by where it comes from an index (see ArticlePreparer.prepare).
    """

    article: Article
    replaces: bool
    boilerplate: frozenset[str]
    kept_hash: str = ""


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def automatic_workers(size: int | None, *, packed: bool = False) -> int:
    """How many processes suit a build that reads `size` bytes, None where nobody knows: 1 for a small one.

    `packed`: the bytes are compressed ones. A process takes two seconds to start, in which one that runs already
    cleans and encodes a megabyte.
    """
    small = size is None or size < _WORTH_IT // (3 if packed else 1)
    return 1 if small else max(1, min(cores(), _MAX_WORKERS))


def prepare_articles(
    builder: ArticlePreparer, tasks: Iterable[Task], workers: int
) -> Generator[tuple[Task, Encoded], None, None]:
    """Every task with what became of its article, in order, by `workers` processes or, for few, in this one.

    The processes encode too where they can have the encoder for themselves, as the bundled one; elsewhere the vectors
    are None. Close the iterator to stop the processes; an error in one of them is raised here. With more than one
    worker the caller's main module is imported again by each, so a script needs its `if __name__ == "__main__":`.
    """
    waiting = iter(tasks)
    first = list(islice(waiting, ALONE)) if workers > 1 else []
    everything = chain(first, waiting)
    if len(first) == ALONE:
        yield from _in_processes(builder, everything, workers)
        return
    while batch := _batch(everything):
        made = _prepared(builder, batch)
        yield from zip(batch, ((*one, None) for one in made), strict=True)


def _batch(tasks: Iterator[Task]) -> list[Task]:
    batch: list[Task] = []
    long = 0
    while len(batch) < BATCH and long < _MAX_BATCH_CHARS and (task := next(tasks, None)):
        batch.append(task)
        long += len(task.article.text or "")
    return batch


def _prepared(builder: ArticlePreparer, batch: Sequence[Task]) -> list[Prepared]:
    return builder.prepare_all([(task.article, task.boilerplate, task.kept_hash) for task in batch])


def _prepare(builder: ArticlePreparer, batch: Sequence[Task], encode: bool) -> _Sent:
    made = _prepared(builder, batch)
    articles = [(stored, changes) for stored, _, changes in made]
    terms = PackedTerms.of([found for _, found, _ in made])
    if not encode:
        return articles, terms, None
    passages = [text for stored, _ in articles for text in builder.passages(stored)]
    return articles, terms, builder.encoder.passages(passages).astype(np.float16)  # as a segment keeps them


def _unpacked(sent: _Sent) -> Iterator[Encoded]:
    articles, packed, vectors = sent
    end = 0
    for (stored, changes), terms in zip(articles, packed.unpacked(), strict=True):
        begin, end = end, end + len(stored.spans)
        yield stored, terms, changes, None if vectors is None else vectors[begin:end]


def _in_processes(builder: ArticlePreparer, tasks: Iterator[Task], workers: int) -> Iterator[tuple[Task, Encoded]]:
    encode = isinstance(builder.encoder, StaticEncoder)
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(workers, context, _start, (builder.config, encode))
    sent: deque[tuple[list[Task], Future[_Sent]]] = deque()
    pending = 0
    try:
        while True:
            while pending < _ON_THEIR_WAY and (batch := _batch(tasks)):
                with interrupts_held():  # starts the processes
                    sent.append((batch, executor.submit(_work, batch)))
                pending += _characters(batch)
            if not sent:
                return
            batch, future = sent.popleft()
            yield from zip(batch, _unpacked(future.result()), strict=True)
            pending -= _characters(batch)
    finally:
        executor.shutdown(cancel_futures=True)


def _characters(batch: Sequence[Task]) -> int:
    return sum(len(task.article.text or "") for task in batch)


class _NoEncoder:
    """Vectors are made where the segment is written; a process that tokenises needs no model."""

    name = fingerprint = ""
    dim = 0


_builder: ArticlePreparer | None = None  # one a process
_encode = False


def _end_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended; it has nobody to work for.

    The parent's sentinel is a pipe that nobody else holds open, so this needs no signal and works on every system.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    connection.wait([parent.sentinel])
    os._exit(1)


def _start(config: IndexConfig, encode: bool) -> None:
    global _builder, _encode
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which stops at a commit
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # there is a process a core already
    encoder: Any = None if encode else _NoEncoder()
    _builder, _encode = ArticlePreparer(config, encoder), encode
    if isinstance(_builder.encoder, StaticEncoder):
        _builder.encoder.prepare_for_many()


def _work(batch: Sequence[Task]) -> _Sent:
    if _builder is None:
        raise RuntimeError("this process was not started by the pipeline")
    return _prepare(_builder, batch, _encode)
