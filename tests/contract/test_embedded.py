"""The embedded engine keeps the contract, grown in one commit or in several."""

from functools import partial

import pytest

from index.connect import open_backend, open_handle, open_writer
from tests.conftest import prepared, recipe
from tests.contract.backend_contract import BackendContract
from tests.contract.writer_contract import WriterContract


@pytest.fixture(scope="class", params=[1, 4], ids=["one segment", "four segments"])
def build(request, tmp_path_factory):
    """Index some articles in so many commits."""

    def make(articles):
        root = tmp_path_factory.mktemp("contract") / "index"
        articles = list(articles)
        step = -(-len(articles) // request.param)
        with open_writer(root, recipe()) as writer:
            for start in range(0, len(articles), step):
                writer.upsert(*prepared(articles[start : start + step]))
                writer.commit()
        return open_backend(root)

    return make


class TestEmbedded(BackendContract):
    pass


class TestEmbeddedWriter(WriterContract):
    @pytest.fixture
    def place(self, tmp_path):
        made = iter(range(99))
        return lambda: partial(open_handle, tmp_path / f"index{next(made)}")
