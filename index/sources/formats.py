"""Which reader reads which kind of file: the one registry. Bytes on disk -> records, or the reason why not.

Lines of JSONL and rows of CSV are streamed; every other kind is read whole, up to `MAX_FILE` bytes.
"""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from index.models import Skipped, SkipReason
from index.sources.archives import member, member_name, open_archive
from index.sources.readers import (
    json_lines,
    read_csv,
    read_html,
    read_json,
    read_jsonl,
    read_jsonl_gz,
    read_markdown,
    read_text,
)
from index.sources.records import MAX_FILE, Reader, Records, path_name, suffix_of


def read_file(path: Path, *, any_suffix: bool = False, position: Callable[[int], None] | None = None) -> Records:
    """Every record of one file. A kind that is not known is tried as plain text with `any_suffix`.

    `position` is called with how many bytes of a file of many records have been read.
    """
    where, suffix = path_name(path), suffix_of(path.name)
    known = suffix in STREAMED or suffix in WHOLE
    if not known and not any_suffix:
        yield Skipped(where, SkipReason.FORMAT, suffix or "no suffix")
        return
    try:
        mode = path.stat()
        if not stat.S_ISREG(mode.st_mode):  # a pipe would be waited on for ever
            yield Skipped(where, SkipReason.UNREADABLE, "not a regular file")
            return
        if mode.st_size == 0:
            yield Skipped(where, SkipReason.EMPTY)
            return
        if suffix in STREAMED:
            with path.open("rb") as raw:
                for record in STREAMED[suffix](raw, where):
                    if position:
                        position(raw.tell())
                    yield record
            return
        if mode.st_size > MAX_FILE:
            yield Skipped(where, SkipReason.TOO_LARGE, f"{mode.st_size} bytes, the limit is {MAX_FILE}")
            return
        data = path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        yield Skipped(where, SkipReason.UNREADABLE, getattr(error, "strerror", None) or str(error))
        return
    yield from WHOLE.get(suffix, read_text)(data, where)


def read_bytes(data: bytes, where: str, suffix: str) -> Records:
    """Every record of a file that is in memory already: a member of an archive."""
    if not data:
        yield Skipped(where, SkipReason.EMPTY)
    elif suffix in STREAMED:
        try:
            yield from STREAMED[suffix](io.BytesIO(data), where)
        except (OSError, EOFError, zlib.error) as error:
            yield Skipped(where, SkipReason.UNREADABLE, str(error))
    else:
        yield from WHOLE[suffix](data, where)


def read_stream(stream: Any) -> Records:
    """JSONL from an open text or binary stream."""
    if isinstance(stream, io.TextIOBase):
        yield from json_lines(stream, "-")
    else:
        yield from read_jsonl(stream, "-")


def _read_zip(data: bytes, where: str) -> Records:
    """Every readable file of an archive. Archives inside archives are not opened."""
    archive = open_archive(data)
    for info in sorted(archive.infolist(), key=lambda info: info.filename):
        name = member_name(info)
        parts = name.split("/")
        if info.is_dir() or any(part.startswith((".", "__MACOSX")) for part in parts):
            continue
        place, suffix = f"{where}!/{name}", suffix_of(name)
        if suffix == ".zip" or (suffix not in WHOLE and suffix not in STREAMED):
            yield Skipped(place, SkipReason.FORMAT, suffix or "no suffix")
        elif info.flag_bits & 1:
            yield Skipped(place, SkipReason.UNREADABLE, "it is locked with a password")
        elif info.file_size > MAX_FILE:
            yield Skipped(place, SkipReason.TOO_LARGE, f"{info.file_size} bytes, the limit is {MAX_FILE}")
        else:
            try:
                content = member(archive, info)
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
                yield Skipped(place, SkipReason.UNREADABLE, str(error)[:200])
                continue
            yield from read_bytes(content, place, suffix)


def _zip(data: bytes, where: str) -> Records:
    from index.sources import documents

    yield from documents.guarded(_read_zip, data, where)


def _document(kind: str) -> Reader:
    def read(data: bytes, where: str) -> Records:
        from index.sources import documents

        yield from documents.read(kind, data, where)

    return read


def _legacy(kind: str) -> Reader:
    def read(data: bytes, where: str) -> Records:
        from index.sources import documents, legacy

        yield from documents.guarded(lambda data, where: legacy.read_legacy(kind, data, where, read_bytes), data, where)

    return read


def _server_page(data: bytes, where: str) -> Records:
    """What a mirror saved of a site under the name that made the page; a program is no page."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<?php", b"<%")) or not re.search(rb"<(?:!doctype html|html|head|body|meta|div|p)\b", head):
        yield Skipped(where, SkipReason.FORMAT, "it is no saved page")
    else:
        yield from read_html(data, where)


# Which readers there are for these is said in documents.py and legacy.py, loaded when the first such file comes.
_DOCUMENTS = ("docx docm pptx ppsx xlsx xlsm xlsb pdf ofd epub odt ods odp rtf xml rss atom eml mht mhtml").split()
_LEGACY = "doc dot wps ppt pps dps xls et".split()
STREAMED: dict[str, Callable[[BinaryIO, str], Records]] = {
    ".jsonl": read_jsonl,
    ".ndjson": read_jsonl,
    ".jsonl.gz": read_jsonl_gz,
    ".csv": read_csv,
    ".tsv": read_csv,
}
WHOLE: dict[str, Reader] = {
    ".txt": read_text,
    ".text": read_text,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".shtml": read_html,
    ".json": read_json,
    **{f".{kind}": _document(kind) for kind in _DOCUMENTS},
    **{f".{kind}": _legacy(kind) for kind in _LEGACY},
    **{suffix: _server_page for suffix in (".php", ".asp", ".aspx", ".jsp", ".do", ".cgi")},
    ".zip": _zip,
}
