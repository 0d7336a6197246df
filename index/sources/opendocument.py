"""OpenDocument (`.odt`, `.ods`, `.odp`) -> records: texts with the numbers of lists, tables, notes, heads and feet."""

import re
from collections.abc import Iterator
from typing import Any

from index.models import Skipped, SkipReason
from index.sources import sheet_regions, tables
from index.sources.numbering import LEVELS, Counter, Level
from index.sources.packages import Element, Package, attribute, child, descendants, name_of
from index.sources.records import Record, Records, not_read
from index.sources.titles import author_of, title_of

_SHAPES = {
    "": "none",
    "1": "decimal",
    "a": "lowerLetter",
    "A": "upperLetter",
    "i": "lowerRoman",
    "I": "upperRoman",
    "一, 二, 三, ...": "chineseCounting",
    "壹, 贰, 叁, ...": "chineseLegalSimplified",
    "甲, 乙, 丙, ...": "ideographTraditional",
    "子, 丑, 寅, ...": "ideographZodiac",
    "①, ②, ③, ...": "decimalEnclosedCircle",
    "１, ２, ３, ...": "decimalFullWidth",
}
_GONE = frozenset(
    "tracked-changes annotation annotation-end sequence-decls forms ruby-text page-number page-count settings "
    "bibliography-source table-of-content-source title-template".split()
)
_MAX_REPEATED = 1_000  # cells or rows that one element stands for and that are not the empty end of a sheet


class _Lists:
    """The numbers of lists, by their style."""

    def __init__(self, *roots: Element | None) -> None:
        self._levels: dict[str, dict[int, Level]] = {}
        self._counters: dict[str, Counter] = {}
        self._last: dict[str, str] = {}  # style -> the list that had it last
        self._unnamed = 0
        for root in roots:
            for style in () if root is None else descendants(root, "list-style", "outline-style"):
                self._levels[attribute(style, "name")] = dict(filter(None, map(_level, style)))

    def named(self, node: Element, style: str) -> str:
        """A name for a list that begins, or that of the one it continues."""
        own = attribute(node, "id")
        continued = attribute(node, "continue-list")
        if not continued and attribute(node, "continue-numbering") == "true":
            continued = self._last.get(style, "")
        if continued in self._counters and own:
            self._counters[own] = self._counters[continued]  # which others may continue, too
        self._unnamed += 1
        self._last[style] = continued or own or f"#{self._unnamed}"
        return self._last[style]

    def label(self, style: str, list_id: str, level: int, start: str = "") -> str:
        """What stands before an item; counts it, from `start` where that is a number."""
        levels = self._levels.get(style)
        if not levels or level not in levels:
            return ""
        counter = self._counters.setdefault(list_id, Counter())
        if start.isdecimal() and level < LEVELS:
            counter.at[level] = int(start) - 1
        return counter.label(levels, level)


def _level(node: Element) -> tuple[int, Level] | None:
    at = attribute(node, "level")
    if not at.isdecimal():
        return None
    shape = _SHAPES.get(attribute(node, "num-format"), "decimal")
    if name_of(node) not in ("list-level-style-number", "outline-level-style") or shape == "none":
        return int(at) - 1, Level(shape="bullet")
    shown = int(attribute(node, "display-levels") or 1)
    numbers = ".".join(f"%{n}" for n in range(max(1, int(at) - shown + 1), int(at) + 1))
    text = attribute(node, "num-list-format") or attribute(node, "num-prefix") + numbers + attribute(node, "num-suffix")
    text = re.sub(r"%(\d+)%", r"%\1", text)
    return int(at) - 1, Level(start=int(attribute(node, "start-value") or 1), shape=shape, text=text)


class _Text:
    """Elements on their way to blocks of text."""

    def __init__(self, package: Package) -> None:
        self.content, self._styles = package.xml("content.xml"), package.xml("styles.xml")
        if self.content is None:
            raise ValueError("there is no content.xml")
        self._lists = _Lists(self._styles, self.content)
        self._notes: list[str] = []
        self.title = ""
        self._style_of = {
            attribute(node, "name"): attribute(node, "parent-style-name") for node in descendants(self.content, "style")
        }

    def blocks(self, container: Any, style: str = "", list_id: str = "", level: int = -1) -> list[str]:
        """The blocks below an element; `style`, `list_id` and `level` of the list it stands in."""
        out: list[str] = []
        for node in container:
            name = name_of(node)
            if name in _GONE:
                continue
            if name in ("p", "h"):
                out += self._paragraph(node)
            elif name == "list":
                own = attribute(node, "style-name") or style
                out += self.blocks(node, own, list_id or self._lists.named(node, own), level + 1)
            elif name == "list-item":
                start = attribute(node, "start-value")
                label = self._lists.label(style, list_id, level, start) if _own_text(node) else ""
                inner = self.blocks(node, style, list_id, level)
                out += [label + inner[0], *inner[1:]] if inner else []
            elif name == "table":
                out += ["\n".join(lines)] if (lines := tables.lines(_rows(node, self.cell))) else []
            else:
                out += self.blocks(node, style, list_id, level)
        return out

    def _paragraph(self, node: Element) -> list[str]:
        after: list[str] = []
        text = re.sub(r"[ \t]+", " ", self._inline(node, after)).strip()
        style = attribute(node, "style-name")
        if "Title" in (style, self._style_of.get(style)) and text and not self.title:
            self.title = " ".join(text.split())
            return after
        if name_of(node) == "h" and text:
            at = attribute(node, "outline-level")
            text = self._lists.label("", "outline", int(at) - 1 if at.isdecimal() else 0) + text
        return [text, *after] if text else after

    def _inline(self, node: Element, after: list[str]) -> str:
        parts = [node.text or ""]
        for one in node:
            name = name_of(one)
            if name == "s":
                parts.append(" " * min(int(attribute(one, "c") or 1), 100))
            elif name == "tab":
                parts.append(" ")
            elif name == "line-break":
                parts.append("\n")
            elif name == "note":
                body = child(one, "note-body")
                self._notes += [] if body is None else self.blocks(body)
            elif name in ("text-box", "table", "list", "p"):
                after += self.blocks([one] if name != "text-box" else one)
            elif name not in _GONE and name:
                parts.append(self._inline(one, after))
            parts.append(one.tail or "")
        return "".join(parts)

    def cell(self, cell: Element) -> str:
        """The text of a cell, on one line."""
        return " ".join(" ".join(block.split()) for block in self.blocks(cell))

    def ends(self, blocks: list[str]) -> list[str]:
        """Notes, then heads and feet that the text does not hold already."""
        told = list(self._notes)
        seen = {*blocks, *told, self.title}
        masters = () if self._styles is None else descendants(self._styles, "master-page")
        for master in masters:
            for part in (one for one in master if name_of(one).startswith(("header", "footer"))):
                for block in self.blocks(part):
                    if block not in seen and any(char.isalpha() for char in re.sub("[第页頁共]", "", block)):
                        seen.add(block)
                        told.append(block)
        return told


