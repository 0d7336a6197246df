"""Sheets of workbooks -> a record a row: `.xlsx` through openpyxl, `.xls`, `.xlsb` and `.et` through calamine."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from importlib import import_module
from typing import Any

from index.models import Skipped, SkipReason
from index.sources import sheet_regions, tables
from index.sources.archives import open_archive
from index.sources.html_values import plain_text
from index.sources.packages import Package
from index.sources.records import Records, not_read
from index.sources.sheet_drawings import drawings

MAX_ROWS = 1_048_576  # no sheet has more
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="\$?([A-Z]{1,3})\$?(\d+):\$?([A-Z]{1,3})\$?(\d+)"')
_PICTURE = re.compile(r'=(?:_xlfn\.)?DISPIMG\(".*",\s*\d+\)', re.I)  # what WPS writes where a picture is in a cell
_UNREAD = {"xl/comments": "commented sheet", "xl/media/": "picture"}

Range = tuple[int, int, int, int]


def read_xlsx(data: bytes, where: str) -> Records:
    """The rows of each sheet of an `.xlsx` file, then what is drawn on them."""
    openpyxl = import_module("openpyxl")
    archive = open_archive(data)
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    given = False
    for sheet in book.worksheets:
        ranges = _ranges(archive, getattr(sheet, "_worksheet_path", ""))
        sheet.reset_dimensions()  # some programs write that the sheet has one cell
        rows = ([_shown(cell) for cell in row] for row in sheet.iter_rows(max_row=MAX_ROWS))
        for record in sheet_regions.records(_filled(rows, ranges), f"{where}:{sheet.title}"):
            given = True
            yield record
    for record in drawings(Package(data), where):
        given = True
        yield record
    if not given:
        yield Skipped(where, SkipReason.EMPTY)
    yield from _unread(archive, where)


def read_calamine(data: bytes, where: str) -> Records:
    """The rows of each sheet of an `.xls` or `.xlsb` file."""
    calamine = import_module("python_calamine")
    book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    given = False
    for name in book.sheet_names:
        sheet = book.get_sheet_by_name(name)
        rows = ([_value(value) for value in row] for row in sheet.to_python(skip_empty_area=False))
        ranges = [(*low, *high) for low, high in (getattr(sheet, "merged_cell_ranges", None) or ())]
        for record in sheet_regions.records(_filled(rows, ranges), f"{where}:{name}"):
            given = True
            yield record
    if not given:
        yield Skipped(where, SkipReason.EMPTY)


def _filled(rows: Iterator[list[str]], ranges: list[Range]) -> Iterator[tables.Row]:
    """Rows with merged cells filled; held together no longer than a merged range reaches."""
    waiting: list[list[str]] = []
    base = 0
    ranges = sorted(ranges)
    for row in rows:
        waiting.append(row)
        end = base + len(waiting)
        if any(top < end <= bottom for top, _, bottom, _ in ranges):
            continue
        here = [r for r in ranges if r[0] < end]
        ranges = ranges[len(here) :]
        yield from _moved(waiting, here, base)
        base, waiting = end, []
    yield from _moved(waiting, ranges, base)


def _moved(rows: list[list[str]], ranges: list[Range], base: int) -> Iterator[tables.Row]:
    local = [(top - base, left, bottom - base, right) for top, left, bottom, right in ranges]
    for row in tables.merged(rows, local):
        yield row._replace(number=row.number + base)


def _ranges(archive: zipfile.ZipFile, path: str) -> list[Range]:
    """The merged ranges of a sheet: openpyxl leaves them out where it reads row by row."""
    try:
        data = archive.read(path.lstrip("/"))
    except KeyError:
        return []
    found = (match.groups() for match in _MERGED.finditer(data))
    return [(int(top) - 1, _column(left), int(bottom) - 1, _column(right)) for left, top, right, bottom in found]


def _column(letters: bytes) -> int:
    number = 0
    for code in letters:
        number = 26 * number + code - 64
    return number - 1


def _shown(cell: Any) -> str:
    """A cell as the sheet shows it, as far as its format matters to whoever searches for it."""
    value = cell.value
    if value is None or (isinstance(value, str) and _PICTURE.fullmatch(value)):
        return ""  # pictures are told of the whole file
    shape = getattr(cell, "number_format", "") or ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if shape.endswith("%"):
            places = len(shape.rpartition(".")[2]) - 1 if "." in shape else 0
            return f"{100 * value:.{places}f}%"
        if re.fullmatch(r"0+", shape) and float(value).is_integer():
            return f"{int(value):0{len(shape)}d}"
    if isinstance(value, datetime) and "年" in shape:
        parts = (("y", f"{value.year}年"), ("m", f"{value.month}月"), ("d", f"{value.day}日"))
        return "".join(text for code, text in parts if code in shape.lower())
    return _value(value)


def _value(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, timedelta):
        minutes = round(value.total_seconds() / 60)
        return f"{minutes // 60}:{minutes % 60:02d}"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    return plain_text(str(value))


def _unread(archive: zipfile.ZipFile, where: str) -> Iterator[Skipped]:
    names = archive.namelist()
    yield from not_read(where, {what: sum(name.startswith(start) for name in names) for start, what in _UNREAD.items()})
