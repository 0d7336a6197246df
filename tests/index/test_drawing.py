"""A draw is worked out of a name alone, the same for one and for many, and spreads evenly."""

import numpy as np

from index import drawing
from index.drawing import DRAWS, draws_of, draws_of_chunks, lowest
from index.storage.string_table import StringTable

NAMES = ["", "a", "b", "ab", "ba", "渡口:1", "渡口", "\ud800", "a\0", *(f"made-{n}" for n in range(5_000))]


def test_a_name_has_one_draw_however_many_are_drawn(monkeypatch):
    together = draws_of(NAMES)
    assert together.tolist() == [int(draws_of([name])[0]) for name in NAMES]
    monkeypatch.setattr(drawing, "_BYTES_AT_ONCE", 7)
    assert np.array_equal(draws_of(NAMES), together)
    assert len(draws_of([])) == 0


def test_a_table_of_names_draws_the_same():
    table = StringTable.build(NAMES)
    assert dict(zip(table, table.draws().tolist(), strict=True)) == dict(
        zip(NAMES, draws_of(NAMES).tolist(), strict=True)
    )


def test_draws_are_distinct_and_even():
    articles = draws_of(NAMES)
    chunks = draws_of_chunks(np.repeat(articles, 4), np.tile(np.arange(4), len(NAMES)))
    for draws in (articles, chunks):
        assert len(np.unique(draws)) == len(draws)
        counts = np.histogram(draws.astype(float) / DRAWS, bins=10, range=(0, 1))[0]
        assert abs(counts - len(draws) / 10).max() < 5 * np.sqrt(len(draws) / 10)


def test_the_lowest_come_in_order():
    draws = draws_of(NAMES)
    assert draws[lowest(draws, 100)].tolist() == sorted(draws.tolist())[:100]
    assert draws[lowest(draws, 10_000)].tolist() == sorted(draws.tolist())
