"""The XML of Word files: what of it is shown, the rows and cells of its tables, its fields and symbols."""

from collections.abc import Iterator
from typing import Any

from index.sources.docx_lists import on
from index.sources.packages import Element, attribute, child, chosen, name_of

GONE = frozenset({"del", "moveFrom", "rt", "pPr", "rPr", "tblPr", "trPr", "tcPr", "sdtPr", "sdtEndPr", "instrText"})
GONE |= frozenset({"delText", "delInstrText", "annotationRef", "footnoteRef", "endnoteRef", "binData", "proofErr"})
_PAGE_FIELDS = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES", "SECTION"})
# What the symbol fonts show in place of their own codes: boxes and ticks of forms.
_SYMBOLS = {"f0fe": "☑", "f052": "☑", "f0a8": "□", "f06f": "□", "f0fc": "✓", "f0fd": "☒", "f0fb": "✗", "f0b7": "·"}


def name_of_root(container: Any) -> str:
    """The name of an element; "" where a list of them is read."""
    return "" if isinstance(container, list) else name_of(container)


def control(node: Element) -> Any:
    """What a content control holds; nothing where it still shows what to fill in."""
    if on(child(node, "sdtPr", "showingPlcHdr")):
        return []
    content = child(node, "sdtContent")
    return [] if content is None else content


def flat(container: Any) -> Iterator[Element]:
    """Paragraphs and tables below an element, out of whatever is wrapped around them."""
    for node in container:
        name = name_of(node)
        if name in ("p", "tbl"):
            yield node
        elif name == "sdt":
            yield from flat(control(node))
        elif name == "AlternateContent":
            yield from flat(chosen(node))
        elif name not in GONE:
            yield from flat(node)


def wrapped(container: Any, wanted: str) -> Iterator[Element]:
    """Elements of that name below `container`, out of whatever is wrapped around them."""
    for node in container:
        name = name_of(node)
        if name == wanted:
            yield node
        elif name == "sdt":
            yield from wrapped(control(node), wanted)
        elif name in ("ins", "moveTo", "customXml", "smartTag"):
            yield from wrapped(node, wanted)


def rows_of(table: Element) -> Iterator[Element]:
    """The rows of a table, without those that were deleted."""
    return (row for row in wrapped(table, "tr") if child(row, "trPr", "del") is None)


def cells_of(row: Element) -> Iterator[Element]:
    """The cells of a row, without those that were deleted."""
    return (cell for cell in wrapped(row, "tc") if child(cell, "tcPr", "cellDel") is None)


def int_of(node: Element, name: str, default: int = 0) -> int:
    """A number in the properties of a row or a cell."""
    value = attribute(child(node, "trPr" if name_of(node) == "tr" else "tcPr", name), "val")
    return min(int(value), 200) if value.isdecimal() else default


def outermost(node: Element, name: str) -> Iterator[Element]:
    """Elements of that name below `node` and not inside one another, of alternatives only what is shown."""
    for one in node:
        if name_of(one) == name:
            yield one
        elif name_of(one) == "AlternateContent":
            yield from outermost(chosen(one), name)
        else:
            yield from outermost(one, name)


def page_field(asked: str) -> bool:
    """Whether a field shows the number of a page."""
    return asked.split()[:1] != [] and asked.split()[0].upper() in _PAGE_FIELDS


def form_value(begin: Element) -> str:
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


def symbol(node: Element) -> str:
    """What a `sym` shows; "" for what only its font knows."""
    code = attribute(node, "char").lower()
    if code in _SYMBOLS:
        return _SYMBOLS[code]
    try:
        char = chr(int(code, 16))
    except ValueError:
        return ""
    return "" if "\ue000" <= char <= "\uf8ff" else char
