"""Tables -> records and lines: which row names the columns, what merged cells say, each row as `header：value`.

A sheet or CSV file gives a record a row (`records`); a table inside a document gives lines of its text (`lines`).
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from index.analysis.dates import parse_date
from index.sources.field_names import field_of
from index.sources.forms import is_form, is_series
from index.sources.records import Record, Records

MAX_TITLE = 60  # characters of the cell that names a row
_AHEAD = 200  # rows looked at before it is said what a table is
_MAX_NAME = 60  # characters of a column's name
_MAX_REPEATED = 12  # characters of a merged cell that is told under each of its columns
_MAX_REPEATED_DOWN = 40  # characters of one that is told in each of its rows
_CODE = re.compile(r"\d{5}")
_LEVELS = 3  # rows that may name the columns together
_NUMBER = re.compile(
    r"[-+－]?[¥￥$]?\d[\d,，]*(?:\.\d+)?[%％‰]?|\d{1,4}[-/.年]\d{1,2}[-/.月](?:\d{1,2}日?)?|\d{1,2}[:：]\d\d"
)
_YEAR = re.compile(r"(?:19|20)\d\d年?")
_NOTE = re.compile(
    r"(?:注|备注|說明|说明|附|制表|填表|合计|总计|单位|来源|数据来源|审核|填报)[^：:]{0,6}[：:]|.*[。：:]$|.{21}", re.S
)


class Row(NamedTuple):
    """A row of a table, merged cells filled: `across[i]` where cell `i` repeats its left neighbour, merged with it, and
    `i` in `down` where it repeats the one above.
    """

    number: int
    cells: list[str]
    across: list[bool]
    down: frozenset[int] = frozenset()

    @property
    def filled(self) -> list[int]:
        """The columns with something of their own in them."""
        return [i for i, cell in enumerate(self.cells) if cell and not self.across[i]]


def plain_row(number: int, cells: Iterable[str]) -> Row:
    """A row of a table that knows no merged cells."""
    stripped = [cell.strip() for cell in cells]
    return Row(number, stripped, [False] * len(stripped))


def merged(rows: list[list[str]], ranges: Iterable[tuple[int, int, int, int]]) -> list[Row]:
    """Rows counted from 1, with the value of each of `ranges` (first row, first column, last row, last column; from 0,
    inclusive) in all its cells.
    """
    across = [[False] * len(row) for row in rows]
    down: list[set[int]] = [set() for _ in rows]
    for top, left, bottom, right in ranges:
        if top >= len(rows):
            continue
        value = rows[top][left] if left < len(rows[top]) else ""
        for y in range(top, min(bottom + 1, len(rows))):
            missing = right + 1 - len(rows[y])
            rows[y] += [""] * missing
            across[y] += [False] * missing
            for x in range(left, right + 1):
                rows[y][x], across[y][x] = value, x > left
            if y > top:
                down[y].update(range(left, right + 1))
    return [
        Row(n, [cell.strip() for cell in row], across[n - 1], frozenset(down[n - 1]))
        for n, row in enumerate(rows, start=1)
    ]


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell)) and not _YEAR.fullmatch(cell)


def names_columns(row: Row, below: Row | None) -> bool:
    """Whether `row` reads as the names of columns: no values, which is told by what stands below them."""
    if len(row.filled) < 2 or any(len(row.cells[i]) > _MAX_NAME for i in row.filled):
        return False
    if any(field_of(row.cells[i]) for i in row.filled):
        return True
    if below is None:
        return True
    numbers = [i for i in row.filled if _is_number(row.cells[i]) and i < len(below.cells)]
    return not any(_is_number(below.cells[i]) for i in numbers) and 2 * len(numbers) <= len(row.filled)


def holds_values(row: Row, below: Sequence[Row]) -> bool:
    """Whether a cell of `row` comes again in its column: a value then, and no name; or all rows begin with one of a
    series. Merged names reach down and names are printed again, so that rows right below and those with more than half
    of the cells do not count.
    """
    if is_series([other.cells[0] for other in (row, *below) if other.cells and other.cells[0]]):
        return True
    if any(field_of(row.cells[i]) for i in row.filled):
        return False
    alike = (sum(other.cells[i : i + 1] == [row.cells[i]] for i in row.filled) for other in below[_LEVELS - 1 :])
    return any(0 < 2 * same <= len(row.filled) for same in alike)


def _goes_on(names: Row, below: Row, *, joined: bool) -> bool:
    """Whether `below` names columns under `names` that stand for several: merged, or left empty behind one.

    `joined`: two rows are already one in `names`.
    """
    width = min(len(names.cells), len(below.cells))
    under = [i for i in range(width) if names.across[i] or (not names.cells[i] and i and below.cells[i])]
    groups = {i - 1 for i in under} | set(under)
    own = [i for i in below.filled if not (i < len(names.cells) and below.cells[i] == names.cells[i])]
    if not under or not own:
        return False
    if any(_is_number(below.cells[i]) or len(below.cells[i]) > _MAX_NAME for i in own):
        return False
    inside = any(names.across) and set(own) <= groups
    if joined or inside:
        return inside
    # A name with nothing of its own below it tells that the two rows name the columns together; where cells are merged,
    # it is so itself, or the first column's: in a row of values others may be empty.
    whole = [i for i in range(width) if i not in groups and names.cells[i] and i not in own]
    return bool(whole) and (
        not any(names.across) or whole[0] == 0 or any(below.cells[i] == names.cells[i] for i in whole)
    )


def _joined(names: Row, below: Row) -> Row:
    cells, group = [], ""
    for i in range(max(len(names.cells), len(below.cells))):
        upper = names.cells[i] if i < len(names.cells) else ""
        lower = below.cells[i] if i < len(below.cells) else ""
        group = upper or (group if lower else "")
        cells.append("·".join(dict.fromkeys(part for part in (group, lower) if part)))
    across = [i < len(below.across) and below.across[i] for i in range(len(cells))]
    return Row(below.number, cells, across)


class _Ahead:
    """Rows that are not blank, with those to come in sight; `gap` says whether blank ones came before the current."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows, self._next = rows, deque[tuple[Row, bool]]()

    def look(self, number: int) -> list[Row]:
        gap = False
        while len(self._next) < number and (row := next(self._rows, None)) is not None:
            if row.filled:
                self._next.append((row, gap))
                gap = False
            else:
                gap = True
        return [row for row, _ in list(self._next)[:number]]

    def take(self) -> tuple[Row, bool] | None:
        return self._next.popleft() if self.look(1) else None


