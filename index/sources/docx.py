"""Word files (`.docx`) -> one record: all that the page shows, tracked changes as if accepted, each thing once.

Read: paragraphs with the numbers that Word writes before them, tables with merged and nested cells, content controls,
text boxes, fields, footnotes and endnotes, headers and footers, charts, diagrams, equations, and texts of other files
taken in. Comments, pictures and embedded files are named as not read.
"""

import re
from collections.abc import Iterator
from typing import Any

from index.sources import encodings, tables
from index.sources.charts import drawn_text
from index.sources.docx_lists import Lists, Styles, on
from index.sources.docx_nodes import (
    GONE,
    cells_of,
    control,
    flat,
    form_value,
    int_of,
    name_of_root,
    outermost,
    page_field,
    rows_of,
    symbol,
)
from index.sources.equations import equation
from index.sources.packages import Element, Package, attribute, child, chosen, descendants, name_of
from index.sources.page_blocks import visible_text
from index.sources.records import Record, Records, not_read
from index.sources.titles import author_of, title_of

_BARE = re.compile(r"[\s第页頁共总計计/／\-—–~·.,，|PpageofAGEOF\d]*")
_CHARACTERS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "", "ptab": " "}
_DEPTH = 4  # documents inside documents
_HEAD, _FIRST = 12, 3  # blocks among which the title stands that the properties give, and a heading that is the title
_MAX_TITLE = 60  # characters of a first line that is one
_ENDS = frozenset("。：；，,:;.！!？?")


def read_docx(data: bytes, where: str) -> Records:
    """One record of the whole file, and what of it was not read."""
    document = _Document(Package(data))
    blocks = document.text()
    properties = document.package.xml("docProps/core.xml")
    given = "" if properties is None else title_of(_text_of(properties, "title"))
    content: dict[str, Any] = {"text": "\n\n".join(blocks), "title": document.title or document.heading(blocks, given)}
    content["author"] = author_of("" if properties is None else (_text_of(properties, "creator")))
    yield Record(content, where, whole_file=True)
    yield from not_read(where, document.unread())


def _reads_as_title(line: str) -> bool:
    most = _MAX_TITLE * (2 if line.isascii() else 1)
    return len(line) <= most and " | " not in line and line[-1:] not in _ENDS


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
        self._chapters: list[str] = []  # headings of the first level

    def text(self) -> list[str]:
        """Every block: the body, then the notes, then headers and footers."""
        body = child(self._root, "body")
        blocks = [] if body is None else _Story(self, self.main, body=True).blocks(body)
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
        kind = self._styles.name(style) if style and text else ""
        if kind == "title" and not self.title:
            self.title = " ".join((label + text).split())
            return ""
        if kind == "heading 1":
            self._chapters.append(label + text)
        return label + text if text else ""

    def heading(self, blocks: list[str], given: str) -> str:
        """The title of a file where none has its style: the one that its properties give, where the text begins with
        it or with no title at all; the only heading of the first level, at the beginning; else "".

        Files keep the properties of those that they were made from, so that these are not believed by themselves.
        """
        head = [" ".join(line.split()) for block in blocks[:_HEAD] for line in block.split("\n")]
        if given and (given in head or not head or not _reads_as_title(head[0])):
            return given
        alone = self._chapters[0] if len(self._chapters) == 1 else ""
        return " ".join(alone.split()) if alone in blocks[:_FIRST] and alone != blocks[0] else ""

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
            "embedded file": self.package.embedded("word/embeddings/"),
        }


