"""open_backend(uri): the only place that knows which engines exist; each is imported on demand."""

from pathlib import Path

from index.backend import Backend
from index.errors import BadOption


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
