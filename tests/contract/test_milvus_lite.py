"""The engine on Milvus keeps the contract, in milvus-lite."""

from functools import partial

import pytest

from index.connect import open_handle
from tests.contract.backend_contract import BackendContract
from tests.contract.writer_contract import WriterContract, grown

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
pytest.importorskip("milvus_lite", reason="needs the extra: pip install 'wensou[milvus]'")
pytestmark = pytest.mark.filterwarnings("ignore")  # of grpc's and milvus-lite's own


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """Addresses of new indexes, all in one file."""
    file = tmp_path_factory.mktemp("milvus") / "all.db"
    made = iter(range(9_999))
    return lambda: f"milvus+lite://{file}?name=t{next(made)}"


@pytest.fixture(scope="class", params=[1, 4], ids=["one commit", "four commits"])
def build(request, names):
    """Index some articles in so many commits."""
    return lambda articles: grown(names(), articles, request.param)


class TestMilvusLite(BackendContract):
    pass


class TestMilvusLiteWriter(WriterContract):
    @pytest.fixture
    def place(self, names):
        return lambda: partial(open_handle, names())
