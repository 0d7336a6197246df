"""Texts, pages, JSON and tables -> records. Lines of JSONL and rows of CSV are streamed."""

import csv
import gzip
import io
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from index.models import Skipped, SkipReason
from index.sources import encodings, markup, sheet_regions, tables, web
from index.sources.field_names import field_of
from index.sources.html_values import plain_record, plain_text
from index.sources.records import Record, Records
from index.sources.style_sheets import without_rules

MAX_LINE = 32 * 1024 * 1024  # characters of one JSONL line or CSV row
_HEAD = 64 * 1024
_SNIFFED = 20  # lines that tell how a table parts its cells


def _text(data: bytes, where: str) -> str | Skipped:
    if not data:
        return Skipped(where, SkipReason.EMPTY)
    encoding = encodings.guess(data)
    if encoding is None:
        binary = data.startswith(encodings.MAGIC) or b"\0" in data or encodings.control_share(data) > 0.02
        return Skipped(where, SkipReason.BINARY if binary else SkipReason.ENCODING)
    return encodings.decoded(data, encoding)


def read_text(data: bytes, where: str) -> Records:
    """Plain text: the whole file is one article."""
    text = _text(data, where)
    if isinstance(text, Skipped):
        yield text
        return
    content, body = markup.front_matter(text)
    yield Record({**content, "text": without_rules(body)}, where, whole_file=True)


def read_markdown(data: bytes, where: str) -> Records:
    """Markdown: front matter gives the fields, a first heading of level one the title."""
    text = _text(data, where)
    if isinstance(text, Skipped):
        yield text
        return
    content, body = markup.front_matter(text)
    for name in ("aliases", "alias", "别名"):
        if isinstance(content.get(name), list):
            content[name] = "、".join(content[name])
    title, body = markup.markdown(body)
    yield Record({"title": title, **content, "text": body}, where, whole_file=True)


def read_html(data: bytes, where: str) -> Records:
    """One HTML page: its article and metadata, or all its visible text where there is none."""
    if not data:
        yield Skipped(where, SkipReason.EMPTY)
        return
    text = _text(data, where) if (named := markup.declared_charset(data)) is None else encodings.decoded(data, named)
    if isinstance(text, Skipped):
        yield text
        return
    yield Record(web.html(text), where, whole_file=True)


def read_json(data: bytes, where: str) -> Records:
    """A JSON file: one record, a list of records, or an object that holds such a list."""
    text = _text(data, where)
    if isinstance(text, Skipped):
        yield text
        return
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Skipped(where, SkipReason.BAD_RECORD, f"not JSON: {error}")
        return
    for number, record in enumerate(_records_in(loaded), start=1):
        if isinstance(record, dict):
            yield Record(plain_record(record), f"{where}:{number}")
        else:
            yield Skipped(f"{where}:{number}", SkipReason.BAD_RECORD, f"got {type(record).__name__}, wanted an object")


_MAX_NESTING = 5  # objects within objects in which articles are looked for


def _records_in(loaded: Any) -> list[Any]:
    """The records of a JSON file: itself, its items, or, in an object without a text of its own, those of the lists
    that hold objects with one, wherever they are; else the first list of objects in it.
    """
    if isinstance(loaded, list):
        return loaded
    if not isinstance(loaded, dict) or _has_text(loaded):
        return [loaded]
    lists = list(_lists_of_objects(loaded))
    with_text = [some for some in lists if any(isinstance(one, dict) and _has_text(one) for one in some)]
    return [one for some in with_text for one in some] or next(iter(lists), [loaded])


def _has_text(record: dict[str, Any]) -> bool:
    return any(isinstance(value, str) and value.strip() and field_of(key) == "text" for key, value in record.items())


def _lists_of_objects(value: Any, depth: int = 0) -> Iterator[list[Any]]:
    """Lists of objects below objects, those without a text of their own looked into."""
    if depth > _MAX_NESTING:
        return
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        yield value
    for below in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if isinstance(below, list) or (isinstance(below, dict) and not _has_text(below)):
            yield from _lists_of_objects(below, depth + 1)


