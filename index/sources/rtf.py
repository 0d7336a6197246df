"""Rich text (`.rtf`) -> one record: striprtf reads the text and gets here what it would leave out."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from index.models import Skipped, SkipReason
from index.sources import tables
from index.sources.records import Record, Records, not_read
from index.sources.titles import author_of, title_of

_NUMBERS = re.compile(r"\{(?:\\\*)?\\(?:listtext|pntext)\b ?")  # what was counted before a paragraph
_PICTURE = re.compile(r"\{\\pict(?![a-z])")
_AFTER = ("shptxt", "footnote", "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf")
_BARE = re.compile(r"[\s第页頁共/\-—–·\d]*")
_GROUPS = 200_000  # of a file


def read_rtf(data: bytes, where: str) -> Records:
    """One record of the whole file: text, then text boxes, notes, heads and feet; deleted text is gone."""
    convert = import_module("striprtf.striprtf").rtf_to_text
    source = data.decode("latin-1")
    if not source.lstrip().startswith("{\\rtf"):
        yield Skipped(where, SkipReason.BAD_RECORD, "it is no RTF")
        return
    pictures = len(_PICTURE.findall(source))
    source = _NUMBERS.sub("{", _without(_without(source, "pict"), "deleted"))
    head = _head(source)

    def text_of(inner: str) -> str:
        return str(convert(f"{head}{inner}}}", errors="replace")).strip()

    blocks = _blocks(str(convert(source, errors="replace")))
    seen = set(blocks)
    for name in _AFTER:
        for group in _groups(source, name):
            for block in _blocks(text_of(_inside(group, name))):
                if block not in seen and not _BARE.fullmatch(block):
                    seen.add(block)
                    blocks.append(block)
    told = {
        name: next((text_of(_inside(group, name)) for group in _groups(source, name)), "")
        for name in ("title", "author")
    }
    content: dict[str, Any] = {
        "text": "\n".join(blocks),
        "title": title_of(told["title"]),
        "author": author_of(told["author"]),
    }
    if content["title"] and content["title"] not in content["text"].replace("\n", ""):
        content["title"] = ""  # of the paper it was made from
    yield Record({k: v for k, v in content.items() if v or k == "text"}, where, whole_file=True)
    yield from not_read(where, {"picture": pictures})


def _blocks(text: str) -> list[str]:
    """Lines of text; rows of tables, which end in a bar, under the names of their columns."""
    out: list[str] = []
    rows: list[tables.Row] = []
    for line in [*text.replace("\xa0", " ").split("\n"), ""]:
        if line.rstrip().endswith("|"):
            rows.append(tables.plain_row(len(rows), line.rstrip()[:-1].split("|")))
            continue
        out += tables.lines(rows)
        rows = []
        if line.strip():
            out.append(re.sub(r"[ \t]+", " ", line).strip())
    return out


def _head(source: str) -> str:
    """How a file begins, with its code page and fonts: what a part of it is read with."""
    fonts = next(_groups(source, "fonttbl"), "")
    page = re.search(r"\\ansicpg\d+", source[:2_000])
    return "{\\rtf1\\ansi" + (page[0] if page else "") + fonts + " "


def _groups(source: str, name: str) -> Iterator[str]:
    """Every group that begins with the word `name`, marked as one that may be passed over or not."""
    for match in re.finditer(rf"\{{(?:\\\*)?\\{name}(?![a-z])", source):
        end = _end(source, match.start())
        yield source[match.start() : end]


def _inside(group: str, name: str) -> str:
    return re.sub(rf"^\{{(?:\\\*)?\\{name}-?\d* ?", "{", group)


def _end(source: str, start: int) -> int:
    """Where the group that begins at `start` ends."""
    depth = 0
    for match in re.finditer(r"\\.|[{}]", source[start:], re.S):
        if match[0] == "{":
            depth += 1
        elif match[0] == "}":
            depth -= 1
            if not depth:
                return start + match.end()
    return len(source)


def _without(source: str, word: str) -> str:
    """`source` without the groups that hold `word` themselves."""
    marks = [match.start() for match in re.finditer(rf"\\{word}(?![a-z0-9])", source)][:_GROUPS]
    if not marks:
        return source
    opened: list[int] = []
    cut: list[tuple[int, int]] = []
    wanted = iter(marks)
    mark = next(wanted, None)
    inside: set[int] = set()
    for match in re.finditer(r"\\.|[{}]", source, re.S):
        while mark is not None and mark < match.start():
            mark = next(wanted, None)
        if mark == match.start() and opened:
            inside.add(opened[-1])
        if match[0] == "{":
            opened.append(match.start())
        elif match[0] == "}" and opened:
            start = opened.pop()
            if start in inside:
                cut.append((start, match.end()))
    out, at = [], 0
    for start, end in sorted(cut):
        if start >= at:
            out.append(source[at:start])
            at = end
    return "".join([*out, source[at:]])
