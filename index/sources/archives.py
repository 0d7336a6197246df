"""Zip archives, opened with care: nothing is unpacked to disk, and a bomb costs no more than the limits.

Members are read one at a time, up to `MAX_UNPACKED` bytes in all and `MAX_MEMBERS` members.
"""

import io
import zipfile

from index.sources import encodings

MAX_UNPACKED = 256 * 1024 * 1024  # bytes taken out of one archive
MAX_MEMBERS = 20_000


class TooLarge(Exception):
    """An archive, or what comes out of it, is over a limit."""


def open_archive(data: bytes) -> zipfile.ZipFile:
    """The archive in `data`; TooLarge, BadZipFile."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    if len(archive.infolist()) > MAX_MEMBERS:
        raise TooLarge(f"{len(archive.infolist())} members, the limit is {MAX_MEMBERS}")
    if sum(info.file_size for info in archive.infolist()) > MAX_UNPACKED:
        raise TooLarge(f"more than {MAX_UNPACKED} bytes when unpacked")
    return archive


def member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """One member, never more than it says: a directory that lies about sizes is cut short, not believed."""
    with archive.open(info) as file:
        content = file.read(info.file_size + 1)
    if len(content) > info.file_size:
        raise TooLarge(f"{info.filename} is larger than its directory says")
    return content


def member_name(info: zipfile.ZipInfo) -> str:
    """The name of a member: Windows tools write GBK where the standard says code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    return encodings.decode(raw) or info.filename