class _Story:
    """A run of blocks with fields of its own: the body, a note, a header."""

    def __init__(self, document: _Document, part: str, *, body: bool = False) -> None:
        self._document = document
        # What floats above the first words of the body waits for them: they are its title, and no box is.
        self._held: list[str] | None = [] if body else None
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
                out += self.blocks(control(node))
            elif name == "altChunk":
                out += self._document.taken_in(self._relations.get(attribute(node, "id"), ("", ""))[1])
            elif name == "AlternateContent":
                out += [block for one in chosen(node) for block in self.blocks([one])]
            elif name not in GONE and name not in ("sectPr", "tblGrid"):
                out += self.blocks(node)
        if self._carried and container is not None and name_of_root(container) in ("body", "hdr", "ftr"):
            out.append(self._carried)
            self._carried = ""
        if self._held and name_of_root(container) == "body":
            out += self._held
        return out

    def _paragraph(self, node: Element) -> list[str]:
        properties = child(node, "pPr")
        outer, self._after = self._after, []
        text = self._carried + self._inline(node)
        after, self._after = self._after, outer
        mark = child(properties, "rPr")
        if child(mark, "del") is not None or child(mark, "moveFrom") is not None:
            self._carried = text
            return self._released([], after)
        self._carried = ""
        lines = [re.sub(r"[ \t]+", " ", line).strip() for line in text.split("\n")]
        block = self._document.paragraph(properties, "\n".join(line for line in lines if line))
        return self._released([block] if block else [], after)

    def _released(self, blocks: list[str], after: list[str]) -> list[str]:
        """Blocks and what hangs on them, with what waited for the first of the body."""
        if self._held is None:
            return blocks + after
        self._held += after
        if not blocks:
            return []
        held, self._held = self._held, None
        return blocks + held

    def _inline(self, node: Any) -> str:
        return "".join(self._piece(one, name_of(one)) for one in node)

    def _piece(self, one: Element, name: str) -> str:
        """What one element inside a paragraph says; what hangs on the paragraph goes to `_after`."""
        if name in GONE:
            if name == "instrText" and self._fields:
                self._fields[-1][0] += one.text or ""
            return ""
        if name == "t":
            return self._shown(one.text or "")
        if name in _CHARACTERS:
            return self._shown(_CHARACTERS[name])
        if name == "sym":
            return self._shown(symbol(one))
        if name == "fldChar":
            return self._field(one)
        if name == "oMath":
            return self._shown(equation(one))
        if name == "oMathPara":
            return self._shown(f"\n{equation(one)}\n")
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
        if name == "fldSimple" and page_field(attribute(one, "instr")):
            return ()
        if name == "sdt":
            return control(one)
        if name == "AlternateContent":
            return chosen(one)
        if name == "tbl":
            self._after += self._table(one)
            return ()
        return one

    def _shown(self, text: str) -> str:
        """Text, or nothing where a field is open whose result has not begun or is a page's number."""
        return text if all(begun and not page_field(asked) for asked, begun in self._fields) else ""

    def _field(self, node: Element) -> str:
        kind = attribute(node, "fldCharType")
        if kind == "begin":
            shown = self._shown(form_value(node))
            self._fields.append(["", False])
            return shown
        if kind == "separate" and self._fields:
            self._fields[-1][1] = True
        elif kind == "end" and self._fields:
            self._fields.pop()
        return ""

    def _drawing(self, node: Element) -> None:
        for box in outermost(node, "txbxContent"):
            self._after += _Story(self._document, self._document.main)._with(self._relations).blocks(box)
        if drawn := drawn_text(self._document.package, self._relations, node):
            self._after.append("\n".join(drawn))
        for shape in descendants(node, "textpath"):  # word art of old files
            if text := attribute(shape, "string").strip():
                self._after.append(text)

    def _with(self, relations: dict[str, tuple[str, str]]) -> "_Story":
        self._relations = relations
        return self

    def _table(self, node: Element) -> list[str]:
        rows: list[list[str]] = []
        ranges: list[tuple[int, int, int, int]] = []
        held, self._held = self._held, None
        open_at: dict[int, tuple[int, int]] = {}  # first column -> first row and last column of a cell that goes down
        nested: list[str] = []
        for row in rows_of(node):
            y, cells = len(rows), [""] * int_of(row, "gridBefore")
            for cell in cells_of(row):
                properties = child(cell, "tcPr")
                x, width = len(cells), max(1, min(int_of(cell, "gridSpan", 1), 200))
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
        self._held = held
        return self._released((["\n".join(lines)] if lines else []) + nested, [])

    def _cell(self, cell: Element, nested: list[str]) -> str:
        inner = []
        for node in flat(cell):
            if name_of(node) == "tbl":
                nested += self._table(node)
            elif name_of(node) == "p":
                blocks = self._paragraph(node)
                inner += blocks
        return "\n".join(inner)
