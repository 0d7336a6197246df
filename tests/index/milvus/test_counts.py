"""Counts of terms: runs of rows that hold many, few of which a commit writes again."""

import json
import random
from collections import Counter

import numpy as np
import pytest

from index.connect import open_backend, open_handle, open_writer
from index.errors import IndexCorrupt, IndexMismatch
from index.milvus.counts import MAX_BYTES, TERMS_A_ROW, Column, Run, added_up, column_of, run_of, to_merge
from index.milvus.terms import number_of
from tests.conftest import article, prepared, recipe
from tests.contract.writer_contract import assert_equal

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's and milvus-lite's own


def column(counts):
    """A field of named terms."""
    ordered = sorted((number_of(name), name, count) for name, count in counts.items())
    numbers, names, values = zip(*ordered, strict=True)
    return Column(np.array(numbers, np.uint64), np.array(values, np.int64), names)


def read(rows, field):
    """What rows say of a field: term -> count."""
    parts = [column_of(row) for row in rows if row["pk"].startswith(f"{field}:")]
    return {name: int(count) for part in parts for name, count in zip(part.names, part.counts, strict=True)}


@pytest.mark.parametrize("size", [1, TERMS_A_ROW, TERMS_A_ROW + 1, 3_000])
def test_a_run_holds_every_count_in_few_rows_each_found_by_its_term(size):
    rng = random.Random(size)
    counts = {f"词{n}": rng.choice((-2, 1, 70_000)) for n in range(size)}
    run, rows = run_of("7.1", {"words": column(counts), "body": column(counts)}, 7)
    assert read(rows, "words") == counts
    assert run.rows == len(rows) <= 2 * (1 + 2 * size // TERMS_A_ROW)
    by_key = {row["pk"]: row for row in rows}
    for name, count in counts.items():
        for field in ("words", "body"):
            assert column_of(by_key[run.key(field, number_of(name))]).of(number_of(name)) == count


def test_a_row_is_never_longer_than_a_field_and_whatever_is_altered_is_noticed():
    counts = {f"{n}" + "长" * 2_500: n for n in range(1, 41)}
    _, rows = run_of("1.1", {"facets": column(counts)}, 1)
    assert max(len(row["body"]) for row in rows) <= MAX_BYTES
    assert read(rows, "facets") == counts
    row = rows[0]
    other = "1" if row["body"][30] != "1" else "2"
    for altered in ({"body": row["body"][:30] + other + row["body"][31:]}, {"pk": rows[-1]["pk"] + "1"}, {"body": ""}):
        with pytest.raises(ValueError, match="checksum"):
            column_of(row | altered)


def test_runs_add_up_and_what_comes_to_nothing_is_left_out():
    rng = random.Random(3)
    some = [Counter({f"词{rng.randrange(40)}": rng.randint(-2, 3) for _ in range(20)}) for _ in range(5)]
    total = Counter()
    for one in some:
        total.update(one)
    got = added_up([{"words": column(one)} for one in some])["words"]
    assert dict(zip(got.names, got.counts.tolist(), strict=True)) == {name: n for name, n in total.items() if n}
    gone = {"words": column({"甲": 1})}
    assert added_up([gone, {"words": column({"甲": -1})}]) == {}


def test_a_run_is_merged_with_those_that_are_not_much_larger():
    runs = [Run(str(n), {}, terms, 1) for n, terms in enumerate((1_000, 300, 90))]
    assert [to_merge(runs, terms) for terms in (0, 40, 50, 65, 9_000)] == [0, 0, 1, 2, 3]
    assert to_merge([], 5) == 0


@pytest.fixture
def uri(tmp_path):
    return f"milvus+lite://{tmp_path}/one.db?name=counted"


def test_a_commit_writes_what_it_changes_and_its_runs_stay_few(uri):
    words = ("灯塔", "电梯", "酵母", "夜市", "水库", "航班", "渡口", "年糕")
    rng = random.Random(4)
    articles = [article(f"n{n}", "，".join(rng.choices(words, k=9)), title=words[n % 8]) for n in range(60)]
    with open_writer(uri, recipe()) as writer:
        writer.upsert(*prepared(articles[:48]))
        writer.commit()
    first = {row["pk"] for row in rows_of(uri)}
    for n in range(48, 60):
        with open_writer(uri, recipe()) as writer:
            writer.upsert(*prepared([articles[n]]))
            writer.commit()
        record = open_handle(uri)._control.record()
        assert len(record.runs) <= 5
        if n == 48:
            assert first < {row["pk"] for row in rows_of(uri)}
    assert_equal(open_backend(uri), articles)
    kept = {run.name for one in open_handle(uri)._control.readable(range(10, 14)) for run in one.runs}
    assert {row["run"] for row in rows_of(uri)} == kept  # what is no longer asked for is gone
    assert open_handle(uri).damaged() == []
    handle = open_handle(uri)
    names = handle.reader().names
    some = f'pk like "words:%" and run == "{record.runs[0].name}"'
    row = next(handle._client.scan(names.terms, some, ["run", "born", "body", "vector"]))
    handle._client.write(names.terms, [row | {"body": row["body"][:-5] + "00000"}])
    assert handle.damaged() == [row["pk"]]
    with pytest.raises(IndexCorrupt, match="counts of terms"):
        list(open_backend(uri).words())


def test_a_row_of_counts_that_is_not_there_is_an_error_and_no_other_score(uri):
    with open_writer(uri, recipe()) as writer:
        writer.upsert(*prepared([article(f"n{n}", f"渡口在{n}号码头。") for n in range(3)]))
        writer.commit()
    handle = open_handle(uri)
    (run,) = handle._control.record().runs
    assert run.full
    handle._client.delete(handle.reader().names.terms, f'pk == "{run.key("words", number_of("渡口"))}"')
    with pytest.raises(IndexCorrupt, match="counts of terms"):
        handle.reader().document_frequency("渡口")
    with open_writer(uri, recipe()) as writer:
        writer.upsert(*prepared([article(f"m{n}", f"{n}号灯塔亮了，电梯和酵母也有了消息。") for n in range(9)]))
        with pytest.raises(IndexCorrupt, match="counts of terms"):
            writer.commit()


def rows_of(uri):
    """All rows of counts."""
    handle = open_handle(uri)
    return list(handle._client.scan(handle.reader().names.terms, 'pk >= ""', ["run"]))


def test_an_index_of_an_earlier_format_is_refused_and_can_be_built_anew(uri):
    articles = [article(f"n{n}", f"渡口在{n}号码头。") for n in range(3)]
    with open_writer(uri, recipe()) as writer:
        writer.upsert(*prepared(articles))
        writer.commit()
    control = open_handle(uri)._control
    control.put("commit:000000000001", json.dumps(json.loads(control.record().dumps()) | {"format": 1}))
    for refused in (open_handle(uri).reader, open_handle(uri).describe, lambda: open_writer(uri, recipe()).__enter__()):
        with pytest.raises(IndexMismatch, match="format 1"):
            refused()
    with open_writer(uri, recipe(), fresh=True) as writer:
        writer.upsert(*prepared(articles[:2]))
        assert writer.commit() == 2
        assert writer.warnings == []
    assert_equal(open_backend(uri), articles[:2])
    assert [one.commit for one in open_handle(uri).commits()] == [2]
