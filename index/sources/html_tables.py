"""Tables of a web page: which hold data, and how many columns or rows a cell spans."""

from typing import Any

_MAX_CELL = 400  # characters of a cell of data; more is a part of the page
_MAX_SPAN = 100


def is_grid(node: Any) -> bool:
    """Whether a table holds data, rather than the layout of the page: two columns, or one that is drawn as a table."""
    if node.find(".//table") is not None:
        return False
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in node.iter("tr")]
    cells = [cell for row in rows for cell in row]
    columns = len(cells) >= 4 and any(len(row) >= 2 for row in rows)
    if not columns and not (len(cells) >= 2 and _is_drawn(node)):
        return False
    return max(len("".join(cell.text_content().split())) for cell in cells) <= _MAX_CELL


def _is_drawn(node: Any) -> bool:
    """Whether a table has lines, a caption or cells that name others."""
    if (node.get("border") or "0").strip() != "0":
        return True
    return any(node.find(f".//{tag}") is not None for tag in ("th", "caption"))


def spanned(value: str | None) -> int:
    """How many cells an attribute `colspan` or `rowspan` says; 1 where it says none."""
    return min(max(int(value), 1), _MAX_SPAN) if value and value.strip().isdigit() else 1
