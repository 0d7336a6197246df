"""The embedded engine keeps the contract, grown in one commit or in several."""

import pytest

from index.embedded.reader import EmbeddedIndex
from tests.conftest import open_writer, prepared
from tests.contract.backend_contract import BackendContract


@pytest.fixture(scope="class", params=[1, 4], ids=["one segment", "four segments"])
def build(request, tmp_path_factory):
    """Index some articles in so many commits."""

    def make(articles):
        root = tmp_path_factory.mktemp("contract") / "index"
        writer = open_writer(root)
        articles = list(articles)
        step = -(-len(articles) // request.param)
        for start in range(0, len(articles), step):
            writer.upsert(*prepared(articles[start : start + step]))
            writer.commit()
        writer.close()
        return EmbeddedIndex.open(root)

    return make


class TestEmbedded(BackendContract):
    pass
