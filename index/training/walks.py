"""Walks over the text without end, drawn ahead of training: a GPU learns faster than one processor draws."""

from collections import deque
from collections.abc import Iterator
from itertools import count
from multiprocessing import get_context
from multiprocessing.pool import AsyncResult, ThreadPool

import numpy as np
from numpy.typing import NDArray

from index.training.pairs import PairMaker, Pairs


def walks(maker: PairMaker, seed: int, parts: int, processes: int) -> Iterator[Pairs]:
    """Pairs of a `parts`-th of the records at a time; every record once before any comes again.

    They are the same however many `processes` draw them. A block is some 100 MB, and each has one ready or in work.
    """
    # One drawer is a thread: training leaves the interpreter alone most of the time. A process gets the text once, as
    # it is far larger than what is asked of it. Leaving ends them.
    pool = ThreadPool(1, _begin, (maker,)) if processes == 1 else get_context("spawn").Pool(processes, _begin, (maker,))
    with pool:
        coming: deque[AsyncResult[Pairs]] = deque()
        for block in _blocks(maker.records, seed, parts):
            coming.append(pool.apply_async(_draw, block))
            if len(coming) > processes:
                yield coming.popleft().get()


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
