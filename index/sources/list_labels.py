"""The numbers that browsers write before the items of `<ol>` by themselves."""

import re
from collections.abc import Mapping
from typing import Any

from index.sources.numbering import numeral

_TYPES = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_STYLES: Mapping[str, str] = {
    "decimal": "decimal",
    "decimal-leading-zero": "decimalZero",
    "lower-alpha": "lowerLetter",
    "lower-latin": "lowerLetter",
    "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "cjk-ideographic": "chineseCounting",
    "simp-chinese-informal": "chineseCounting",
    "trad-chinese-informal": "taiwaneseCounting",
    "simp-chinese-formal": "chineseLegalSimplified",
    "cjk-heavenly-stem": "ideographTraditional",
    "cjk-earthly-branch": "ideographZodiac",
}
_STYLE = re.compile(r"list-style(?:-type)?\s*:\s*([^;]+)", re.I)
# A number that the page has in the text: the browser's is hidden there by a style sheet, most likely.
_NUMBERED = re.compile(
    r"\s*(?:[（(【\[]?(?:\d{1,3}|[一二三四五六七八九十百]{1,4})[)）】\]、.．:：]|[①-⑳⑴-⒇⒈-⒛]|第[\d一二三四五六七八九十百]+)"
)


def labels_of(ordered: Any) -> dict[Any, str]:
    """What stands before each `<li>` of an `<ol>`, with a blank behind; nothing where it shows no numbers."""
    items = [one for one in ordered if one.tag == "li"]
    if any(_NUMBERED.match("".join(one.itertext())) for one in items):
        return {}
    found = {}
    number = _int(ordered.get("start"), 1) - 1
    whole = _shape(ordered) or "decimal"
    for item in items:
        number = _int(item.get("value"), number + 1)
        if (shape := _shape(item) or whole) != "none":
            mark = "、" if shape in ("chineseCounting", "taiwaneseCounting") else ". "
            found[item] = numeral(number, shape) + mark
    return found


def _shape(node: Any) -> str:
    """How a list or an item is numbered, where it says so; "none" for a bullet or nothing."""
    if style := _STYLE.search(node.get("style") or ""):
        words = style[1].lower().split()
        return next((_STYLES[word] for word in words if word in _STYLES), "none")
    return _TYPES.get(node.get("type") or "", "")


def _int(value: str | None, default: int) -> int:
    return int(value) if value and re.fullmatch(r"\s*-?\d{1,6}\s*", value) else default
