"""Addresses -> engines: the only place that knows which engines exist; each is imported on demand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from index.backend import Backend, IndexHandle, Recipe, Writer
from index.errors import BadOption
from index.models import Filters

_milvus: dict[str, Any] = {}


def set_milvus(**options: Any) -> None:
    """How to get into Milvus from now on, in this process; see index.milvus.address.MilvusOptions."""
    _milvus.clear()
    _milvus.update(options)


def open_handle(uri: str | Path) -> IndexHandle:
    """The index at an address, whether there is one yet or not; BadOption for an engine there is not."""
    text = str(uri)
    scheme = text.split("://", 1)[0] if "://" in text else ""
    if scheme in ("milvus", "milvus+lite"):
        from index.milvus.address import Address, MilvusOptions
        from index.milvus.handle import MilvusHandle

        options = MilvusOptions(**_milvus)
        return MilvusHandle(Address.parse(text, options), options)
    if scheme:
        raise BadOption(
            f"index {text}: got the engine {scheme!r}, want a folder, milvus:// or milvus+lite://",
            hint="give the path of an index folder, or milvus://host:19530/name",
        )
    from index.embedded.handle import FolderHandle

    return FolderHandle(Path(text))


def open_backend(uri: str | Path) -> Backend:
    """Open the current commit of an index.

    Raises IndexMissing, IndexCorrupt or IndexMismatch; BadOption for an address of an engine there is not.
    """
    return open_handle(uri).reader()


@contextmanager
def open_writer(uri: str | Path, recipe: Recipe, *, fresh: bool = False) -> Iterator[Writer]:
    """The one writer of an index, on top of its current commit or, where `fresh`, of nothing.

    What is not committed is dropped at the end. Raises WriterBusy, IndexCorrupt, IndexMismatch.
    """
    handle = open_handle(uri)
    with handle.lock():
        writer = handle.writer(recipe, fresh=fresh)
        try:
            yield writer
        finally:
            writer.close()


def narrow(backend: Backend, filters: Filters, earlier: Backend | None = None) -> Backend:
    """`backend` as if it held only the articles that pass `filters`: nothing it says or counts tells of others.

    `earlier` is the same of an earlier commit, of which work may be taken over. BadOption where the engine cannot.
    """
    from index.embedded.narrowed import NarrowedIndex
    from index.embedded.reader import EmbeddedIndex

    if not isinstance(backend, EmbeddedIndex):
        raise BadOption("a key with a filter: this engine cannot be narrowed", hint="serve an index folder instead")
    return NarrowedIndex(backend, filters, earlier if isinstance(earlier, NarrowedIndex) else None)
