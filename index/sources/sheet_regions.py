"""Tables side by side on one sheet: a blank column parts them, and each has names of columns of its own."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice, tee

from index.sources import tables
from index.sources.records import Records
from index.sources.tables import Row

_AHEAD = 200  # rows looked at before it is said where tables begin
_MIN_COLUMNS = 2


def records(rows: Iterator[Row], where: str) -> Records:
    """The records of `tables.records` of each table of a sheet, one table after the other."""
    head = list(islice(rows, _AHEAD))
    begins = _begins([row for row in head if row.filled])
    rows = chain(head, rows)
    ends = [*begins[1:], None]
    for copy, begin, end in zip(tee(rows, len(begins)), begins, ends, strict=True) if begins else ():
        yield from tables.records((_part(row, begin, end) for row in copy), where)
    if not begins:
        yield from tables.records(rows, where)


def _begins(rows: Sequence[Row]) -> list[int]:
    """The first column of each table, where there are several."""
    several = (row for row in rows if len(row.filled) > 1)  # what stands alone may be merged over all tables
    used = sorted({x for row in several for x, cell in enumerate(row.cells) if cell})
    firsts = [x for x, before in zip(used, [-2, *used], strict=False) if x > before + 1]
    if len(firsts) < 2 or tables.is_one_form(rows):
        return []
    ends = [*firsts[1:], used[-1] + 1]
    begins, names = [0], _names_of(rows, 0, firsts[1])
    if names is None:
        return []
    for first, end in zip(firsts[1:], ends[1:], strict=True):
        own = _names_of(rows, first, end)
        above = own is not None and next(n for n, row in enumerate(rows) if _part(row, first, end).filled)
        # Values without names begin right below the names of the table that they belong to.
        if own is not None and above != names + 1:
            begins.append(first)
    return begins if len(begins) > 1 else []


def _names_of(rows: Sequence[Row], begin: int, end: int) -> int | None:
    """The row that names the columns of a part of a sheet; None where it is no table: names, and values below them."""
    parts = [(n, part) for n, row in enumerate(rows) if (part := _part(row, begin, end)).filled]
    at = next((n for n, (_, part) in enumerate(parts) if len(part.filled) >= _MIN_COLUMNS), len(parts))
    below = [part for _, part in parts[at + 1 :]]
    if not below or not tables.names_columns(parts[at][1], below[0]) or tables.holds_values(parts[at][1], below):
        return None
    return parts[at][0]


def _part(row: Row, begin: int, end: int | None) -> Row:
    """The columns of a row that are one table's; what is merged over several tables is each one's own."""
    across = row.across[begin:end]
    if across and begin:
        across[0] = False
    width = len(across)
    down = frozenset(x - begin for x in row.down if begin <= x < begin + width)
    return Row(row.number, row.cells[begin:end], across, down)
