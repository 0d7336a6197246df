"""Markdown and front matter -> plain text that still shows its structure.

Headings stand as paragraphs of their own, without their marks; table rows become `a | b | c` lines; list marks stay.
"""

import re
import tomllib
from collections.abc import Iterator, Set
from typing import Any

from index.sources.note_marks import line_words
from index.sources.page_blocks import visible_text
from index.sources.style_sheets import without_elements, without_rules

_FRONT = re.compile(r"\A﻿?---[ \t]*\r?\n(.*?)\r?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.S)
_TOML = re.compile(r"\A\ufeff?\+\+\+[ \t]*\r?\n(.*?)\r?\n\+\+\+[ \t]*(?:\r?\n|\Z)", re.S)
_SCALAR = re.compile(r"[|>][+-]?\d?")  # a text on the lines below
_FRONT_LINE = re.compile(r"^(\w[\w -]{0,40})\s*[:：][ \t]*(.*)$")


def front_matter(text: str) -> tuple[dict[str, Any], str]:
    """`(metadata, body)`: the YAML-like block between `---` lines at the very top, or the TOML between `+++` lines.

    Understands `key: value`, quoted values, `[a, b]` and `- item` lists, and `|` and `>` with lines below: what
    articles use, not all of YAML.
    """
    if text.startswith(("+++", "\ufeff+++")) and (match := _TOML.match(text)):
        found = _toml_metadata(match[1])
    elif text.startswith(("---", "\ufeff---")) and (match := _FRONT.match(text)):
        found = _front_metadata(match[1])
    else:
        return {}, text
    return (found, text[match.end() :]) if found else ({}, text)


def _toml_metadata(block: str) -> dict[str, Any]:
    try:
        told = tomllib.loads(block.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError:
        return {}
    told |= {key: value for key, value in told.pop("taxonomies", {}).items() if key not in told}  # as Zola has tags
    return {
        key: value if isinstance(value, str | list) else str(value)
        for key, value in told.items()
        if not isinstance(value, dict) and value not in ("", [])
    }


def _front_metadata(block: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    last = folded = ""
    for line in block.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if line.startswith((" ", "\t")) and last and isinstance(found[last], str) and folded:
            found[last] = f"{found[last]}{folded if found[last] else ''}{stripped}"
        elif stripped.startswith("- ") and last:
            items = found[last] if isinstance(found[last], list) else []
            found[last] = [*items, _unquoted(stripped[2:])]
        elif match := _FRONT_LINE.match(line):
            last, value = match[1].strip(), match[2].strip()
            folded = ""
            if value.startswith("[") and value.endswith("]"):
                found[last] = [_unquoted(item) for item in value[1:-1].split(",") if item.strip()]
            elif _SCALAR.fullmatch(value):
                found[last], folded = "", "\n" if value[0] == "|" else " "
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
# Where a link leads, and what may stand behind that: brackets within, blanks in <> or in an address that ends there,
# a title in any quotes, the size of a picture.
_TARGET = (
    r"\(\s*(?:<[^<>\n]*>|(?:https?://|\.{0,2}/)[^()\n\"]*|[^()\n]*\.(?:png|jpe?g|gif|svg|webp|bmp)"
    r"|[^()\s<]*(?:\((?:[^()\s]|\([^()\s]*\))*\)[^()\s]*)*)"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)|（[^（）]*）))?(?:\s+=\d*%?x?\d*%?)?\s*\)"
)
_SHOWN = r"((?:[^\[\]]|\[[^\[\]]{0,200}\]){1,500})"
_IMAGE = re.compile(rf"!\[((?:[^\[\]]|\[[^\[\]]{{0,200}}\]){{0,500}})\]{_TARGET}", re.I)
_LINK = re.compile(rf"(?<!!)\[{_SHOWN}\]{_TARGET}", re.I)
_REFERENCE = re.compile(r"!?\[([^\[\]]{1,500})\]\[([^\[\]]{0,200})\]")
_DEFINITION = re.compile(
    r"^ {0,3}\[(?!\^)([^\[\]\n]+)\]:[ \t]*<?[^\s<>]*[/.#][^\s<>]*>?(?:[ \t]+[\"'(].*[\"')])?[ \t]*$", re.M
)
_BROKEN_LINK = re.compile(rf"(?<!!)\[([^\[\]\n]{{1,200}}\n[^\[\]\n]{{1,200}})\]{_TARGET}", re.I)
_BARE_LINK = re.compile(r"<(https?://[^<>\s]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>")
_STRONG = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_ESCAPED = re.compile(r"\\([*_#\[\]|<>`~!-])")
_KEPT = re.compile("\ue000([\ue001-\uf8ff])")
_COMMENT = re.compile(r"<!--.{0,20000}?-->", re.S)
_LINE_BREAK = re.compile(r"[ \t]*<br\s*/?>[ \t]*", re.I)
_CELLS = re.compile(r"(?<!\\)\|")
_READING = re.compile(r"<(rt|rp)\b[^<>]*>[^<>]*</\1\s*>", re.I)
_BLOCK_END = re.compile(r"</(?:p|div|h[1-6]|li|tr|blockquote|section|summary|figcaption|dt|dd)\s*>", re.I)
_TAG = re.compile(
    r"</?(?:p|br|div|span|b|i|em|strong|a|img|sub|sup|font|center|u|details|summary|h[1-6]|hr|kbd|mark|ruby|rb|small|big|"
    r"del|ins|figure|figcaption|section|article|blockquote|table|thead|tbody|tr|td|th|ul|ol|li|dl|dt|dd|iframe|video|"
    r"audio|source|picture|abbr|cite|pre|code)\b[^<>]*/?>",
    re.I,
)
# Tables and lists written in HTML, which Markdown leaves to HTML.
_HTML = re.compile(r"^[ \t]*<(table|ul|ol|dl)\b[^>]*>.{0,200000}?</\1\s*>[ \t]*$", re.S | re.M | re.I)


