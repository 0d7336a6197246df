"""Office files, books and mail -> records. The libraries that only these need are the `formats` extra."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib import import_module
from typing import Any
from xml.etree import ElementTree

from index.models import Skipped, SkipReason
from index.sources import encodings, markup
from index.sources.archives import TooLarge, member, open_archive
from index.sources.records import Reader, Record, Records

_HINT = "pip install wensou[formats]"

_Text = dict[str, Any]


def read(kind: str, data: bytes, where: str) -> Records:
    """The records of one document of `kind` (`docx`, `pdf`, `epub`, `xlsx`, `eml`, `mht`)."""
    return guarded(_READERS[kind], data, where)


def guarded(reader: Reader, data: bytes, where: str) -> Records:
    """What `reader` gives, and a `Skipped` for whatever it raises: parsers of broken files raise anything."""
    try:
        yield from reader(data, where)
    except ModuleNotFoundError as error:
        yield Skipped(where, SkipReason.MISSING_EXTRA, f"{error.name}: {_HINT}")
    except TooLarge as error:
        yield Skipped(where, SkipReason.TOO_LARGE, str(error))
    except (MemoryError, RecursionError) as error:
        yield Skipped(where, SkipReason.TOO_LARGE, type(error).__name__)
    except Exception as error:  # parsers of broken files raise anything; the file is reported and the run goes on
        yield Skipped(where, SkipReason.UNREADABLE, f"{type(error).__name__}: {error}"[:200])


def _read_epub(data: bytes, where: str) -> Records:
    """One record per chapter, in reading order; the book's title is kept in `book`."""
    archive = open_archive(data)
    names = {info.filename: info for info in archive.infolist()}
    container = ElementTree.fromstring(member(archive, names["META-INF/container.xml"]))
    package_name = next(node.get("full-path", "") for node in container.iter() if node.tag.endswith("rootfile"))
    package = ElementTree.fromstring(member(archive, names[package_name]))
    folder = package_name.rpartition("/")[0]
    metadata = {
        node.tag.rpartition("}")[2]: (node.text or "").strip() for node in package.iter() if "elements" in node.tag
    }
    items = {node.get("id"): node.get("href", "") for node in package.iter() if node.tag.endswith("}item")}
    number = 0
    for reference in (node for node in package.iter() if node.tag.endswith("}itemref")):
        href = items.get(reference.get("idref"), "")
        info = names.get(f"{folder}/{href}" if folder else href)
        if info is None:
            continue
        page = encodings.decode(member(archive, info)) or ""
        text = markup.visible_text(page)
        if len(text) < 20:
            continue
        number += 1
        heading = re.search(r"<h[1-3]\b[^>]*>(.{1,400}?)</h[1-3]>", page, re.S | re.I)
        content: _Text = {"title": markup.visible_text(heading[1]).replace("\n", " ") if heading else "", "text": text}
        content |= {"author": metadata.get("creator"), "published": metadata.get("date"), "book": metadata.get("title")}
        yield Record({k: v for k, v in content.items() if v}, f"{where}!/{info.filename}", whole_file=True)
    if not number:
        yield Skipped(where, SkipReason.EMPTY)


def _read_mail(data: bytes, where: str) -> Records:
    """One message, or one saved web page (`.mht`): its best text part, its subject, sender and date."""
    message = message_from_bytes(data, policy=policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        yield Skipped(where, SkipReason.BAD_RECORD, "it is no message")
        return
    page = message.get_body(preferencelist=("html", "plain"))
    plain = message.get_body(preferencelist=("plain",))
    part = plain if plain is not None and _part_text(plain).strip() else page
    content: _Text = {}
    if part is not None:
        text = _part_text(part)
        content = markup.html(text) if part.get_content_type() == "text/html" else {"text": text}
    subject = str(message.get("subject") or "").strip()
    sender = re.sub(r"\s*<[^<>]*>\s*$|\"", "", str(message.get("from") or "")).strip()
    content |= {"title": content.get("title") or subject} if part is page else {"title": subject}
    for key, value in (("author", sender), ("published", str(message.get("date") or ""))):
        if value and not content.get(key):
            content[key] = value
    yield Record(content, where, whole_file=True)


def _part_text(part: Any) -> str:
    data = part.get_payload(decode=True) or b""
    declared = part.get_content_charset()
    guessed = encodings.guess(data)
    for name in (guessed, declared):
        try:
            return str(data.decode(name)) if name else ""
        except (LookupError, UnicodeDecodeError):
            continue
    return str(data.decode("utf-8", "replace"))


def _elsewhere(module: str, name: str) -> Reader:
    """A reader of a module that is loaded when the first such file comes."""

    def read_it(data: bytes, where: str) -> Records:
        yield from getattr(import_module(f"index.sources.{module}"), name)(data, where)

    return read_it


_READERS: dict[str, Reader] = {
    "docx": _elsewhere("docx", "read_docx"),
    "pdf": _elsewhere("pdf", "read_pdf"),
    "epub": _read_epub,
    "xlsx": _elsewhere("spreadsheets", "read_xlsx"),
    "xlsm": _elsewhere("spreadsheets", "read_xlsx"),
    "eml": _read_mail,
    "mht": _read_mail,
    "mhtml": _read_mail,
}