def records(rows: Iterator[Row], where: str) -> Records:
    """A record for each row under the names of the columns, each named `where:number`.

    What stands alone above the names is a caption and is told with every row; two or three rows may name the columns
    together; a second table below a gap has its own names; names printed again are left out. Where all rows have one
    cell, and are few, they are one text; so is a form.
    """
    ahead = _Ahead(rows)
    first = ahead.look(_AHEAD)
    if len(first) < _AHEAD and (form := _form_text(first)):
        yield Record(form, f"{where}:{first[0].number}")
        return
    if first and all(len(row.filled) == 1 for row in first) and not field_of(first[0].cells[first[0].filled[0]]):
        if len(first) < _AHEAD:
            text = "\n".join(row.cells[row.filled[0]] for row in first)
            yield Record({"text": text}, f"{where}:{first[0].number}")
            return
        header: Row | None = first[0]
        ahead.take()
    else:
        header = None
    captions: list[str] = []
    while (taken := ahead.take()) is not None:
        row, gap = taken
        if header is None or (gap and _begins_anew(row, ahead)):
            if header is not None:
                header, captions = None, []
            while len(row.filled) == 1 and any(len(other.filled) > 1 for other in ahead.look(20)):
                caption = row.cells[row.filled[0]]
                captions += [] if captions[-1:] == [caption] else [caption]  # merged over two rows
                following = ahead.take()
                if following is None:
                    return
                row = following[0]
            header = _header(row, ahead)
            if header.cells:
                continue
        if row.cells == header.cells:
            continue
        yield _record(header, row, captions, where)