def _own_text(item: Element) -> bool:
    first = next((node for node in item if name_of(node)), None)
    return first is not None and name_of(first) in ("p", "h")


def _rows(table: Element, text_of: Any) -> list[tables.Row]:
    """The rows of a table with merged and repeated cells filled."""
    rows: list[list[str]] = []
    ranges = []
    for row in descendants(table, "table-row"):
        if next((one for one in row.iterancestors() if name_of(one) == "table"), None) is not table:
            continue  # of a table inside
        cells: list[str] = []
        for cell in (one for one in row if name_of(one) in ("table-cell", "covered-table-cell")):
            text = text_of(cell)
            wide, high = (int(attribute(cell, f"number-{what}-spanned") or 1) for what in ("columns", "rows"))
            if (wide > 1 or high > 1) and name_of(cell) == "table-cell":
                ranges.append((len(rows), len(cells), len(rows) + high - 1, len(cells) + wide - 1))
            cells += [text] * min(int(attribute(cell, "number-columns-repeated") or 1), _MAX_REPEATED)
        while cells and not cells[-1] and not any(r[0] == len(rows) and r[3] >= len(cells) - 1 for r in ranges):
            cells.pop()
        repeated = int(attribute(row, "number-rows-repeated") or 1)
        rows += [list(cells) for _ in range(min(repeated, _MAX_REPEATED) if cells else 1)]
    width = max((len(row) for row in rows), default=0)
    return tables.merged([row + [""] * (width - len(row)) for row in rows], ranges)


def _told(package: Package) -> tuple[str, str]:
    root = package.xml("meta.xml")
    if root is None:
        return "", ""
    found = {
        name_of(node): "".join(node.itertext()).strip()
        for node in descendants(root, "title", "creator", "initial-creator")
    }
    return title_of(found.get("title")), author_of(found.get("initial-creator") or found.get("creator"))


def _unread(package: Package, where: str) -> Iterator[Skipped]:
    pictures = sum(name.startswith("Pictures/") for name in package.names)
    objects = sum(re.fullmatch(r"Object [^/]+/content\.xml", name) is not None for name in package.names)
    yield from not_read(where, {"picture": pictures, "embedded object": objects})


def read_odt(data: bytes, where: str) -> Records:
    """One record of a text document."""
    package = Package(data)
    text = _Text(package)
    body = next(iter(descendants(text.content, "text")), None)
    blocks = [] if body is None else text.blocks(body)
    blocks += text.ends(blocks)
    title, author = _told(package)
    content = {"title": text.title or title, "text": "\n\n".join(blocks), "author": author}
    yield Record({k: v for k, v in content.items() if v}, where, whole_file=True)
    yield from _unread(package, where)


def read_odp(data: bytes, where: str) -> Records:
    """One record of slides, which are its pages."""
    package = Package(data)
    text = _Text(package)
    told, starts, first = "", [], ""
    for page in descendants(text.content, "page"):
        starts.append(len(told))
        blocks = text.blocks(page)
        title = next((b for node in page if attribute(node, "class") == "title" for b in text.blocks([node])), "")
        first = first or " ".join(title.split())
        told += "".join(f"{block}\n\n" for block in blocks)
    given, author = _told(package)
    content = {"title": first or given, "text": told.rstrip("\n"), "author": author}
    yield Record({k: v for k, v in content.items() if v}, where, whole_file=True, pages=tuple(starts))
    yield from _unread(package, where)


def read_ods(data: bytes, where: str) -> Records:
    """One record a row of each sheet."""
    package = Package(data)
    text = _Text(package)
    given = False
    for sheet in descendants(text.content, "table"):
        name = attribute(sheet, "name")
        for record in sheet_regions.records(iter(_rows(sheet, text.cell)), f"{where}:{name}"):
            given = True
            yield record
    if not given:
        yield Skipped(where, SkipReason.EMPTY)
    yield from _unread(package, where)
