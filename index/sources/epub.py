"""Books (`.epub`) -> a record a chapter, in reading order."""

import posixpath
import re
from typing import Any

from index.models import Skipped, SkipReason
from index.sources import encodings
from index.sources.packages import Element, Package, attribute, descendants, name_of
from index.sources.page_blocks import visible_text
from index.sources.records import Record, Records
from index.sources.titles import author_of, title_of

_MIN_CHARS_FOR_CHAPTER = 20  # characters: what has fewer is no chapter but goes with the next one
_HEADING = re.compile(r"<h[1-4]\b[^>]*>(.{1,400}?)</h[1-4]>", re.S | re.I)
_FURNITURE = frozenset({"cover", "toc", "contents", "nav", "目录", "封面"})


def read_epub(data: bytes, where: str) -> Records:
    """One record a file of the book's spine; the title of the book is kept in `book`, what could not be read is named.

    The names of chapters are those of the table of contents, or else their headings.
    """
    package = Package(data)
    container = package.xml("META-INF/container.xml")
    paths = [] if container is None else [node.get("full-path", "") for node in descendants(container, "rootfile")]
    path = next((name for name in paths if package.find(name)), "")
    path = path or next((name for name in package.names if name.endswith(".opf")), "")
    root = package.xml(path)
    if root is None:
        yield Skipped(where, SkipReason.UNREADABLE, "it has no package document")
        return
    locked = _locked(package)
    told = _told(root)
    folder = path.rpartition("/")[0]
    missing: list[str] = []
    waiting = ""  # short pages before the next chapter
    number = 0
    names = _names(package, root, folder)
    for href in _spine(root):
        name = package.find(_resolved(folder, href))
        page = None if name is None or name in locked else encodings.decode(package.read(name) or b"")
        if name is None or page is None:
            missing.append(href)
            continue
        text = visible_text(page)
        if len(text) < _MIN_CHARS_FOR_CHAPTER:
            waiting += f"{text}\n\n" if text else ""
            continue
        number += 1
        heading = _HEADING.search(page)
        title = names.get(name) or (visible_text(heading[1]).replace("\n", " ") if heading else "")
        content: dict[str, Any] = {"title": " ".join(title.split()), "text": waiting + text, **told}
        waiting = ""
        yield Record({k: v for k, v in content.items() if v}, f"{where}!/{name}", whole_file=True)
    if waiting:
        number += 1
        yield Record({"text": waiting, **told}, f"{where}!/{waiting[:12].strip()}", whole_file=True)
    if missing:
        yield Skipped(where, SkipReason.PART, "chapters " + ", ".join(missing))
    elif not number:
        yield Skipped(where, SkipReason.EMPTY)


def _told(root: Element) -> dict[str, str]:
    """What the book says of itself: its first title, all authors, the day."""
    found: dict[str, list[str]] = {}
    for node in root.iter():
        if "elements" in str(node.tag) and (text := "".join(node.itertext()).strip()):
            found.setdefault(name_of(node), []).append(text)
    told = {
        "author": "、".join(filter(None, map(author_of, dict.fromkeys(found.get("creator", []))))),
        "published": next(iter(found.get("date", [])), ""),
        "book": title_of(next(iter(found.get("title", [])), "")),
    }
    return {key: value for key, value in told.items() if value}


def _spine(root: Element) -> list[str]:
    """Where the files of the book are, in reading order; every page of a book without an order."""
    items = {attribute(node, "id"): node for node in descendants(root, "item")}
    references = [attribute(node, "idref") for node in descendants(root, "itemref")]
    pages = [name for name, node in items.items() if "html" in attribute(node, "media-type")]
    chosen = dict.fromkeys([name for name in references if name in items] or pages)
    return [
        attribute(items[name], "href") for name in chosen if "nav" not in attribute(items[name], "properties").split()
    ]


def _resolved(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, href.partition("#")[0]))


def _names(package: Package, root: Element, folder: str) -> dict[str, str]:
    """The part of each chapter -> its name in the table of contents; the first of several in one part."""
    found: dict[str, str] = {}
    for item in descendants(root, "item"):
        kind, href = attribute(item, "media-type"), attribute(item, "href")
        contents = "nav" in attribute(item, "properties").split() or kind == "application/x-dtbncx+xml"
        part = package.find(_resolved(folder, href)) if contents else None
        tree = package.xml(part) if part else None
        if part is None or tree is None:
            continue
        base = part.rpartition("/")[0]
        for node in descendants(tree, "navPoint", "a"):
            link = node.get("href") or next((one.get("src") for one in descendants(node, "content")), None)
            label = next(iter(descendants(node, "text")), node if name_of(node) == "a" else None)
            name = package.find(_resolved(base, link)) if link else None
            if name and label is not None and (text := "".join(label.itertext()).strip()):
                found.setdefault(name, text)
    return {name: text for name, text in found.items() if text.lower() not in _FURNITURE}


def _locked(package: Package) -> set[str]:
    """Parts that are encrypted, fonts apart."""
    root = package.xml("META-INF/encryption.xml")
    uris = [] if root is None else [attribute(node, "URI") for node in descendants(root, "CipherReference")]
    return {name for uri in uris if (name := package.find(uri)) and name.lower().endswith(("html", "htm", "xml"))}
