"""Strings found side by side in whole batches are those that each text has alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from index.encoders.trie import Table, best_strings


@given(st.dictionaries(st.integers(0, 2**43 - 1), st.integers(0, 2**20 - 1)), st.lists(st.integers(0, 2**43 - 1)))
def test_a_table_finds_what_is_in_it(entries, others):
    table = Table(np.array([*entries], np.int64), np.array([*entries.values()], np.int64))
    asked = [*entries, *others]
    assert table.find(np.array(asked, np.int64)).tolist() == [entries.get(key, -1) for key in asked]


@given(
    st.lists(st.integers(1, 9), max_size=5),
    st.sets(st.tuples(st.integers(0, 60), st.integers(2, 5))),
    st.randoms(use_true_random=False),
)
def test_runs_walked_side_by_side_have_the_best_ways_that_each_has_alone(sizes, found, rng):
    ends = np.cumsum([size + 1 for size in sizes], dtype=np.int64)
    begins = ends - np.array(sizes, np.int64)
    places = 1 + int(ends.max(initial=0))
    inside = {(b, n) for b, n in found if any(x <= b and b + n <= y for x, y in zip(begins, ends, strict=True))}
    strings = sorted(inside, key=lambda string: string[1])
    alone = np.array([rng.choice((-3.0, -1.0, -np.inf)) for _ in range(places)])
    scores = {string: rng.choice((-2.0, -3.0, -4.0)) for string in strings}
    columns = (np.array([string[n] for string in strings], np.int64) for n in (0, 1))
    best = best_strings(begins, ends, alone, *columns, np.array([*scores.values()]))
    chosen = {}
    for begin, length in (strings[n] for n in best):
        chosen[begin + length] = length
    want = {}
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        ways = {begin: 0.0}
        for at in range(begin + 1, end + 1):
            ways[at] = alone[at - 1] + ways[at - 1]
            for length in range(2, 6):
                one = (at - length, length)
                if one in scores and scores[one] + ways[at - length] >= ways[at]:
                    ways[at] = scores[one] + ways[at - length]
                    want[at] = length
    assert chosen == want