def _form_text(rows: Sequence[Row]) -> dict[str, Any] | None:
    """A sheet that is one form as one text, called what stands above it; None where it is none."""
    if not is_one_form(rows):
        return None
    above = next((n for n, row in enumerate(rows) if len(row.filled) > 1), 0)
    captions = [row.cells[row.filled[0]] for row in rows[:above]]
    title = captions[0] if captions and len(captions[0]) <= MAX_TITLE else ""
    return {"title": title, "text": "\n".join(lines(rows))}


def is_one_form(rows: Sequence[Row]) -> bool:
    """Whether the rows of a sheet that are not blank are one form, with captions above it or without."""
    return _form(rows[next((n for n, row in enumerate(rows) if len(row.filled) > 1), 0) :])


def _begins_anew(row: Row, ahead: _Ahead) -> bool:
    """Whether another table begins with `row`, a caption or names alone: told by the two rows that come."""
    following = ahead.look(2)
    if len(row.filled) == 1:
        return len(following) > 1 and len(following[0].filled) > 1 and names_columns(*following[:2])
    numbers = following and any(_is_number(cell) for cell in following[0].cells)
    return bool(numbers) and len(row.filled) > 2 and not any(_is_number(cell) for cell in row.cells)


def _header(row: Row, ahead: _Ahead) -> Row:
    """The names of the columns that begin with `row`; those below it are taken. A row without cells: it names none."""
    below = ahead.look(_AHEAD)
    single = len(row.filled) == 1 and field_of(row.cells[row.filled[0]])
    if not single and (not names_columns(row, below[0] if below else None) or holds_values(row, below)):
        return Row(row.number, [], [])
    names = row
    for level in range(_LEVELS - 1):
        below = ahead.look(1)
        if not below or not _goes_on(names, below[0], joined=level > 0):
            break
        names = _joined(names, below[0])
        ahead.take()
    return names


def _record(header: Row, row: Row, captions: Sequence[str], where: str) -> Record:
    place = f"{where}:{row.number}"
    alone = row.cells[row.filled[0]] if len(row.filled) == 1 else ""
    if alone and len(header.filled) > 2 and (any(row.across) or (row.filled == [0] and _NOTE.match(alone))):
        return Record({"title": alone[:MAX_TITLE]}, place, cells="\n".join([*captions, alone]))
    content, lines = row_content(header.cells, row.cells)
    return Record(content, place, cells="\n".join([*captions, *lines] if lines else lines))


