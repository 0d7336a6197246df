"""What a reader gives: records, plain mappings with a `text`, and what is left out."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from index.models import Skipped, SkipReason

MAX_FILE = 64 * 1024 * 1024  # bytes of a file that must be read whole


class Record(NamedTuple):
    """What an article is made from; `where` names it (`path`, `path:line`) in reports.

    `cells` and `pages` are those of `index.models.Article`; `pages` fits the text that `content` holds.
    """

    content: Mapping[str, Any]
    where: str
    whole_file: bool = False
    cells: str = ""
    pages: tuple[int, ...] = ()


Records = Iterator[Record | Skipped]
Reader = Callable[[bytes, str], Records]


def path_name(path: str | Path) -> str:
    """A path as it is shown and stored: bytes of a name that are not UTF-8 become `\\xNN`, for no file or answer can
    hold what Python has in their place.
    """
    name = str(path)
    return name if name.isprintable() else os.fsencode(name).decode("utf-8", "backslashreplace")


def refused(record: Record, why: str) -> Skipped:
    """The report of a record that is no article."""
    if record.whole_file and not str(record.content.get("text") or "").strip():
        return Skipped(record.where, SkipReason.EMPTY)
    return Skipped(record.where, SkipReason.BAD_RECORD, why)


def not_read(where: str, counts: Mapping[str, int]) -> Iterator[Skipped]:
    """What of a file was not read, by what one of it is called; nothing where there is none."""
    told = [f"{number} {what if number == 1 else what + 's'}" for what, number in counts.items() if number]
    if told:
        yield Skipped(where, SkipReason.PART, ", ".join(told))


def suffix_of(name: str) -> str:
    """`a.JSONL.gz` -> `.jsonl.gz`, `b.TXT` -> `.txt`."""
    lower = name.lower()
    return ".jsonl.gz" if lower.endswith(".jsonl.gz") else Path(lower).suffix
