"""Slides (`.pptx`) -> one record whose pages are the slides: titles, texts, tables, charts, notes."""

import re
from collections.abc import Iterator
from typing import Any

from index.sources import tables
from index.sources.charts import drawn_text, paragraph_text
from index.sources.numbering import numeral
from index.sources.packages import Element, Package, attribute, child, chosen, descendants, name_of
from index.sources.records import Record, Records, not_read
from index.sources.titles import author_of, title_of

_FURNITURE = frozenset({"dt", "sldNum", "ftr", "hdr", "sldImg"})
_TITLES = frozenset({"title", "ctrTitle"})
_NUMBERED = re.compile(r"(?P<shape>\D+?\d?\D*?)(?P<marks>ParenBoth|ParenR|Period|Plain|Minus)$")
_SHAPES = {  # the beginnings of what PowerPoint calls its numbers -> index.sources.numbering
    "arabic": "decimal",
    "arabicDb": "decimalFullWidth",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "circleNumDb": "decimalEnclosedCircle",
    "circleNumWdBlack": "decimalEnclosedCircle",
    "circleNumWdWhite": "decimalEnclosedCircle",
    "ea1Chs": "chineseCounting",
    "ea1Cht": "taiwaneseCounting",
    "ea1JpnChs": "japaneseCounting",
    "ea1JpnKor": "koreanCounting",
}
_MARKS = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Plain": "{}", "Minus": "{}-"}


def read_pptx(data: bytes, where: str) -> Records:
    """One record of all slides in their order, with what of them was not read."""
    package = Package(data)
    main = package.main("ppt/presentation.xml")
    root = package.xml(main)
    if root is None:
        raise ValueError(f"there is no {main}")
    relations = package.relations(main)
    parts = [relations.get(attribute(node, "id"), ("", "")) for node in _slides(root)]
    slides = [_Slide(package, path) for kind, path in parts if kind == "slide"]
    text, starts = "", []
    for slide in slides:
        starts.append(len(text))
        if slide.blocks:
            text += "\n\n".join(slide.blocks) + "\n\n"
    properties = package.xml("docProps/core.xml")
    given = "" if properties is None else next((n.text or "" for n in descendants(properties, "title")), "")
    author = "" if properties is None else next((n.text or "" for n in descendants(properties, "creator")), "")
    first = next((slide.title for slide in slides if slide.title), "")
    content: dict[str, Any] = {
        "text": text.rstrip("\n"),
        "title": first or title_of(given),
        "author": author_of(author),
    }
    yield Record({k: v for k, v in content.items() if v}, where, whole_file=True, pages=tuple(starts))
    pictures = sum(name.startswith("ppt/media/") for name in package.names)
    comments = sum("/comments/" in name for name in package.names)
    told = {"picture": pictures, "embedded file": package.embedded("ppt/embeddings/"), "commented slide": comments}
    yield from not_read(where, told)


def _slides(root: Element) -> Iterator[Element]:
    """The references to the slides. Their attribute `id` is a number; that of the relation has a namespace."""
    for node in descendants(root, "sldId"):
        for key in list(node.attrib):
            if key == "id":
                del node.attrib[key]
        yield node


class _Slide:
    """The blocks of one slide, its title first."""

    def __init__(self, package: Package, path: str) -> None:
        self.title = ""
        self.blocks: list[str] = []
        self._package, self._relations = package, package.relations(path)
        root = package.xml(path)
        tree = child(root, "cSld", "spTree")
        if tree is None:
            return
        for shape in _shapes(tree):
            self._shape(shape)
        for kind, part in self._relations.values():
            notes = package.xml(part) if kind == "notesSlide" else None
            if notes is not None:
                self._notes(notes)
        if self.title:
            self.blocks.insert(0, self.title)

    def _shape(self, shape: Element) -> None:
        role = _role(shape)
        if role in _FURNITURE:
            return
        if name_of(shape) == "graphicFrame":
            self.blocks += [line for table in descendants(shape, "tbl") if (line := "\n".join(_table(table)))]
            if drawn := drawn_text(self._package, self._relations, shape):
                self.blocks.append("\n".join(drawn))
            return
        text = "\n".join(_paragraphs(shape))
        if not text:
            return
        if role in _TITLES and not self.title:
            self.title = " ".join(text.split())
        else:
            self.blocks.append(text)

    def _notes(self, root: Element) -> None:
        for shape in descendants(root, "sp"):
            if _role(shape) not in _FURNITURE and (text := "\n".join(_paragraphs(shape))):
                self.blocks.append(text)


def _shapes(tree: Any) -> Iterator[Element]:
    """Shapes one after the other, those of groups too."""
    for node in tree:
        name = name_of(node)
        if name == "grpSp":
            yield from _shapes(node)
        elif name == "AlternateContent":
            yield from _shapes(chosen(node))
        elif name in ("sp", "graphicFrame", "cxnSp"):
            yield node


def _role(shape: Element) -> str:
    """What a placeholder stands for: `title`, `body`, `sldNum`; "" where it is none."""
    for node in shape:
        if name_of(node).startswith("nv"):
            place = child(node, "nvPr", "ph")
            return "" if place is None else attribute(place, "type", "body")
    return ""


def _paragraphs(shape: Element) -> Iterator[str]:
    counts: dict[int, tuple[str, int]] = {}  # level -> how it is numbered, and the last number
    for paragraph in descendants(shape, "p"):
        if text := paragraph_text(paragraph):
            yield _number(paragraph, counts) + text


def _number(paragraph: Element, counts: dict[int, tuple[str, int]]) -> str:
    """What PowerPoint writes before a paragraph by itself; counts it. "" for a bullet or none."""
    properties = child(paragraph, "pPr")
    level = attribute(properties, "lvl")
    at = int(level) if level.isdecimal() else 0
    for below in [below for below in counts if below > at]:
        del counts[below]
    numbered = child(properties, "buAutoNum")
    kind = attribute(numbered, "type")
    match = _NUMBERED.match(kind)
    if match is None:
        counts.pop(at, None)
        return ""
    start = attribute(numbered, "startAt", "1")
    before, last = counts.get(at, ("", 0))
    number = last + 1 if before == kind else int(start) if start.isdecimal() else 1
    counts[at] = (kind, number)
    return _MARKS[match["marks"]].format(numeral(number, _SHAPES.get(match["shape"], "decimal"))) + " "


def _table(table: Element) -> list[str]:
    rows, ranges = [], []
    for y, row in enumerate(node for node in table if name_of(node) == "tr"):
        cells = [node for node in row if name_of(node) == "tc"]
        rows.append([" ".join(_paragraphs(cell)) for cell in cells])
        for x, cell in enumerate(cells):
            wide, high = int(cell.get("gridSpan", 1)), int(cell.get("rowSpan", 1))
            if wide > 1 or high > 1:
                ranges.append((y, x, y + high - 1, x + wide - 1))
    return tables.lines(tables.merged(rows, ranges))
