"""Commit records that are not seen are not records that are not there."""

from types import SimpleNamespace

import pytest

pytest.importorskip("pymilvus", reason="needs the extra: pip install 'wensou[milvus]'")
from index.errors import EngineUnavailable, IndexMissing
from index.milvus.address import Address, MilvusOptions
from index.milvus.control import Control
from index.milvus.schema import control_name

ADDRESS = Address.parse("milvus://127.0.0.1:19530/articles", MilvusOptions())


def server(*, begun, known):
    """A server that shows no record; whether the control collection is there, and whether the name is taken."""
    return SimpleNamespace(
        address=ADDRESS,
        collections=lambda: [control_name(ADDRESS)] if begun else [],
        load=lambda name: None,
        query=lambda *args, **options: [],
        known=lambda name: known and name == ADDRESS.name,
    )


@pytest.mark.parametrize("begun", [True, False])
def test_an_index_whose_passages_are_there_is_not_taken_for_none(begun):
    control = Control(server(begun=begun, known=True))
    for ask in (control.record, control.numbers):
        with pytest.raises(EngineUnavailable, match="its commits are not") as raised:
            ask()
        assert "again in a minute" in raised.value.hint


@pytest.mark.parametrize("begun", [True, False])
def test_where_nothing_is_called_so_there_is_no_index(begun):
    control = Control(server(begun=begun, known=False))
    assert control.numbers() == []
    with pytest.raises(IndexMissing):
        control.record()
