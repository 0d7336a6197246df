"""Calls to Milvus: whatever is read in pieces is all there, in order."""

import random

import pytest

from index.milvus.address import Address, MilvusOptions
from index.milvus.client import Client
from index.milvus.schema import control, control_name

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's and milvus-lite's own


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
