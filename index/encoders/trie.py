"""A trie in numpy, walked from many places at once: what a tokenizer of batches finds its tokens by."""

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Scores = NDArray[np.float64]

_VALUE_BITS = 20
_VALUE = (1 << _VALUE_BITS) - 1


class Table:
    """A dictionary of numbers to look up many at once: whatever finds its place taken is in the next.

    Keys are below 2 ** 43 and values below 2 ** 20, so that both lie side by side in one number.
    """

    def __init__(self, keys: Ids, values: Ids) -> None:
        """`values[i]` is that of `keys[i]`; keys are distinct."""
        self._levels: list[tuple[np.uint64, np.uint64, Ids]] = []
        while len(keys) or not self._levels:
            bits = max(4, len(keys).bit_length() + 1)
            # Odd, one a level: Fibonacci hashing.
            factor, shift = np.uint64(0x9E3779B97F4A7C15 + 2 * len(self._levels)), np.uint64(64 - bits)
            slots = _slots(keys, factor, shift)
            stored = np.full(1 << bits, -1, np.int64)
            stored[slots] = keys << _VALUE_BITS | values
            self._levels.append((factor, shift, stored))
            out = stored[slots] >> _VALUE_BITS != keys
            keys, values = keys[out], values[out]

    def find(self, keys: Ids) -> Ids:
        """The value of each key, -1 where there is none."""
        factor, shift, stored = self._levels[0]
        there = stored.take(_slots(keys, factor, shift))
        found = there & _VALUE
        other = np.flatnonzero(there >> _VALUE_BITS != keys)
        found[other] = -1
        left = other.compress(there.take(other) >= 0)
        for factor, shift, stored in self._levels[1:]:
            if not len(left):
                break
            some = keys.take(left)
            there = stored.take(_slots(some, factor, shift))
            same = there >> _VALUE_BITS == some
            found[left.compress(same)] = there.compress(same) & _VALUE
            left = left.compress(~same & (there >= 0))
        return found


def _slots(keys: Ids, factor: np.uint64, shift: np.uint64) -> Ids:
    slots: Ids = ((keys.view(np.uint64) * factor) >> shift).view(np.int64)  # an index of 64 bits unsigned is slow
    return slots


class Trie:
    """Strings as ways from node to node; a character of a string is a number, and alone it is the node of this number.

    `number` (nodes,) is that of the string that ends at a node, -1 where none does; `goes_on` (nodes,), whether longer
    ones pass it.
    """

    def __init__(self, width: int, steps: Ids, number: Ids, goes_on: NDArray[np.bool_]) -> None:
        """`steps[i]` is node * `width` + character, of the way to node `width` + i; characters are below `width`."""
        self.number, self.goes_on = number, goes_on
        self._width, self._steps = width, Table(steps, np.arange(width, width + len(steps)))

    def longer(self, nodes: NDArray[np.int32]) -> tuple[Ids, Ids, Ids]:
        """Strings of two characters and more in a text of `nodes`: where each begins, its length, its last node."""
        at = np.arange(len(nodes))
        node = nodes.astype(np.int64)
        places, lengths, last = [at[:0]], [at[:0]], [at[:0]]
        length = 1
        while len(at):
            on = np.flatnonzero(self.goes_on.take(node))
            at, node = at.take(on), node.take(on)
            node = self._steps.find(node * self._width + nodes.take(at + length))
            there = np.flatnonzero(node >= 0)
            at, node = at.take(there), node.take(there)
            length += 1
            ends = np.flatnonzero(self.number.take(node) >= 0)
            places.append(at.take(ends))
            lengths.append(np.full(len(ends), length))
            last.append(node.take(ends))
        return np.concatenate(places), np.concatenate(lengths), np.concatenate(last)


def best_strings(begins: Ids, ends: Ids, alone: Scores, starts: Ids, lengths: Ids, scores: Scores) -> Ids:
    """Of strings found, those that are the last of a best way from its run's beginning to their end: Viterbi.

    Runs of characters, `[begins[i], ends[i])`, are walked side by side. A character scores what it does `alone`
    (places,), string i, which is `[starts[i], starts[i] + lengths[i])`, `scores[i]`; of equal ways that with the longer
    last string is best. Strings of fewer characters stand before others.
    """
    sizes = ends - begins
    nth = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.repeat(begins, sizes) + nth
    long = nth + 1  # how many characters a way has up to a place
    # In `best` lie side by side the ways that are equally long, those in longer runs first.
    alive = np.cumsum(np.bincount(sizes)[::-1])[::-1]
    first = np.append(0, np.cumsum(alive))
    rank = np.empty(len(sizes), np.int64)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    cell = first.take(long) + np.repeat(rank, sizes)
    best = np.zeros(int(first[-1]))
    best[cell] = alone.take(places)
    steps, cells = np.zeros(len(alone), np.int64), np.zeros(len(alone), np.int64)
    steps[places], cells[places] = long, cell
    at = starts + lengths - 1
    step = steps.take(at)
    # Of 16 bits they are sorted by counting.
    order = np.argsort(step.astype(np.uint16) if len(alive) <= 1 << 16 else step, kind="stable")
    to, step, scores = cells.take(at.take(order)), step.take(order), scores.take(order)
    come = to - first.take(step) + first.take(step - lengths.take(order))
    groups = np.searchsorted(step, np.arange(len(alive) + 1)).tolist()
    edges = first.tolist()
    for n in range(1, len(alive)):
        here = best[edges[n] : edges[n + 1]]
        here += best[edges[n - 1] : edges[n - 1] + len(here)]
        some = slice(groups[n], groups[n + 1])
        np.maximum.at(best, to[some], scores[some] + best.take(come[some]))
    return order.compress(scores + best.take(come) == best.take(to))
