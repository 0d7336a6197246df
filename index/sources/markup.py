"""Markdown, front matter and HTML -> plain text that still shows its structure.

Headings stand as paragraphs of their own, without their marks; table rows become `a | b | c` lines; list marks stay.
"""

import html as html_entities
import logging
import re
from typing import Any

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
_TAG = re.compile(r"</?(?:p|br|div|span|b|i|em|strong|a|img|sub|sup|font|center|u|details|summary)\b[^<>]*/?>", re.I)


def _inline(line: str) -> str:
    if "](" in line:
        line = _LINK.sub(r"\1", _IMAGE.sub(r"\1", line))
    if "**" in line or "__" in line:
        line = _STRONG.sub(r"\2", line)
    if "*" in line:
        line = _EMPHASIS.sub(r"\1", line)
    if "`" in line:
        line = _CODE.sub(r"\2", line)
    return _TAG.sub("", line) if "<" in line else line


def markdown(text: str) -> tuple[str, str]:
    """`(title, text)`: the first level-one heading where it comes first, and the text without Markdown's marks."""
    out: list[str] = []
    title, fence = "", ""
    lines = _COMMENT.sub("", text).splitlines() if "<!--" in text else text.splitlines()
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
            continue
        if fence:
            out.append(line)
        elif match := _HEADING.match(line):
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
            out.append(" | ".join(_inline(cell).strip() for cell in line.strip().strip("|").split("|")))
        else:
            out.append(_inline(re.sub(r"^ {0,3}(?:> ?)+", "", line)))
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


_SITE = re.compile(
    r"\s*(?:[-_|–—]|::|»|·)+\s*[^-_|–—]{0,24}(?:网|網|报|報|站|频道|頻道|门户|政府|新闻|新聞|中心|日报|在线|論壇|论坛|博客|com|cn|net|org)\s*$",
    re.I,
)


def without_site(title: str) -> str:
    """`某事发生了 - 某某网` -> `某事发生了`; the name of the site may stand there more than once."""
    for _ in range(3):
        shorter = _SITE.sub("", title)
        if not shorter.strip() or shorter == title:
            break
        title = shorter
    return title.strip()


def html(page: str) -> dict[str, Any]:
    """A record of one page: `text`, and `title`, `author`, `published`, `source`, `url` where the page says them."""
    import trafilatura

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it logs every page it cannot make sense of
    found: dict[str, Any] = {}
    try:
        document = trafilatura.bare_extraction(
            page,
            include_comments=False,
            include_tables=True,
            include_formatting=False,
            with_metadata=True,
            date_extraction_params={"extensive_search": False, "original_date": True},  # no guess from stray numbers
        )
    except Exception:  # a parser inside a parser: whatever it stumbles on, the plain fallback still reads the page
        document = None
    if document is not None:
        names = {"title": "title", "author": "author", "date": "published", "sitename": "source", "url": "url"}
        metadata = {ours: getattr(document, theirs, None) for theirs, ours in names.items()}
        found = {key: value for key, value in metadata.items() if isinstance(value, str) and value}
        found["text"] = _tables(document.text or "")
    if not str(found.get("text", "")).strip():
        found["text"] = visible_text(page)
    heading = re.search(r"<h1\b[^>]*>(.{1,600}?)</h1>", page[:500_000], re.S | re.I)
    titled = found.get("title") or _element(page, "title") or (visible_text(heading[1]) if heading else "")
    found["title"] = without_site(re.sub(r"\s+", " ", titled))
    return found


def _element(page: str, name: str) -> str:
    match = re.search(rf"<{name}\b[^>]*>(.{{0,2000}}?)</{name}>", page[:200_000], re.S | re.I)
    return html_entities.unescape(match[1]).strip() if match else ""


def _tables(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        if line.startswith("|") or line.rstrip().endswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            line = " | ".join(cells)
            if not line.strip(" |-"):
                continue
        lines.append(line)
    return "\n".join(lines)


_INVISIBLE = re.compile(r"<(script|style|noscript|template|head|svg)\b[^>]*>.*?(?:</\1\s*>|\Z)", re.S | re.I)
_BLOCK = re.compile(
    r"</?(?:p|div|br|li|ul|ol|tr|table|h[1-6]|section|article|header|footer|blockquote|pre|dd|dt|hr)\b[^>]*>", re.I
)


def visible_text(page: str) -> str:
    """Every word a page shows, without its scripts and tags: the fallback, and right for fragments."""
    page = _COMMENT.sub("", _INVISIBLE.sub("\n", page))
    page = re.sub(r"<[^<>]{0,5000}>", "", _BLOCK.sub("\n", page))
    lines = (re.sub(r"[ \t\r\f]+", " ", line).strip() for line in html_entities.unescape(page).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
