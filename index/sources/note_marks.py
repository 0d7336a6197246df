"""Marks of note programs and site generators in Markdown: Obsidian, VuePress, MkDocs, Hugo, Jekyll, exported pages.

Words stay, marks go. What stands in code is not looked at; the caller leaves it out.
"""

import re

_EMBED = re.compile(r"!\[\[([^\[\]|#]*)[^\[\]]*\]\]")
_WIKI = re.compile(r"\[\[([^\[\]]+)\]\]")
_FILE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|bmp|mp[34]|webm|mov|wav|pdf|canvas)$", re.I)
_MARKED = re.compile(r"==(?=\S)([^=\n]+?)(?<=\S)==")
_HIDDEN = re.compile(r"%%[^%\n]*%%")
_BLOCK_ID = re.compile(r"\s\^[\w-]+\s*$")
_TASK = re.compile(r"^(\s*(?:[-*+]|\d+[.)])\s+)\[[ xX/-]\]\s+")
_CALLOUT = re.compile(r"^\s*\[![\w-]+\][+-]?\s*")
_CONTAINER = re.compile(r"^\s*:{3,}\s*(?:[\w-]+(?:\{[^{}]*\})?(?:\s+(?P<title>.*?))?)?\s*$")
_ADMONITION = re.compile(r"^\s*(?:!!!|\?\?\?)\+?\s+[\w-]+(?:\s+\"(?P<title>[^\"]*)\")?\s*$")
_SHORTCODE = re.compile(r"\{\{[<%][^{}]*[%>]\}\}|\{%-?[^{}]*-?%\}")
_SHOWN = re.compile(r"\b(?:title|caption|alt|text)\s*=\s*[\"“]([^\"”]+)[\"”]")
_ATTRIBUTES = re.compile(r"\s*\{:?\s*(?:[#.][\w-]+\s*)+(?:[\w-]+=\"[^\"]*\"\s*)*\}\s*$")
_CONTENTS = re.compile(r"^\s*(?:\[\[?toc\]?\]|@\[toc\].*|\{:toc\}|\{\{TOC\}\})\s*$", re.I)
_TAB = re.compile(r"^@tab(?::active)?\s+(?P<title>.*?)(?:#[\w-]+)?\s*$")


def line_words(line: str) -> str | None:
    """A line without the marks of these programs; None where it is nothing but one."""
    if _CONTENTS.match(line):
        return None
    if ":::" in line and (match := _CONTAINER.match(line)):
        return match["title"]
    if line.lstrip().startswith(("!!!", "???")) and (match := _ADMONITION.match(line)):
        return match["title"]
    if line.startswith("@tab") and (match := _TAB.match(line)):
        return match["title"]
    if "[!" in line:
        line = _CALLOUT.sub("", line)
    if "[[" in line:
        line = _WIKI.sub(_link_words, _EMBED.sub(_embedded, line))
    if "==" in line:
        line = _MARKED.sub(r"\1", line)
    if "%%" in line:
        line = _HIDDEN.sub("", line)
    if "^" in line:
        line = _BLOCK_ID.sub("", line)
    if "[" in line:
        line = _TASK.sub(r"\1", line)
    if "{" in line:
        line = _ATTRIBUTES.sub("", _SHORTCODE.sub(lambda match: " ".join(_SHOWN.findall(match.group())), line))
    return line


def _link_words(match: re.Match[str]) -> str:
    target, _, shown = match[1].replace("\\|", "|").partition("|")
    return shown.strip() or " ".join(part.strip("^ ") for part in target.split("#") if part.strip("^ "))


def _embedded(match: re.Match[str]) -> str:
    return "" if _FILE.search(match[1].strip()) else match[1]
