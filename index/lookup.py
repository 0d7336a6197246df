"""A trie in numpy, walked from many places at once: what the two tokenizers of batches find their strings by."""

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
# How far a place is from an end of its run -> of strings found there, by length: their places, scores and numbers.
Edges = dict[int, list[tuple[int, Ids, NDArray[np.float64], Ids]]]

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
            slots = (keys.astype(np.uint64) * factor) >> shift
            held = np.full(1 << bits, -1, np.int64)
            held[slots] = keys << _VALUE_BITS | values
            self._levels.append((factor, shift, held))
            out = held[slots] >> _VALUE_BITS != keys
            keys, values = keys[out], values[out]

    def find(self, keys: Ids) -> Ids:
        """The value of each key, -1 where there is none."""
        factor, shift, held = self._levels[0]
        there = held[(keys.astype(np.uint64) * factor) >> shift]
        same = there >> _VALUE_BITS == keys
        found = np.where(same, there & _VALUE, -1)
        left = np.flatnonzero(~same & (there >= 0))
        for factor, shift, held in self._levels[1:]:
            some = keys[left]
            there = held[(some.astype(np.uint64) * factor) >> shift]
            same = there >> _VALUE_BITS == some
            found[left] = np.where(same, there & _VALUE, -1)
            left = left[~same & (there >= 0)]
        return found


class Trie:
    """Strings as ways from node to node; a character of a string is a number, and alone it is the node of this number.

    `number` (nodes,) is that of the string that ends at a node, -1 where none does; `goes_on` (nodes,), whether longer
    ones pass it.
    """

    def __init__(self, width: int, steps: Ids, number: Ids, goes_on: NDArray[np.bool_]) -> None:
        """`steps[i]` is node * `width` + character, of the way to node `width` + i; characters are below `width`."""
        self.number, self.goes_on = number, goes_on
        self._width, self._steps = width, Table(steps, np.arange(width, width + len(steps)))

    def longer(self, nodes: NDArray[np.int32], at: Ids) -> tuple[Ids, Ids, Ids]:
        """Strings of two characters and more that begin at the places `at` of `nodes`: places, lengths, last nodes."""
        at = at[self.goes_on[nodes[at]]]
        node = nodes[at].astype(np.int64)
        places, lengths, last = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        length = 1
        while len(at):
            node = self._steps.find(node * self._width + nodes[at + length])
            at, node = at[node >= 0], node[node >= 0]
            length += 1
            ends = self.number[node] >= 0
            places.append(at[ends])
            lengths.append(np.full(len(places[-1]), length))
            last.append(node[ends])
            on = self.goes_on[node]
            at, node = at[on], node[on]
        return np.concatenate(places), np.concatenate(lengths), np.concatenate(last)


def edges_of(far: Ids, lengths: Ids, places: Ids, scores: NDArray[np.float64], numbers: Ids) -> Edges:
    """String i, which stands at `places[i]`, under how far that is, shorter ones before longer."""
    span = int(lengths.max(initial=0)) + 1
    key = far * span + lengths
    # Of 16 bits they are sorted by counting.
    order = np.argsort(key.astype(np.uint16) if key.max(initial=0) < 1 << 16 else key, kind="stable")
    key, places, scores, numbers = key[order], places[order], scores[order], numbers[order]
    edges: Edges = {}
    groups = np.flatnonzero(np.diff(key, prepend=-1, append=-1)).tolist()
    for begin, end in zip(groups, groups[1:], strict=False):
        distance, length = divmod(int(key[begin]), span)
        edges.setdefault(distance, []).append((length, places[begin:end], scores[begin:end], numbers[begin:end]))
    return edges