def _lines(stream: io.TextIOBase, where: str) -> Iterator[tuple[int, str] | Skipped]:
    """Numbered lines; one longer than `MAX_LINE` is passed over without ever being held whole."""
    number = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        if len(line) == MAX_LINE and not line.endswith("\n"):
            while (rest := stream.readline(MAX_LINE)) and not rest.endswith("\n"):
                pass
            yield Skipped(f"{where}:{number}", SkipReason.TOO_LARGE, f"a line of more than {MAX_LINE} characters")
            continue
        yield number, line


def json_lines(stream: io.TextIOBase, where: str) -> Records:
    """One record a line."""
    for item in _lines(stream, where):
        if isinstance(item, Skipped):
            yield item
            continue
        number, line = item
        if not line.strip("\ufeff \t\r\n\0"):
            continue
        place = f"{where}:{number}"
        try:
            record = json.loads(line.lstrip("\ufeff"))
        except (ValueError, RecursionError) as error:
            yield Skipped(place, SkipReason.BAD_RECORD, f"not JSON: {str(error)[:200]}")
            continue
        if isinstance(record, dict):
            yield Record(plain_record(record), place)
        else:
            yield Skipped(place, SkipReason.BAD_RECORD, f"got {type(record).__name__}, wanted an object")


def _open_text(raw: BinaryIO, where: str) -> io.TextIOBase | Skipped:
    buffered = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(raw, _HEAD)  # type: ignore[type-var]
    head = buffered.peek(_HEAD)[:_HEAD]
    if not head:
        return Skipped(where, SkipReason.EMPTY)
    encoding = encodings.guess(head)
    if encoding is None:
        binary = head.startswith(encodings.MAGIC) or b"\0" in head or encodings.control_share(head) > 0.02
        return Skipped(where, SkipReason.BINARY if binary else SkipReason.ENCODING)
    return io.TextIOWrapper(buffered, encoding=encoding, errors="replace", newline=None)


def _parsed(raw: BinaryIO, where: str, parse: Callable[[io.TextIOBase, str], Records]) -> Records:
    """What `parse` reads of the text in `raw`, which stays open: whoever opened it closes it."""
    stream = _open_text(raw, where)
    if isinstance(stream, Skipped):
        yield stream
        return
    try:
        yield from parse(stream, where)
    finally:
        stream.detach()


def read_jsonl(raw: BinaryIO, where: str) -> Records:
    """One JSON object a line."""
    return _parsed(raw, where, json_lines)


def read_jsonl_gz(raw: BinaryIO, where: str) -> Records:
    """JSONL, packed by gzip."""
    with gzip.open(raw, "rb") as unpacked:
        yield from read_jsonl(unpacked, where)  # type: ignore[arg-type]


def read_csv(raw: BinaryIO, where: str) -> Records:
    """A table: one record a row."""
    return _parsed(raw, where, _csv_rows)


def _csv_rows(stream: io.TextIOBase, where: str) -> Records:
    csv.field_size_limit(MAX_LINE)
    refused: list[Skipped] = []
    numbered = _kept(_lines(stream, where), refused)
    head = list(itertools.islice(numbered, _SNIFFED))
    if head:
        head[0] = head[0].lstrip("\ufeff")
    mark = _separator(head)
    rows = csv.reader((line.replace("\0", "") for line in itertools.chain(head, numbered)), delimiter=mark)
    try:
        for record in sheet_regions.records(
            (tables.plain_row(rows.line_num, map(plain_text, row)) for row in rows), where
        ):
            yield from refused
            refused.clear()
            yield record
    except csv.Error as error:
        yield Skipped(where, SkipReason.BAD_RECORD, f"not CSV: {error}")
    yield from refused


def _kept(lines: Iterator[tuple[int, str] | Skipped], refused: list[Skipped]) -> Iterator[str]:
    for item in lines:
        if isinstance(item, Skipped):
            refused.append(item)
        else:
            yield item[1]


def _separator(lines: list[str]) -> str:
    """What parts the cells: the mark that most lines have; of several, the one there is most of."""
    full = [line for line in lines if line.strip()]
    return max(",\t;|", key=lambda mark: (sum(mark in line for line in full), sum(line.count(mark) for line in full)))
