"""Word files (`.docx`) -> one record: all that the page shows, tracked changes as if accepted, each thing once.

Read: paragraphs with the numbers that Word writes before them, tables with merged and nested cells, content controls,
text boxes, fields, footnotes and endnotes, headers and footers, charts, diagrams, equations, and texts of other files
taken in. Comments, pictures and embedded files are named as not read.
"""

import re
from collections.abc import Iterator
from typing import Any

from index.sources import encodings, tables
from index.sources.docx_lists import Lists, Styles, on
from index.sources.packages import Element, Package, attribute, child, chosen, descendants, drawn_text, name_of
from index.sources.page_blocks import visible_text
from index.sources.records import Record, Records, not_read
from index.sources.titles import author_of

_GONE = frozenset({"del", "moveFrom", "rt", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sdtPr", "sdtEndPr", "instrText"})
_GONE |= frozenset({"delText", "delInstrText", "annotationRef", "footnoteRef", "endnoteRef", "binData", "proofErr"})
_PAGE_FIELDS = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION"})
_BARE = re.compile(r"[\s第页頁共总計计/／\-—–~·.,，|PpageofAGEOF\d]*")
# What the symbol fonts show in place of their own codes: boxes and ticks of forms.
_SYMBOLS = {"f0fe": "☑", "f052": "☑", "f0a8": "□", "f06f": "□", "f0fc": "✓", "f0fd": "☒", "f0fb": "✗", "f0b7": "·"}
_DEPTH = 4  # documents inside documents


def read_docx(data: bytes, where: str) -> Records:
    """One record of the whole file, and what of it was not read."""
    document = _Document(Package(data))
    content: dict[str, Any] = {"text": "\n\n".join(document.text()), "title": document.title}
    properties = document.package.xml("docProps/core.xml")
    content["author"] = author_of("" if properties is None else (_text_of(properties, "creator")))
    yield Record(content, where, whole_file=True)
    yield from not_read(where, document.unread())


def _text_of(root: Element, name: str) -> str:
    return next((node.text or "" for node in descendants(root, name)), "").strip()


class _Document:
    """One file on its way to text."""

    def __init__(self, package: Package, depth: int = 0) -> None:
        self.package, self._depth = package, depth
        self.main = package.main("word/document.xml")
        root = package.xml(self.main)
        if root is None:
            raise ValueError(f"there is no {self.main}")
        self._root = root
        parts = package.related(self.main, "styles")
        self._styles = Styles(package.xml(parts[0]) if parts else None)
        self._lists = Lists(package, self.main, self._styles)
        self._notes: list[tuple[str, str]] = []
        self.title = ""
        self._lost: dict[str, int] = {}

    def text(self) -> list[str]:
        """Every block: the body, then the notes, then headers and footers."""
        body = child(self._root, "body")
        blocks = [] if body is None else _Story(self, self.main).blocks(body)
        notes = self._notes_of("footnote") + self._notes_of("endnote")
        seen = {*(block for text in (*blocks, self.title) for block in text.split("\n")), ""}
        margins = []
        for kind in ("header", "footer"):
            for line in self._margin(kind):
                if line not in seen:
                    seen.add(line)
                    margins.append(line)
        return [*blocks, *notes, *margins]

    def _notes_of(self, kind: str) -> list[str]:
        parts = self.package.related(self.main, f"{kind}s")
        root = self.package.xml(parts[0]) if parts else None
        if root is None:
            return []
        found = {attribute(node, "id"): node for node in descendants(root, kind)}
        wanted = dict.fromkeys(number for what, number in self._notes if what == kind)
        return [block for number in wanted if number in found for block in _Story(self, parts[0]).blocks(found[number])]

    def _margin(self, kind: str) -> Iterator[str]:
        relations = self.package.relations(self.main)
        for number in dict.fromkeys(attribute(node, "id") for node in descendants(self._root, f"{kind}Reference")):
            what, path = relations.get(number, ("", ""))
            root = self.package.xml(path) if what == kind else None
            if root is None:
                continue
            for block in _Story(self, path).blocks(root):
                for line in block.split("\n"):
                    if line.strip() and not _BARE.fullmatch(line):
                        yield line.strip()

    def note(self, kind: str, number: str) -> None:
        """A note is referred to."""
        self._notes.append((kind, number))

    def paragraph(self, properties: Element | None, text: str) -> str:
        """A paragraph with its number before it; the first of the style of titles is the title, and no block."""
        label = self._lists.label(properties)
        style = attribute(child(properties, "pStyle"), "val")
        if style and not self.title and text and self._styles.name(style) == "title":
            self.title = " ".join((label + text).split())
            return ""
        return label + text if text else ""

    def taken_in(self, path: str) -> list[str]:
        """The text of a file that is part of this one (`altChunk`)."""
        data = self.package.read(path) or b""
        if data.startswith(b"PK"):
            return _Document(Package(data), self._depth + 1).text() if self._depth < _DEPTH else []
        text = encodings.decode(data) or ""
        shown = visible_text(text) if re.search(r"<(?:html|body|p|div)\b", text, re.I) else text
        return [line.strip() for line in shown.split("\n") if line.strip()]

    def unread(self) -> dict[str, int]:
        """What is in the file and not in the text."""
        names = self.package.names
        comments = [self.package.xml(part) for part in self.package.related(self.main, "comments")]
        return {
            "comment": sum(1 for root in comments if root is not None for _ in descendants(root, "comment")),
            "picture": sum(name.startswith("word/media/") for name in names),
            "embedded file": sum(name.startswith("word/embeddings/") for name in names),
        }


class _Story:
    """A run of blocks with fields of its own: the body, a note, a header."""

    def __init__(self, document: _Document, part: str) -> None:
        self._document = document
        self._relations = document.package.relations(part)
        self._fields: list[
            list[Any]
        ] = []  # of those that are open: what is asked for, and whether its result has begun
        self._after: list[str] = []  # blocks that hang on the paragraph being read
        self._carried = ""  # text of a paragraph whose mark was deleted

    def blocks(self, container: Element) -> list[str]:
        """The blocks below an element, in order."""
        out: list[str] = []
        for node in container:
            name = name_of(node)
            if name == "p":
                out += self._paragraph(node)
            elif name == "tbl":
                out += self._table(node)
            elif name == "sdt":
                out += self.blocks(_control(node))
            elif name == "altChunk":
                out += self._document.taken_in(self._relations.get(attribute(node, "id"), ("", ""))[1])
            elif name == "AlternateContent":
                out += [block for one in chosen(node) for block in self.blocks([one])]
            elif name not in _GONE and name not in ("sectPr", "tblGrid"):
                out += self.blocks(node)
        if self._carried and container is not None and name_of_root(container) in ("body", "hdr", "ftr"):
            out.append(self._carried)
            self._carried = ""
        return out

    def _paragraph(self, node: Element) -> list[str]:
        properties = child(node, "pPr")
        outer, self._after = self._after, []
        text = self._carried + self._inline(node)
        after, self._after = self._after, outer
        mark = child(properties, "rPr")
        if child(mark, "del") is not None or child(mark, "moveFrom") is not None:
            self._carried = text
            return after
        self._carried = ""
        lines = [re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n")]
        block = self._document.paragraph(properties, "\n".join(line for line in lines if line))
        return [block, *after] if block else after

    def _inline(self, node: Any) -> str:
        return "".join(self._piece(one, name_of(one)) for one in node)

    def _piece(self, one: Element, name: str) -> str:
        """What one element inside a paragraph says; what hangs on the paragraph goes to `_after`."""
        if name in _GONE:
            if name == "instrText" and self._fields:
                self._fields[-1][0] += one.text or ""
            return ""
        if name == "t":
            return self._shown(one.text or "")
        if name in _CHARACTERS:
            return self._shown(_CHARACTERS[name])
        if name == "sym":
            return self._shown(_symbol(one))
        if name == "fldChar":
            return self._field(one)
        if name in ("drawing", "pict", "object"):
            self._drawing(one)
            return ""
        if name in ("footnoteReference", "endnoteReference"):
            self._document.note(name.removesuffix("Reference"), attribute(one, "id"))
            return ""
        return self._inline(self._shown_below(one, name))

    def _shown_below(self, one: Element, name: str) -> Any:
        """The elements of a wrapper that are shown."""
        if name == "r" and on(child(one, "rPr", "vanish")):
            return ()
        if name == "fldSimple" and _page_field(attribute(one, "instr")):
            return ()
        if name == "sdt":
            return _control(one)
        if name == "AlternateContent":
            return chosen(one)
        if name == "tbl":
            self._after += self._table(one)
            return ()
        return one

    def _shown(self, text: str) -> str:
        """Text, or nothing where a field is open whose result has not begun or is a page's number."""
        return text if all(begun and not _page_field(asked) for asked, begun in self._fields) else ""

    def _field(self, node: Element) -> str:
        kind = attribute(node, "fldCharType")
        if kind == "begin":
            shown = self._shown(_form_value(node))
            self._fields.append(["", False])
            return shown
        if kind == "separate" and self._fields:
            self._fields[-1][1] = True
        elif kind == "end" and self._fields:
            self._fields.pop()
        return ""

    def _drawing(self, node: Element) -> None:
        for box in _outermost(node, "txbxContent"):
            self._after += _Story(self._document, self._document.main)._with(self._relations).blocks(box)
        self._after += drawn_text(self._document.package, self._relations, node)
        for shape in descendants(node, "textpath"):  # word art of old files
            if text := attribute(shape, "string").strip():
                self._after.append(text)

    def _with(self, relations: dict[str, tuple[str, str]]) -> "_Story":
        self._relations = relations
        return self

    def _table(self, node: Element) -> list[str]:
        rows: list[list[str]] = []
        ranges: list[tuple[int, int, int, int]] = []
        open_at: dict[int, tuple[int, int]] = {}  # first column -> first row and last column of a cell that goes down
        nested: list[str] = []
        for row in _rows(node):
            y, cells = len(rows), [""] * _int_of(row, "gridBefore")
            for cell in _cells(row):
                properties = child(cell, "tcPr")
                x, width = len(cells), max(1, min(_int_of(cell, "gridSpan", 1), 200))
                down = child(properties, "vMerge")
                text = self._cell(cell, nested)
                cells += [text, *[""] * (width - 1)]
                goes_on = down is not None and attribute(down, "val") != "restart" and x in open_at
                if goes_on:
                    top, right = open_at[x]
                    ranges = [r for r in ranges if (r[0], r[1]) != (top, x)]
                    ranges.append((top, x, y, right))
                else:
                    open_at.pop(x, None)
                    if down is not None:
                        open_at[x] = (y, x + width - 1)
                    if width > 1 or down is not None:
                        ranges.append((y, x, y, x + width - 1))
            rows.append(cells)
        width = max(map(len, rows), default=0)
        lines = tables.lines(tables.merged([row + [""] * (width - len(row)) for row in rows], ranges))
        return (["\n".join(lines)] if lines else []) + nested

    def _cell(self, cell: Element, nested: list[str]) -> str:
        inner = []
        for node in _flat(cell):
            if name_of(node) == "tbl":
                nested += self._table(node)
            elif name_of(node) == "p":
                blocks = self._paragraph(node)
                inner += blocks
        return "\n".join(inner)


_CHARACTERS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "", "ptab": " "}


def name_of_root(container: Any) -> str:
    """The name of an element; "" where a list of them is read."""
    return "" if isinstance(container, list) else name_of(container)


def _control(node: Element) -> Any:
    """What a content control holds; nothing where it still shows what to fill in."""
    if on(child(node, "sdtPr", "showingPlcHdr")):
        return []
    content = child(node, "sdtContent")
    return [] if content is None else content


def _flat(container: Any) -> Iterator[Element]:
    """Paragraphs and tables below an element, out of whatever is wrapped around them."""
    for node in container:
        name = name_of(node)
        if name in ("p", "tbl"):
            yield node
        elif name == "sdt":
            yield from _flat(_control(node))
        elif name == "AlternateContent":
            yield from _flat(chosen(node))
        elif name not in _GONE:
            yield from _flat(node)


def _wrapped(container: Any, wanted: str) -> Iterator[Element]:
    for node in container:
        name = name_of(node)
        if name == wanted:
            yield node
        elif name == "sdt":
            yield from _wrapped(_control(node), wanted)
        elif name in ("ins", "moveTo", "customXml", "smartTag"):
            yield from _wrapped(node, wanted)


def _rows(table: Element) -> Iterator[Element]:
    return (row for row in _wrapped(table, "tr") if child(row, "trPr", "del") is None)


def _cells(row: Element) -> Iterator[Element]:
    return (cell for cell in _wrapped(row, "tc") if child(cell, "tcPr", "cellDel") is None)


def _int_of(node: Element, name: str, default: int = 0) -> int:
    value = attribute(child(node, "trPr" if name_of(node) == "tr" else "tcPr", name), "val")
    return min(int(value), 200) if value.isdecimal() else default


def _outermost(node: Element, name: str) -> Iterator[Element]:
    """Elements of that name below `node` and not inside one another, of alternatives only what is shown."""
    for one in node:
        if name_of(one) == name:
            yield one
        elif name_of(one) == "AlternateContent":
            yield from _outermost(chosen(one), name)
        else:
            yield from _outermost(one, name)


def _page_field(asked: str) -> bool:
    return asked.split()[:1] != [] and asked.split()[0].upper() in _PAGE_FIELDS


def _form_value(begin: Element) -> str:
    """What an old form field shows that has no text of its own: a box, or the chosen entry of a list."""
    data = child(begin, "ffData")
    box, entries = child(data, "checkBox"), child(data, "ddList")
    if box is not None:
        state = child(box, "checked")
        return "☑" if on(state if state is not None else child(box, "default")) else "□"
    if entries is not None:
        values = [attribute(one, "val") for one in entries if name_of(one) == "listEntry"]
        chosen_one = attribute(child(entries, "result"), "val", "0")
        at = int(chosen_one) if chosen_one.isdecimal() else 0
        return values[at] if at < len(values) else ""
    return ""


def _symbol(node: Element) -> str:
    code = attribute(node, "char").lower()
    if code in _SYMBOLS:
        return _SYMBOLS[code]
    try:
        char = chr(int(code, 16))
    except ValueError:
        return ""
    return "" if "\ue000" <= char <= "\uf8ff" else char
