"""Tables of a web page: which hold data, and how many columns or rows a cell spans."""

from typing import Any

_MAX_CELL = 400  # characters of a cell of data; more is a part of the page
_MAX_SPAN = 100


def is_grid(node: Any) -> bool:
    """Whether a table holds data, rather than the layout of the page."""
    if node.find(".//table") is not None:
        return False
    cells = [cell for row in node.iter("tr") for cell in row if cell.tag in ("td", "th")]
    if len(cells) < 4 or not any(len(row) >= 2 for row in node.iter("tr")):
        return False
    return max(len("".join(cell.text_content().split())) for cell in cells) <= _MAX_CELL


def spanned(value: str | None) -> int:
    """How many cells an attribute `colspan` or `rowspan` says; 1 where it says none."""
    return min(max(int(value), 1), _MAX_SPAN) if value and value.strip().isdigit() else 1
