"""Old office files (`.doc`, `.xls`, `.ppt`, `.wps`, `.et`, `.dps`) -> records.

Many are something else under that name (a Word file, a page, rich text) and are read as that. Old sheets are read by
calamine; the rest is turned into a new format by LibreOffice, where it is installed.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from index.models import Skipped, SkipReason
from index.sources.packages import Package
from index.sources.records import Record, Records

_TARGETS = {
    "doc": "docx",
    "wps": "docx",
    "dot": "docx",
    "ppt": "pptx",
    "pps": "pptx",
    "dps": "pptx",
    "xls": "xlsx",
    "et": "xlsx",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROGRAMS = (
    "soffice",
    "libreoffice",
    "/usr/lib/libreoffice/program/soffice",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
)
_HINT = "LibreOffice (soffice) turns it into a format that is read: install it, or save the file as .{}"
_SECONDS = 180  # that a conversion may take

Again = Callable[[bytes, str, str], Records]
"""Reads bytes as a file of another suffix."""


def true_suffix(data: bytes) -> str | None:
    """What a file is by its first bytes, where these say; None for an old office file, "" for nothing that is known."""
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if data.startswith(_OLE):
        return None
    if head.startswith(b"{\\rtf"):
        return ".rtf"
    if data.startswith(b"PK"):
        names = Package(data).names
        parts = (("word/", ".docx"), ("xl/", ".xlsx"), ("ppt/", ".pptx"), ("content.xml", ".odt"), ("OFD.xml", ".ofd"))
        return next((suffix for start, suffix in parts if any(name.startswith(start) for name in names)), "")
    lower = head[:1024].lower()
    if lower.startswith((b"mime-version", b"from:", b"content-type:")):
        return ".mht"
    if lower.startswith((b"<html", b"<!doctype html", b"<?xml")) or b"<html" in lower:
        return ".html"
    return ""


def read_legacy(suffix: str, data: bytes, where: str, again: Again) -> Records:
    """The records of an old office file, `again` reads what it is or becomes."""
    true = true_suffix(data)
    if true:
        yield from again(data, where, true)
        return
    if true == "":
        yield from again(data, where, ".csv" if suffix in ("xls", "et") else ".txt")
        return
    if suffix in ("xls", "et"):
        read = import_module("index.sources.spreadsheets").read_calamine
        try:
            yield from list(read(data, where))
            return
        except ModuleNotFoundError:
            raise
        except Exception:  # calamine knows no password and not every variant; LibreOffice may
            if _program() is None:
                raise
    yield from _converted(suffix, data, where, again)


def _program() -> str | None:
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


def _converted(suffix: str, data: bytes, where: str, again: Again) -> Records:
    target = _TARGETS[suffix]
    program = _program()
    if program is None:
        yield Skipped(where, SkipReason.MISSING_EXTRA, _HINT.format(target))
        return
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, f"source.{suffix}")
        source.write_bytes(data)
        home = Path(folder, "home").as_uri()  # a profile of its own: another LibreOffice may be running
        command = [program, f"-env:UserInstallation={home}", "--headless", "--norestore", "--convert-to", target]
        command += ["--outdir", folder, str(source)]
        try:
            done = subprocess.run(command, capture_output=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            yield Skipped(where, SkipReason.UNREADABLE, f"LibreOffice took more than {_SECONDS} s")
            return
        made = Path(folder, f"source.{target}")
        if not made.exists():
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
            yield Skipped(
                where, SkipReason.UNREADABLE, f"LibreOffice: {said[-1] if said else 'nothing came of it'}"[:200]
            )
            return
        records = list(again(made.read_bytes(), where, f".{target}"))
    yield from (
        item._replace(where=where) if isinstance(item, Record) and item.whole_file else item for item in records
    )
