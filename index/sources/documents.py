"""Office files, books and mail -> records. The libraries that only these need are the `formats` extra."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib import import_module
from typing import Any

from index.models import Skipped, SkipReason
from index.sources import encodings, web
from index.sources.archives import TooLarge
from index.sources.records import Reader, Record, Records

_HINT = "pip install wensou[formats]"

_Text = dict[str, Any]


def read(kind: str, data: bytes, where: str) -> Records:
    """The records of one document of `kind`, its suffix without the dot."""
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
        content = web.html(text) if part.get_content_type() == "text/html" else {"text": text}
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
    "docm": _elsewhere("docx", "read_docx"),
    "pptx": _elsewhere("pptx", "read_pptx"),
    "ppsx": _elsewhere("pptx", "read_pptx"),
    "xlsx": _elsewhere("spreadsheets", "read_xlsx"),
    "xlsm": _elsewhere("spreadsheets", "read_xlsx"),
    "xlsb": _elsewhere("spreadsheets", "read_calamine"),
    "pdf": _elsewhere("pdf", "read_pdf"),
    "ofd": _elsewhere("ofd", "read_ofd"),
    "epub": _elsewhere("epub", "read_epub"),
    "odt": _elsewhere("opendocument", "read_odt"),
    "ods": _elsewhere("opendocument", "read_ods"),
    "odp": _elsewhere("opendocument", "read_odp"),
    "rtf": _elsewhere("rtf", "read_rtf"),
    "xml": _elsewhere("feeds", "read_xml"),
    "rss": _elsewhere("feeds", "read_xml"),
    "atom": _elsewhere("feeds", "read_xml"),
    "eml": _read_mail,
    "mht": _read_mail,
    "mhtml": _read_mail,
}
KINDS = tuple(_READERS)