class _Kept:
    """Code within a line and marks that are meant as they stand: put aside, so that no rule changes them."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def put(self, line: str) -> str:
        """`line` with signs in their place."""
        if "`" in line:
            line = _CODE.sub(lambda match: self._sign(match[2].strip() or match[2]), line)
        if "\\" in line and "$" not in line:  # formulas are full of backslashes
            line = _ESCAPED.sub(lambda match: self._sign(match[1]), line)
        return line

    def _sign(self, text: str) -> str:
        self._texts.append(text)
        return f"\ue000{chr(0xE000 + len(self._texts))}" if len(self._texts) < 0x18FF else text

    def back(self, line: str) -> str:
        """`line` with what was put aside."""
        return _KEPT.sub(lambda match: self._text(ord(match[1]) - 0xE001, match[0]), line) if self._texts else line

    def _text(self, number: int, sign: str) -> str:
        return self._texts[number] if number < len(self._texts) else sign


def _cell(cell: str) -> str:
    return re.sub(r"\s+", " ", _inline(cell.replace("\\|", "|"))).strip()


def _inline(line: str) -> str:
    if "](" in line:
        line = _LINK.sub(r"\1", _IMAGE.sub(r"\1", line))
    if "**" in line or "__" in line:
        line = _STRONG.sub(r"\2", line)
    if "*" in line:
        line = _EMPHASIS.sub(r"\1", line)
    if "<" not in line:
        return line
    line = _LINE_BREAK.sub("\n", _READING.sub("", _BARE_LINK.sub(r"\1", line)))
    return _TAG.sub("", re.sub(r"</t[dh]\s*>", " ", _BLOCK_END.sub("\n", line), flags=re.I)).rstrip("\n")


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """`text` in order, with whether each piece stands as it is: code between fences, and what HTML shows."""
    prose: list[str] = []
    code: list[str] = []
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if not mark or (fence and not mark[1].startswith(fence)):
            (code if fence else prose).append(line)
        elif fence:
            yield "\n".join(code), True
            fence, code = "", []
        else:
            yield from _html_apart("\n".join(prose))
            fence, prose = mark[1], []
    if code:
        yield "\n".join(code), True
    yield from _html_apart("\n".join(prose))


def _html_apart(prose: str) -> Iterator[tuple[str, bool]]:
    at = 0
    prose = without_elements(_COMMENT.sub("", prose) if "<!--" in prose else prose)
    for match in _HTML.finditer(prose) if "</" in prose else ():
        yield prose[at : match.start()], False
        yield visible_text(match[0]), True
        at = match.end()
    yield prose[at:], False


def markdown(text: str) -> tuple[str, str]:
    """`(title, text)`: the first level-one heading where it comes first, and the text without Markdown's marks."""
    out: list[str] = []
    title = ""
    defined = {match[1].strip().casefold() for match in _DEFINITION.finditer(text)} if "]:" in text else set()
    for piece, whole in _pieces(text):
        if whole:
            out += piece.split("\n")
            continue
        prose = _BROKEN_LINK.sub(r"\1", piece) if "](" in piece else piece
        if defined:
            prose = _resolved(_DEFINITION.sub("", prose), defined)
        lines = (prose if any(out) else without_rules(prose)).split("\n")
        for number, line in enumerate(lines):
            title = _line(line, lines[number - 1] if number else "", out, title)
    return title, re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip("\n")


def _resolved(prose: str, defined: Set[str]) -> str:
    """`prose` with the words of `[words][label]` and `[label][]` alone, where the text says where the label leads."""

    def shown(match: re.Match[str]) -> str:
        return match[1] if (match[2] or match[1]).strip().casefold() in defined else match[0]

    return _REFERENCE.sub(shown, prose)


def _line(line: str, above: str, out: list[str], title: str) -> str:
    """Add what a line of prose says to `out`; the title after it."""
    kept = _Kept()
    told = line_words(kept.put(re.sub(r"^ {0,3}(?:> ?)+", "", line) if ">" in line[:8] else line))
    if told is None:
        return title
    if match := _HEADING.match(told):
        heading = kept.back(_inline(match[2]).strip())
        if match[1] == "#" and not title and not any(item.strip() for item in out):
            return heading
        out += ["", heading, ""] if heading else []
    elif re.fullmatch(r"=+\s*", told) and out and out[-1].strip() and not title and len(out) == 1:
        return out.pop().strip()
    elif _TABLE_RULE.match(told) and "|" in told + above:
        return title
    elif _RULE.match(told):
        out.append("")
    elif "|" in told and re.match(r"^\s*\|.*\|\s*$", told):
        out.append(kept.back(" | ".join(_cell(cell) for cell in _CELLS.split(told.strip().strip("|")))))
    else:
        out.append(kept.back(_inline(told)))
    return title


_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.I)
CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5hkscs", "utf-8": "utf-8"}


def declared_charset(data: bytes) -> str | None:
    """The encoding a page declares, where the page really decodes in it; None otherwise."""
    match = _CHARSET.search(data[:4096])
    name = CHINESE.get(match[1].decode("ascii").lower()) if match else None
    if name is None:
        return None
    broken = data.decode(name, "replace").count("\ufffd")
    return name if broken * 200 <= len(data) else None
