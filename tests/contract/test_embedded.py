"""The embedded engine keeps the contract, grown in one commit or in several."""

from functools import partial

import pytest

from index.connect import open_handle
from tests.contract.backend_contract import BackendContract
from tests.contract.writer_contract import WriterContract, grown


@pytest.fixture(scope="class", params=[1, 4], ids=["one segment", "four segments"])
def build(request, tmp_path_factory):
    """Index some articles in so many commits."""
    return lambda articles: grown(tmp_path_factory.mktemp("contract") / "index", articles, request.param)


class TestEmbedded(BackendContract):
    pass


class TestEmbeddedWriter(WriterContract):
    @pytest.fixture
    def place(self, tmp_path):
        made = iter(range(99))
        return lambda: partial(open_handle, tmp_path / f"index{next(made)}")
