"""open_backend(uri): the only place that knows which engines exist; each is imported on demand."""

from pathlib import Path

from index.backend import Backend
from index.errors import BadOption
from index.models import Filters


def open_backend(uri: str | Path) -> Backend:
    """Open the current commit of an index folder.

    Raises IndexMissing, IndexCorrupt or IndexMismatch; BadOption for an address of an engine there is not.
    """
    text = str(uri)
    if "://" in text:
        scheme = text.split("://", 1)[0]
        raise BadOption(
            f"index {text}: got the engine {scheme!r}, want a folder", hint="give the path of an index folder"
        )
    from index.embedded.reader import EmbeddedIndex

    return EmbeddedIndex.open(text)


def narrow(backend: Backend, filters: Filters, earlier: Backend | None = None) -> Backend:
    """`backend` as if it held only the articles that pass `filters`: nothing it says or counts tells of others.

    `earlier` is the same of an earlier commit, of which work may be taken over. BadOption where the engine cannot.
    """
    from index.embedded.narrowed import NarrowedIndex
    from index.embedded.reader import EmbeddedIndex

    if not isinstance(backend, EmbeddedIndex):
        raise BadOption("a key with a filter: this engine cannot be narrowed", hint="serve an index folder instead")
    return NarrowedIndex(backend, filters, earlier if isinstance(earlier, NarrowedIndex) else None)
