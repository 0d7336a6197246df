"""The string table finds what it holds and nothing else, whatever the strings are."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.storage import string_table
from index.storage.string_table import StringTable, encoded

WORDS = st.lists(st.text(max_size=6), max_size=30)


@given(WORDS, st.text(max_size=6))
def test_find_and_read_agree_with_a_sorted_list(words, other):
    table = StringTable.build(words)
    want = sorted(set(words), key=lambda word: word.encode("utf-8", "surrogatepass"))
    assert list(table) == want
    assert [table[i] for i in range(len(table))] == want
    assert [table.find(word) for word in want] == list(range(len(want)))
    assert table.find(other) == (want.index(other) if other in want else -1)


@given(WORDS, st.text(max_size=3))
def test_prefix_lists_exactly_the_strings_that_begin_so(words, start):
    table = StringTable.build(words)
    assert [table[i] for i in table.prefix(start)] == [word for word in table if word.startswith(start)]


@settings(max_examples=20)
@given(words=WORDS)
def test_what_is_saved_is_what_is_loaded(tmp_path_factory, words):
    folder = tmp_path_factory.mktemp("strings")
    table = StringTable.build(words)
    table.save(folder, "words")
    loaded = StringTable.load(folder, "words")
    assert list(loaded) == list(table)
    assert [loaded.find(word) for word in words] == [table.find(word) for word in words]
    assert sorted(path.name for path in folder.iterdir()) == ["words.ends.npy", "words.keys.npy", "words.utf8"]


SHORT = st.lists(st.text("天地ab\0", max_size=2), max_size=12)  # those of up to eight bytes go another way


@given(st.lists(st.one_of(WORDS, SHORT), min_size=1, max_size=4))
def test_merged_tables_are_a_table_of_all_strings_and_know_where_each_went(every):
    tables = [StringTable.build(words) for words in every]
    merged, numbers = StringTable.merge(tables)
    assert list(merged) == list(StringTable.build(word for words in every for word in words))
    for table, into in zip(tables, numbers, strict=True):
        assert [merged[at] for at in into.tolist()] == list(table)
        assert [merged.find(word) for word in table] == into.tolist()


@given(WORDS, st.data())
def test_a_part_of_a_table_is_a_table(words, data):
    table = StringTable.build(words)
    kept = data.draw(st.lists(st.booleans(), min_size=len(table), max_size=len(table)))
    part = table.only(np.asarray(kept, bool))
    want = [word for word, keep in zip(table, kept, strict=True) if keep]
    assert list(part) == want
    assert [part.find(word) for word in want] == list(range(len(want)))
    assert [string.decode("utf-8", "surrogatepass") for string in part.encoded()] == want


def test_past_the_end_is_an_index_error():
    table = StringTable.build(["年轻", "干部"])
    for number in (-1, 2):
        with pytest.raises(IndexError):
            table[number]


def test_offsets_take_32_bits_while_the_table_is_small():
    assert StringTable.build(["年轻", "干部"])._ends.dtype == np.uint32


@given(st.lists(st.text(alphabet="ab电梯", max_size=4)), st.text(alphabet="ab电梯", max_size=2))
def test_strings_that_contain_a_part(strings, part):
    table = StringTable.build(strings)
    assert [table[i] for i in table.containing(part).tolist()] == [s for s in table if part in s]


ALIKE = st.lists(st.text("天ab\0", max_size=5), max_size=30)  # many that begin with the same eight bytes


@pytest.mark.skipif(string_table.find_all is None, reason="nothing was compiled here")
@given(st.one_of(WORDS, ALIKE), st.one_of(WORDS, ALIKE), st.booleans())
def test_compiled_or_not_the_same_strings_are_found(words, others, wide):
    table = StringTable.build(words)
    ends = table._ends.astype(np.uint64) if wide else table._ends
    sought, plain = encoded([*words, *others]), np.zeros(len(words) + len(others), np.int64)
    compiled = plain.copy()
    table._find_all(table._blob, table._ends, table._keys, sought, plain)
    string_table.find_all(table._blob, ends, table._keys, sought, compiled)
    assert compiled.tolist() == plain.tolist() == [table.find(word) for word in [*words, *others]]


@pytest.mark.skipif(string_table.take is None, reason="nothing was compiled here")
@given(WORDS, st.lists(st.integers(0, 99), max_size=9))
def test_compiled_or_not_the_same_strings_are_taken(words, some):
    table = StringTable.build(words)
    numbers = np.array([number for number in some if number < len(table)], np.int64)
    ends = table._ends[numbers].astype(np.int64)
    starts = ends - table._sizes[numbers]
    want = [table[number] for number in numbers.tolist()]
    assert table.many(numbers) == string_table.take(table._blob, starts, ends) == table._take(starts, ends) == want


@pytest.mark.skipif(string_table.take is None, reason="nothing was compiled here")
def test_what_lies_outside_a_table_is_not_taken():
    blob = StringTable.build(["年轻", "干部"])._blob
    for starts, ends in (([0], [99]), ([-1], [3]), ([3], [0]), ([0, 3], [3])):
        with pytest.raises(ValueError, match="table"):
            string_table.take(blob, np.array(starts, np.int64), np.array(ends, np.int64))
    with pytest.raises(UnicodeDecodeError):
        string_table.take(blob, np.array([0], np.int64), np.array([2], np.int64))


@pytest.mark.skipif(string_table.find_all is None, reason="nothing was compiled here")
def test_of_a_table_that_is_none_no_string_is_read():
    table = StringTable.build(["年轻", "干部"])
    blob, ends, keys, out = table._blob, table._ends, table._keys, np.zeros(1, np.int64)
    for damaged in (
        (blob, ends[::-1].copy(), keys, encoded(["年轻"]), out),
        (blob, ends[:1], keys, [b""], out),
        (blob, ends, keys, [b"", b""], out),
        (blob, ends, keys, ["年轻"], out),
    ):
        with pytest.raises(ValueError, match="table"):
            string_table.find_all(*damaged)
