"""Feeds (RSS, Atom) and other XML -> a record an entry; XML that is none is said to be no such thing."""

import re
from typing import Any

from index.models import Skipped, SkipReason
from index.sources import encodings, markup, web
from index.sources.packages import Element, attribute, name_of, parse_xml
from index.sources.page_blocks import visible_text
from index.sources.records import Record, Records

_BODIES = ("encoded", "content", "description", "summary", "subtitle")
_DATES = ("pubDate", "published", "date", "issued", "updated", "modified")
_DECLARED = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.-]{2,20})[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_TAGGED = re.compile(r"<[a-zA-Z/][^<>]*>|&(?:[a-z]+|#\d+);")


def read_xml(data: bytes, where: str) -> Records:
    """Every entry of a feed, or the page that an XHTML file is."""
    text = _decoded(data)
    if text is None:
        yield Skipped(where, SkipReason.ENCODING)
        return
    root = parse_xml(text.encode("utf-8", "replace"))
    kind = name_of(root).lower()
    if kind == "html":
        yield Record(web.html(text), where, whole_file=True)
        return
    if kind not in ("rss", "feed", "rdf"):
        yield Skipped(where, SkipReason.FORMAT, f"XML of the kind <{kind}>: feeds are read")
        return
    source = next(
        (_text(node) for node in _below(root, "title") if name_of(node.getparent()) in ("channel", "feed")), ""
    )
    number = 0
    for node in root.iter():
        if name_of(node) not in ("item", "entry"):
            continue
        number += 1
        yield Record(_entry(node, source), f"{where}:{number}")
    if not number:
        yield Skipped(where, SkipReason.EMPTY, "a feed without entries")


def _decoded(data: bytes) -> str | None:
    """The document without its declaration, which may lie: UTF-8 is what decodes as such, and what is declared counts
    where all of it decodes.
    """
    declared = _DECLARED.match(data)
    guessed = encodings.guess(data)
    text = None
    if declared and guessed not in ("utf-8", "utf-8-sig"):
        try:
            text = data.decode(markup.CHINESE.get(name := declared[1].decode("ascii").lower(), name))
        except (LookupError, UnicodeDecodeError):
            text = None
    if text is None:
        text = None if guessed is None else data.decode(guessed, "replace")
    return None if text is None else _DECLARATION.sub("", text)


def _below(node: Element, name: str) -> list[Element]:
    return [one for one in node.iter() if name_of(one) == name]


def _text(node: Element | None) -> str:
    return "" if node is None else "".join(node.itertext()).strip()


def _entry(node: Element, source: str) -> dict[str, Any]:
    children: dict[str, list[Element]] = {}
    for one in node:
        children.setdefault(name_of(one), []).append(one)

    def first(*names: str) -> str:
        return next((text for name in names for one in children.get(name, []) if (text := _text(one))), "")

    bodies = [_shown(one) for name in _BODIES for one in children.get(name, [])]
    found = ((attribute(one, "href") or _text(one), attribute(one, "rel")) for one in children.get("link", []))
    link = next((href for href, kind in found if href and kind in ("", "alternate")), "")
    people = [_text(next(iter(_below(one, "name")), one)) for one in children.get("author", [])]
    content = {
        "title": _plain(first("title")),
        "text": max(bodies, key=len, default=""),
        "author": "、".join(filter(None, people)) or first("creator"),
        "published": first(*_DATES),
        "tags": [tag for one in children.get("category", []) if (tag := attribute(one, "term") or _text(one))],
        "url": link,
        "source": first("source") or source,
    }
    content["text"] = content["text"] or content["title"]
    return {key: value for key, value in content.items() if value}


def _shown(node: Element) -> str:
    """The words of a body: XHTML as elements, HTML as text, or plain text."""
    if any(name_of(one) for one in node):
        from lxml import etree

        return visible_text(etree.tostring(node, encoding="unicode"))
    return _plain(_text(node))


def _plain(text: str) -> str:
    return visible_text(text) if _TAGGED.search(text) else text
