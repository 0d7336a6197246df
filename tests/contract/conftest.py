"""Engines of the contract that a server is needed for."""

from pathlib import Path

import pytest

from scripts.bench.own_milvus import Server
from tests.contract.milvus_place import OWN, SERVER, Place


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The server of this module, where it has one."""
    server = Server(Path(tmp_path_factory.mktemp("milvus"))) if OWN else None
    yield server
    if server:
        server.kill()


@pytest.fixture(scope="module")
def uris(own):
    """Addresses of new indexes, which are dropped at the end."""
    place = Place(f"127.0.0.1:{own.port}" if own else SERVER)
    yield place
    place.drop()
