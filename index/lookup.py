"""Looking up many numbers at once: what the tries of the two tokenizers of batches are made of."""

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

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
