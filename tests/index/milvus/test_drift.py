"""Texts that grow: sparse vectors name enough while averages are near those they were made under, or are made anew."""

import pytest

from index.connect import open_backend, open_handle, open_writer
from index.milvus.writer import MAX_DRIFT
from tests.conftest import article, prepared, recipe
from tests.contract.writer_contract import assert_equal

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's and milvus-lite's own

WORDS = ("灯塔", "电梯", "酵母", "夜市", "水库", "航班")


def of_length(kind, count, sentences):
    """Articles of so many sentences."""
    return [
        article(
            f"{kind}{n}",
            "".join(f"{WORDS[(n + i) % 6]}在第{i}天有了新消息。" for i in range(sentences)),
            title=WORDS[n % 6] * sentences,
        )
        for n in range(count)
    ]


def test_scores_are_exact_while_texts_grow_and_rows_are_written_anew_in_time(tmp_path):
    uri = f"milvus+lite://{tmp_path}/one.db?name=drifting"
    held = []

    def add(articles):
        held.extend(articles)
        with open_writer(uri, recipe()) as writer:
            writer.upsert(*prepared(articles))
            writer.commit()
        assert_equal(open_backend(uri), held)
        return open_handle(uri)._control.record(), open_backend(uri).drift()

    first, _ = add(of_length("短", 12, 1))
    second, drift = add(of_length("中", 2, 2))
    assert second.version == first.version
    assert second.written == first.written
    assert 1 < drift < MAX_DRIFT
    third, drift = add(of_length("长", 10, 5))
    assert third.version > first.version
    assert third.written == [third.averages()]
    assert drift == 1
    assert open_handle(uri).damaged() == []