def row_content(names: Sequence[str], cells: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The fields that a row under `names` gives, and its cells as lines `name：value`.

    Where a column holds a text, the columns of a title, source, author and the other fields are those, and all of
    which a search would not find the words are told in lines too. Elsewhere the lines are the text, and what names the
    row is its title.
    """
    pairs = [(names[i] if i < len(names) else "", cell) for i, cell in enumerate(cells) if cell]
    fields = {name: field_of(name) for name, _ in pairs}
    text = any(field_of(name) == "text" for name in names)
    content: dict[str, Any] = {}
    lines = []
    for name, cell in pairs:
        field = fields[name]
        if text and name and name not in content and (field != "id" or name.isascii()):
            content[name] = cell
            if field in ("title", "text", "source", "author") or _is_days_own(name, field, cell):
                continue  # searched as they are, or a program's column, which is told as a field
        elif field == "title" and "title" not in content:
            content["title"] = cell
        lines.append(f"{name}：{cell}" if name else cell)
    if not text and "title" not in content:
        named = max((i for i, name in enumerate(names) if name), default=len(cells))
        own = [cell for cell in cells[: named + 2] if cell] or [cell for _, cell in pairs]  # not of a table beside it
        words = [cell for cell in own if not _is_number(cell) and any(map(str.isalpha, cell))]
        content["title"] = next(iter(words or own), "")[:MAX_TITLE]
    if text and not any(fields[name] == "text" for name, _ in pairs):
        lines = [f"{name}：{cell}" if name else cell for name, cell in pairs]  # a row without the text it could have
    return content, lines


def _is_days_own(name: str, field: str | None, cell: str) -> bool:
    """Whether a cell is the day of its row in a program's own column, `published` or `date`, and nothing else."""
    return field == "published" and name.isascii() and parse_date(cell) is not None


def lines(rows: Sequence[Row]) -> list[str]:
    """A table inside a document as lines: `header：value | header：value` where the first row surely names columns,
    else `a | b | c`. A row that is one cell over the whole width is told once; so is a long text in merged cells.
    """
    full = _narrowed([row for row in rows if row.filled])
    captions = 0
    while captions < len(full) and len(full[captions].filled) == 1:
        captions += 1
    told = [full[n].cells[full[n].filled[0]] for n in range(captions)]
    body = full[captions:]
    names, levels = _surely_names(body)
    told += map(_barred, body[:levels])
    body = body[levels:]
    for row in body:
        if len(row.filled) == 1 and (any(row.across) or names is None):
            told.append(row.cells[row.filled[0]])
        elif names is None:
            told.append(_barred(row))
        else:
            told.append(" | ".join(_labelled(names, row)))
    return [re.sub(r"[ \t]*\n\s*", " ", line) for line in told]


def _narrowed(rows: list[Row]) -> list[Row]:
    """Rows without the columns that no row needs: each merges them with the one before or behind, or leaves them empty.

    Word lays cells of any width over one grid, so that a column that is one to the eye is two in it.
    """
    width = max((len(row.cells) for row in rows), default=0)
    out = [Row(row.number, _once_down(row), list(row.across)) for row in rows]
    for x in reversed(range(1, width)):
        there = [row for row in out if x < len(row.cells)]
        before = [row for row in there if row.across[x]]
        behind = [row for row in there if not row.across[x] and any(row.across[x + 1 : x + 2])]
        empty = sum(not row.cells[x] for row in there if not row.across[x] and not any(row.across[x + 1 : x + 2]))
        if before and len(before) + len(behind) + empty == len(there):
            for row in behind:
                row.across[x + 1] = False  # where it stands now
            for row in there:
                del row.cells[x], row.across[x]
    return out


def _once_down(row: Row) -> list[str]:
    """The cells of a row, without long texts that the rows above share with it."""
    return ["" if i in row.down and len(cell) > _MAX_REPEATED_DOWN else cell for i, cell in enumerate(row.cells)]


def _barred(row: Row) -> str:
    """The cells of a row, each once however many columns it reaches over."""
    return " | ".join(cell for cell, across in zip(row.cells, row.across, strict=True) if not across)


def _labelled(names: Sequence[str], row: Row) -> list[str]:
    """The cells of a row under their names; what is merged under each of its own, a long text under all at once."""
    out: list[str] = []
    for i, cell in enumerate(row.cells):
        name = names[i] if i < len(names) else ""
        if not cell or (row.across[i] and len(cell) > _MAX_REPEATED):
            continue
        if len(cell) > _MAX_REPEATED:
            end = next((n for n in range(i + 1, len(row.cells)) if not row.across[n]), len(row.cells))
            name = "、".join(dict.fromkeys(filter(None, names[i:end])))
        out.append(f"{name}：{cell}" if name else cell)
    return out


def _surely_names(rows: Sequence[Row]) -> tuple[list[str] | None, int]:
    """The names in the first row of a table in a document, or in the first two where cells of the first are merged, and
    how many rows these are; None and 0 in doubt, for forms have labels anywhere.
    """
    if len(rows) < 3 or len(rows[0].cells) < 2 or _form(rows):
        return None, 0
    row, levels = rows[0], 1
    if any(row.across) and _goes_on(row, rows[1], joined=False):
        row, levels = _joined(row, rows[1]), 2
    names = row.cells
    distinct = len(set(names)) == len(names) and all(names) and max(map(len, names)) <= levels * _MAX_REPEATED
    if any(row.across) or not distinct or not names_columns(rows[0], rows[levels]):
        return None, 0
    body = [one for one in rows[levels:] if len(one.filled) > 1]
    labels = sum(cell.endswith(("：", ":")) for one in rows for cell in one.cells)
    if labels or not body or any(len(one.cells) != len(names) for one in body):
        return None, 0
    values = any(map(_is_number, names)) or any(map(_CODE.search, names))
    values |= is_series([one.cells[0] for one in (row, *body) if one.cells[0]])
    return (None, 0) if values else (names, levels)


def _form(rows: Sequence[Row]) -> bool:
    return is_form([row.cells for row in rows], [row.across for row in rows])
