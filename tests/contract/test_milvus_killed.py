"""A Milvus server that is killed: nothing acknowledged is lost, and the next writer goes on.

See tests.contract.milvus_place for the server; this one is started for these tests alone.
"""

import random
from functools import partial

import pytest

from index.connect import open_handle
from index.errors import EngineUnavailable, WriterBusy
from tests.conftest import prepared
from tests.contract.milvus_place import DENSE, OWN, patiently
from tests.contract.writer_contract import NAMES, assert_equal, opened, random_article, writing

if not OWN:
    pytest.skip("needs a server that may be killed: WENSOU_TEST_MILVUS=pip", allow_module_level=True)
pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's own


def test_a_server_that_is_killed_comes_back_with_the_last_commit_and_the_next_writer_goes_on(own, uris, monkeypatch):
    monkeypatch.setattr("index.milvus.claims.LEASE", 4.0)
    monkeypatch.setattr("index.milvus.claims.RENEW", 1.0)
    at, rng = partial(open_handle, uris()), random.Random(13)
    state = {}
    for end in ("before the commit", "after the commit", "before the commit"):
        new = {name: random_article(rng, name) for name in rng.sample(NAMES, 4)}
        gone = rng.sample(NAMES, 2)
        with pytest.raises(EngineUnavailable):  # the lock cannot be given back
            patiently(partial(change, at, own, new, gone, commit=end == "after the commit"), WriterBusy)
        assert own.parent.returncode is not None
        own.start()
        again = partial(patiently, server=own)
        found = again(lambda: at().state(), EngineUnavailable)
        if end == "after the commit":
            state = {name: one for name, one in (state | new).items() if name not in gone}
        assert found == ("equal" if state else "missing")
        if state:
            assert_equal(again(partial(opened, at), EngineUnavailable), [*state.values()], lexical=not DENSE)
            assert at().damaged() == []
    assert state


def change(at, server, new, gone, *, commit):
    """Write, and kill the server before or after the commit."""
    with writing(at) as writer:
        writer.upsert(*prepared([*new.values()]))
        writer.delete(gone)
        if commit:
            writer.commit()
        server.kill()
