"""Calls to Milvus: whatever is read in pieces is all there, in order."""

import random
from functools import partial

import pytest

from index.connect import open_handle, open_writer
from index.milvus.address import Address, MilvusOptions
from index.milvus.client import Client
from index.milvus.schema import control, control_name
from tests.conftest import CORPUS, prepared, recipe

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's and milvus-lite's own


def test_an_index_that_is_not_loaded_is_loaded_by_whatever_asks_it(tmp_path):
    uri = f"milvus+lite://{tmp_path}/one.db?name=y"
    with open_writer(uri, recipe()) as writer:
        writer.upsert(*prepared(CORPUS))
        commit = writer.commit()
    handle = open_handle(uri)
    for ask in (
        handle.damaged,
        handle.reader,
        partial(handle.restore, commit),
        partial(handle.set_calibration, "x", {}),
    ):
        for name in handle._client.collections():
            if "control" not in name:
                handle._client._client.release_collection(name)
        ask()
    assert open_handle(uri).damaged() == []


def test_rows_written_in_any_order_are_scanned_whole_and_by_their_keys(tmp_path):
    options = MilvusOptions()
    address = Address.parse(f"milvus+lite://{tmp_path}/one.db?name=x", options)
    client = Client(address, options)
    client.create(*control(address))
    keys = [f"k{n:04d}" for n in range(300)]
    rows = [{"pk": key, "body": key, "vector": [0.0, 0.0]} for key in random.Random(1).sample(keys, len(keys))]
    for begin in range(0, len(rows), 50):
        client.write(control_name(address), rows[begin : begin + 50])
    for batch in (7, 100, 300, 1_000):
        found = list(client.scan(control_name(address), 'pk >= "k0010"', ["body"], batch=batch))
        assert [row["body"] for row in found] == keys[10:]
