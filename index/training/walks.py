"""Walks over the text without end, drawn ahead of training: a GPU learns faster than one processor draws."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import count
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from index.training.pairs import PairMaker, Pairs


def walks(maker: PairMaker, seed: int, parts: int, processes: int) -> Iterator[Pairs]:
    """Pairs of a `parts`-th of the records at a time; every record once before any comes again.

    They are the same however many `processes` draw them. A block is some 100 MB, and each has one ready or in work.
    """
    # One drawer is a thread: training leaves the interpreter alone most of the time. A process gets the text once, as
    # it is far larger than what is asked of it. Leaving waits for what is being drawn: a process that is ended while it
    # hands a block over may leave the lock of the pipe taken, and whoever waits for that waits for ever.
    pool: Executor
    if processes == 1:
        pool = ThreadPoolExecutor(1, initializer=_begin, initargs=(maker,))
    else:
        pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(maker,))
    try:
        coming: deque[Future[Pairs]] = deque()
        for block in _blocks(maker.records, seed, parts):
            coming.append(pool.submit(_draw, *block))
            if len(coming) > processes:
                yield coming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _blocks(records: int, seed: int, parts: int) -> Iterator[tuple[NDArray[np.int64], list[int]]]:
    """Numbers of records, and a seed for each lot of them."""
    for walk in count():
        order = np.random.default_rng([seed, walk]).permutation(records)
        for part, some in enumerate(np.array_split(order, min(parts, records))):
            yield some, [seed, walk, part]


_maker: list[PairMaker] = []


def _begin(maker: PairMaker) -> None:
    _maker[:] = [maker]


def _draw(records: NDArray[np.int64], seed: list[int]) -> Pairs:
    return _maker[0].draw(records, seed)
