"""Clients of applications over small indexes."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fastapi.testclient import TestClient

from index.builder import update_index
from search.api.app import Options, create_app
from search.live import LiveEngine
from tests.conftest import CORPUS, PLAIN, HashEncoder


@pytest.fixture
def root(tmp_path, hash_bundled):
    """An index of the corpus that a test may change."""
    update_index(CORPUS, tmp_path / "index", PLAIN, encoder=HashEncoder())
    return tmp_path / "index"


@contextmanager
def asking(root, options: Options | None = None, **settings: object) -> Iterator[TestClient]:
    """A client of the index at `root`, or of several by name."""
    lives = {n: LiveEngine(p) for n, p in root.items()} if isinstance(root, dict) else LiveEngine(root)
    app = create_app(lives, options or Options(**settings))  # type: ignore[arg-type]
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    """The header that shows a key."""
    return {"Authorization": f"Bearer {token}"}
