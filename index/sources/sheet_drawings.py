"""What is drawn on the sheets of a workbook -> records: text boxes, and charts that say more than their cells."""

from collections.abc import Iterator
from typing import Any

from index.sources.charts import drawn, paragraphs_of
from index.sources.packages import Element, Package, attribute, chosen, descendants, name_of
from index.sources.records import Record
from index.sources.tables import MAX_TITLE


def drawings(package: Package, where: str) -> Iterator[Record]:
    """A record for the text boxes of a sheet and one for each of its charts that has a title or a name of an axis: the
    values of the others are those of cells.
    """
    if not any(name.startswith("xl/drawings/drawing") for name in package.names):
        return
    main = package.main("xl/workbook.xml")
    root = package.xml(main)
    parts = package.relations(main)
    for sheet in () if root is None else descendants(root, "sheet"):
        for path in package.related(parts.get(_related(sheet), ("", ""))[1], "drawing"):
            drawing = package.xml(path)
            if drawing is not None:
                yield from _drawn(package, path, drawing, f"{where}:{attribute(sheet, 'name')}")


def _related(node: Element) -> str:
    """The id of a relation, which has a namespace; a plain `id` is none."""
    return next((str(value) for key, value in node.attrib.items() if key.endswith("}id")), "")


def _drawn(package: Package, path: str, drawing: Element, where: str) -> Iterator[Record]:
    relations = package.relations(path)
    shapes = list(_shapes(drawing))
    boxes = [line for shape in shapes if name_of(shape) == "sp" for line in paragraphs_of(shape)]
    if boxes:
        yield Record({"text": "\n".join(boxes)}, f"{where}:text boxes")
    for shape in shapes:
        for words, values in drawn(package, relations, shape) if name_of(shape) == "graphicFrame" else ():
            if words:
                yield Record({"title": words[0][:MAX_TITLE], "text": "\n".join([*words, *values])}, f"{where}:chart")


def _shapes(node: Any) -> Iterator[Element]:
    for one in chosen(node) if not isinstance(node, list) and name_of(node) == "AlternateContent" else node:
        if name_of(one) in ("sp", "graphicFrame"):
            yield one
        else:
            yield from _shapes(one)
