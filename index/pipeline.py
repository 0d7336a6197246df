"""Clean, chunk and tokenise articles in several processes, in order and with bounded memory.

Each process gets articles by the batch and keeps nothing between them, so the result is that of one process. No more
than a few batches are on their way at any time. Equal terms of a batch are one string, which makes a batch small to
send and a segment of terms a tenth of the memory.
"""

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import Any, NamedTuple, Protocol

from index.config import IndexConfig
from index.models import Article, Change
from index.segment import FieldTerms
from index.store import StoredArticle

BATCH = 32  # articles sent at a time
ALONE = 64  # fewer articles than this are not worth starting a process
_POOL = 1_000_000  # distinct terms remembered before starting anew

Prepared = tuple[StoredArticle, FieldTerms, tuple[Change, ...]]


class Task(NamedTuple):
    """An article to prepare, whether it takes another's place, and the lines its source prints on every page."""

    article: Article
    replaces: bool
    chrome: frozenset[str]


class Preparer(Protocol):
    """What does the work: `index.builder.ArticleBuilder`, which is made anew in each process."""

    config: IndexConfig

    def prepare(self, article: Article, chrome: frozenset[str] = ...) -> Prepared:
        """Clean, chunk and tokenise one article."""
        ...


class Pool:
    """Keeps one string of each term."""

    def __init__(self) -> None:
        """Empty."""
        self._known: dict[str, str] = {}

    def share(self, terms: FieldTerms) -> FieldTerms:
        """The same terms, equal ones being one object."""
        if len(self._known) > _POOL:
            self._known = {}
        keep = self._known.setdefault
        words, bigrams = (tuple([keep(t, t) for t in one] for one in f) for f in (terms.words, terms.bigrams))
        title, body, facets = ([keep(t, t) for t in one] for one in (terms.title, terms.body, terms.facets))
        return FieldTerms(words, bigrams, title, body, facets)


def prepare_all(builder: Preparer, tasks: Iterable[Task], workers: int) -> Iterator[tuple[Task, Prepared]]:
    """Every task with what became of its article, in order, by `workers` processes or, for few, in this one.

    Close the iterator to stop the processes; an error in one of them is raised here. With more than one worker the
    caller's main module is imported again by each, so a script needs its `if __name__ == "__main__":`.
    """
    waiting = iter(tasks)
    first = list(islice(waiting, ALONE)) if workers > 1 else []
    if len(first) == ALONE:
        yield from _in_processes(builder, chain(first, waiting), workers)
        return
    pool = Pool()
    for task in chain(first, waiting):
        yield task, _prepare(builder, task, pool)


def _in_processes(builder: Preparer, tasks: Iterator[Task], workers: int) -> Iterator[tuple[Task, Prepared]]:
    executor = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _start, (type(builder), builder.config)
    )
    sent: deque[tuple[list[Task], Future[list[Prepared]]]] = deque()
    try:
        while True:
            while len(sent) < 2 * workers and (batch := list(islice(tasks, BATCH))):
                sent.append((batch, executor.submit(_work, batch)))
            if not sent:
                return
            batch, future = sent.popleft()
            yield from zip(batch, future.result(), strict=True)
    finally:
        executor.shutdown(cancel_futures=True)


def _prepare(builder: Preparer, task: Task, pool: Pool) -> Prepared:
    stored, terms, changes = builder.prepare(task.article, task.chrome)
    return stored, pool.share(terms), changes


class _NoEncoder:
    """Vectors are made where the segment is written; a process that tokenises needs no model."""

    name = fingerprint = ""
    dim = 0


_builder: Preparer | None = None  # one a process


def _start(kind: Any, config: IndexConfig) -> None:
    global _builder
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which stops at a commit
    _builder = kind(config, _NoEncoder())


def _work(batch: Sequence[Task]) -> list[Prepared]:
    if _builder is None:
        raise RuntimeError("this process was not started by the pipeline")
    pool = Pool()
    return [_prepare(_builder, task, pool) for task in batch]
