"""Results to take away: as a table, as JSON, as references for a library, as a feed of a question that is asked again.

csv   a row a result, UTF-8 with a byte order mark, which spreadsheets of offices want
json  the answer as the API gives it
ris   a record a result, as reference managers read it
atom  RFC 4287, an entry a result
"""

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlencode
from xml.etree import ElementTree

from search.models import Answer, Result

Format = Literal["csv", "json", "ris", "atom"]
MEDIA_TYPES: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}
_ATOM = "http://www.w3.org/2005/Atom"
_FORMULA = re.compile(r"^[=+\-@\t\r]")  # a spreadsheet would compute what begins so
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COLUMNS = (
    "title",
    "source",
    "author",
    "published",
    "tags",
    "url",
    "passage",
    "score",
    "article_id",
    "duplicates",
)


def exported(answer: Answer, kind: Format, *, page: str, feed: str = "") -> bytes:
    """`answer` in one of the formats. `page` is the address of the page, `feed` that of the feed itself."""
    if kind == "json":
        return json.dumps(answer.to_json(), ensure_ascii=False, indent=1).encode("utf-8", "replace")
    if kind == "csv":
        return _csv(answer)
    return _ris(answer, page) if kind == "ris" else _atom(answer, page, feed)


def _passage(result: Result) -> str:
    return " ".join(result.passages[0].text.split()) if result.passages else ""


def _read(page: str, result: Result) -> str:
    """The address of an article on the page."""
    return f"{page}?{urlencode({'read': result.article_id})}"


def _csv(answer: Answer) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for result in answer.results:
        copies = "；".join(copy["source"] or copy["article_id"] or "" for copy in result.duplicates)
        row = (
            result.title, result.source, result.author, result.published, "；".join(result.tags), result.url,
            _passage(result), result.score, result.article_id, copies,
        )  # fmt: skip
        writer.writerow([_plain(value) for value in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def _plain(value: object) -> object:
    """Text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def _ris(answer: Answer, page: str) -> bytes:
    lines: list[str] = []
    for result in answer.results:
        day = (result.published or "").replace("-", "/")
        fields = [
            ("TY", "NEWS" if result.source else "GEN"),
            ("TI", result.title),
            *(("AU", name) for name in re.split(r"[、,，;；]", result.author or "")),
            ("T2", result.source),
            ("PY", day[:4]),
            ("DA", day),
            *(("KW", tag) for tag in result.tags),
            ("AB", _passage(result)),
            ("UR", result.url or _read(page, result)),
            ("ID", result.article_id),
            ("LA", "zh"),
        ]
        lines += [f"{tag}  - {' '.join(value.split())}" for tag, value in fields if value and value.strip()]
        lines += ["ER  - ", ""]
    return "\r\n".join(lines).encode("utf-8", "replace")


def _atom(answer: Answer, page: str, feed: str) -> bytes:
    root = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": "zh"})

    def add(parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
        node = ElementTree.SubElement(parent, tag, {name: _NO_XML.sub("", value) for name, value in attributes.items()})
        node.text = _NO_XML.sub("", text) if text else None
        return node

    add(root, "title", f"{answer.query} · 文搜")
    add(root, "id", feed or page)
    if feed:
        add(root, "link", rel="self", href=feed)
    add(root, "link", rel="alternate", href=f"{page}?{urlencode({'q': answer.query})}")
    days = [result.published for result in answer.results if result.published]
    add(root, "updated", _instant(max(days, default=None)))
    add(add(root, "author"), "name", "文搜")
    for result in answer.results:
        entry = add(root, "entry")
        add(entry, "title", result.title or result.article_id)
        add(entry, "id", _read(page, result))
        add(entry, "link", rel="alternate", href=_read(page, result))
        add(entry, "updated", _instant(result.published))
        if result.author or result.source:
            add(add(entry, "author"), "name", result.author or result.source)
        for tag in result.tags:
            add(entry, "category", term=tag)
        add(entry, "summary", _passage(result))
    text: bytes = ElementTree.tostring(root, "utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + text


def _instant(day: str | None) -> str:
    """RFC 3339; an article without a day is as old as can be, so that it is never news."""
    return f"{day}T00:00:00Z" if day else datetime(1970, 1, 1, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
