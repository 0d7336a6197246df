"""Markdown and front matter -> plain text that still shows its structure.

Headings stand as paragraphs of their own, without their marks; table rows become `a | b | c` lines; list marks stay.
"""

import re
from typing import Any

from index.sources.note_marks import line_words, without_styles

_FRONT = re.compile(r"\A﻿?---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
_FRONT_LINE = re.compile(r"^([\w\u4e00-\u9fff][\w\u4e00-\u9fff -]{0,40})\s*[:：][ \t]*(.*)$")


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """`(metadata, body)`: the YAML-like block between `---` lines at the very top, if there is one.

    Understands `key: value`, quoted values, `[a, b]` and `- item` lists: what articles use, not all of YAML.
    """
    match = _FRONT.match(text) if text.startswith(("---", "﻿---")) else None
    if match is None or not (found := _front_metadata(match[1])):
        return {}, text
    return found, text[match.end() :]


def _front_metadata(block: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    last = ""
    for line in block.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("- ") and last:
            items = found[last] if isinstance(found[last], list) else []
            found[last] = [*items, _unquoted(stripped[2:])]
        elif match := _FRONT_LINE.match(line):
            last, value = match[1].strip(), match[2].strip()
            if value.startswith("[") and value.endswith("]"):
                found[last] = [_unquoted(item) for item in value[1:-1].split(",") if item.strip()]
            else:
                found[last] = _unquoted(value)
        elif not line.startswith((" ", "\t")):
            return {}  # not front matter: a rule, text and another rule
    return {key: value for key, value in found.items() if value not in ("", [])}


def _unquoted(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'" else value


_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*$")
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_RULE = re.compile(r"^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_IMAGE = re.compile(r"!\[([^\]]*)\]\([^()\s]*(?:\s+\"[^\"]*\")?\)")
_LINK = re.compile(r"(?<!!)\[([^\[\]]+)\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?(?:\s+\"[^\"]*\")?\)")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_CODE = re.compile(r"(`+)([^`]+)\1")
_COMMENT = re.compile(r"<!--.{0,20000}?-->", re.S)
_LINE_BREAK = re.compile(r"[ \t]*<br\s*/?>[ \t]*", re.I)
_CELLS = re.compile(r"(?<!\\)\|")
_TAG = re.compile(r"</?(?:p|br|div|span|b|i|em|strong|a|img|sub|sup|font|center|u|details|summary)\b[^<>]*/?>", re.I)


def _cell(cell: str) -> str:
    return re.sub(r"\s+", " ", _inline(cell.replace("\\|", "|"))).strip()


def _inline(line: str) -> str:
    if "](" in line:
        line = _LINK.sub(r"\1", _IMAGE.sub(r"\1", line))
    if "**" in line or "__" in line:
        line = _STRONG.sub(r"\2", line)
    if "*" in line:
        line = _EMPHASIS.sub(r"\1", line)
    if "`" in line:
        line = _CODE.sub(r"\2", line)
    return _TAG.sub("", _LINE_BREAK.sub("\n", line)) if "<" in line else line


def markdown(text: str) -> tuple[str, str]:
    """`(title, text)`: the first level-one heading where it comes first, and the text without Markdown's marks."""
    out: list[str] = []
    title, fence = "", ""
    text = without_styles(_COMMENT.sub("", text) if "<!--" in text else text)
    lines = text.splitlines()
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            continue
        if fence:
            out.append(line)
            continue
        told = line_words(re.sub(r"^ {0,3}(?:> ?)+", "", line) if ">" in line[:8] else line)
        if told is None:
            continue
        line = told
        if match := _HEADING.match(line):
            heading = _inline(match[2]).strip()
            if match[1] == "#" and not title and not any(item.strip() for item in out):
                title = heading
            elif heading:
                out += ["", heading, ""]
        elif re.fullmatch(r"=+\s*", line) and out and out[-1].strip() and not title and len(out) == 1:
            title = out.pop().strip()
        elif _TABLE_RULE.match(line) and "|" in line + (lines[number - 1] if number else ""):
            continue
        elif _RULE.match(line):
            out.append("")
        elif "|" in line and re.match(r"^\s*\|.*\|\s*$", line):
            out.append(" | ".join(_cell(cell) for cell in _CELLS.split(line.strip().strip("|"))))
        else:
            out.append(_inline(line))
    return title, re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")


_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.I)
_CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "utf-8": "utf-8"}


def declared_charset(data: bytes) -> str | None:
    """The encoding a page declares, where the page really decodes in it; None otherwise."""
    match = _CHARSET.search(data[:4096])
    name = _CHINESE.get(match[1].decode("ascii").lower()) if match else None
    if name is None:
        return None
    broken = data.decode(name, "replace").count("\ufffd")
    return name if broken * 200 <= len(data) else None
