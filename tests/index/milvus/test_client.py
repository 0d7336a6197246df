"""Calls to Milvus: whatever is read in pieces is all there, in order."""

import random
from functools import partial

import pytest

from index.connect import open_handle, open_writer
from index.milvus.address import Address, MilvusOptions
from index.milvus.client import Client
from index.milvus.schema import control, control_name
from tests.conftest import CORPUS, prepared, recipe
from tests.index.milvus.proxy import lite_server

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


def test_a_commit_is_acknowledged_once_its_rows_and_then_its_record_are_on_disk(tmp_path, monkeypatch):
    done = []

    def told(self, names):
        done.append([name.partition("__")[2] for name in names])
        done.append(bool(self.query(control_name(self.address), 'pk like "commit:%"', ["pk"])))

    monkeypatch.setattr(Client, "flush", told)
    with open_writer(f"milvus+lite://{tmp_path}/one.db?name=y", recipe()) as writer:
        writer.upsert(*prepared(CORPUS))
        writer.commit()
    assert done == [["chunks_v1", "articles_v1", "pages_v1", "terms_v1"], False, ["control"], True]


def test_a_server_that_takes_few_flushes_is_asked_again(tmp_path, monkeypatch):
    from pymilvus.exceptions import MilvusException

    waits = []
    monkeypatch.setattr("index.milvus.client.time.sleep", waits.append)
    options = MilvusOptions()
    with lite_server(tmp_path / "db") as port:
        address = Address.parse(f"milvus://127.0.0.1:{port}/x", options)
        client = Client(address, options)
        client.create(*control(address))
        flush, refused = client._client.flush, iter(range(9))

        def limited(*args, **more):
            if next(refused, None) is not None:
                raise MilvusException(message="request is rejected by limiter: rate limit exceeded[rate=0.1]")
            return flush(*args, **more)

        monkeypatch.setattr(client._client, "flush", limited)
        client.flush([control_name(address)])
    assert len(waits) == 9
    assert sum(waits) > 10  # seconds in which such a server takes one
