"""The engine on a Milvus server keeps the contract: whatever it can of it where the server has no sparse vectors.

WENSOU_TEST_MILVUS=127.0.0.1:19530 names a server where collections may be made and dropped, and
WENSOU_TEST_MILVUS_LEGS=dense says that it is older than 2.4.
"""

import os
import time
from contextlib import suppress
from functools import partial

import pytest

from index.connect import open_backend, open_handle, open_writer
from index.errors import BadOption, EngineUnavailable
from index.milvus.address import Address, MilvusOptions
from index.milvus.client import Client
from tests.conftest import CORPUS, prepared, recipe
from tests.contract.backend_contract import ANY, BackendContract, lexical_query
from tests.contract.writer_contract import WriterContract, opened, writing

SERVER = os.environ.get("WENSOU_TEST_MILVUS", "")
DENSE = os.environ.get("WENSOU_TEST_MILVUS_LEGS", "both") == "dense"
if not SERVER:
    pytest.skip("needs a server: WENSOU_TEST_MILVUS=host:port", allow_module_level=True)
pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's own


@pytest.fixture(scope="module")
def uris():
    """Addresses of new indexes, whose collections are dropped at the end."""
    prefix = f"t{time.time_ns()}"
    made = iter(range(9_999))
    yield lambda: f"milvus://{SERVER}/{prefix}n{next(made)}{'?legs=dense' if DENSE else ''}"
    options = MilvusOptions()
    client = Client(Address.parse(f"milvus://{SERVER}/{prefix}", options), options)
    names = [name for name in client.collections() if name.startswith(prefix)]
    for alias in {name.partition("__")[0] for name in names if not name.endswith("control")}:
        with suppress(EngineUnavailable):  # it never came to a commit
            client.unpoint(alias)
    for name in names:
        client.drop(name)


class TestServerWriter(WriterContract):
    lexical = not DENSE

    @pytest.fixture
    def place(self, uris):
        return lambda: partial(open_handle, uris())


@pytest.mark.skipif(DENSE, reason="the server has no sparse vectors")
class TestServer(BackendContract):
    @pytest.fixture(scope="class")
    @classmethod
    def build(cls, uris):
        def make(articles):
            uri = uris()
            with open_writer(uri, recipe()) as writer:
                writer.upsert(*prepared(list(articles)))
                writer.commit()
            return open_backend(uri)

        return make


@pytest.mark.skipif(not DENSE, reason="the server has sparse vectors")
def test_words_are_refused_where_the_server_cannot_search_them(uris):
    at = partial(open_handle, uris())
    with writing(at) as writer:
        writer.upsert(*prepared(CORPUS))
        writer.commit()
    with pytest.raises(BadOption, match="no sparse vectors"):
        opened(at).lexical(lexical_query("馒头"), k=3, filters=ANY)
    with pytest.raises(BadOption, match="no sparse vectors"):
        open_handle(uris().partition("?")[0]).writer(recipe())
