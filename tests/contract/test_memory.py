"""The engine in memory keeps the contract: what the contract asks can be given by an engine that shares nothing."""

import pytest

from tests.conftest import prepared
from tests.contract.backend_contract import BackendContract
from tests.contract.memory import MemoryHandle
from tests.contract.writer_contract import WriterContract, opened, writing


@pytest.fixture(scope="class")
def build():
    """Index some articles in one commit."""

    def make(articles):
        handle = MemoryHandle()
        with writing(lambda: handle) as writer:
            writer.upsert(*prepared(list(articles)))
            writer.commit()
        return opened(lambda: handle)

    return make


class TestMemory(BackendContract):
    pass


class TestMemoryWriter(WriterContract):
    @pytest.fixture
    def place(self):
        def make():
            handle = MemoryHandle()
            return lambda: handle

        return make
