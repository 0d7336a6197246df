"""HTML where a plain text is wanted: in the fields of records and the cells of tables. A true < stays."""

import html
import re
from collections.abc import Mapping
from typing import Any

from index.sources.field_names import field_of
from index.sources.page_blocks import visible_text

_BLOCK_END = re.compile(r"</(?:p|div|li|ul|ol|h[1-6]|table|tr|section|article|blockquote)\s*>|<br\s*/?>", re.I)
_BEGINS_WITH_TAG = re.compile(
    r"\s*<(?:p|div|span|br|b|strong|em|i|a|img|ul|ol|table|h[1-6]|section|article|font|figure|style|ruby)\b", re.I
)
_NAMED = r"nbsp|ldquo|rdquo|lsquo|rsquo|mdash|ndash|hellip|middot|ensp|emsp|quot|#\d{2,6}|#x[0-9a-f]{2,6}"
_ENTITY = re.compile(rf"&(?:{_NAMED});", re.I)
# In what was made HTML whole no & and no < stands for itself.
_WHOLLY_ESCAPED = re.compile(rf"(?:[^&<]|&(?:amp|lt|gt|apos|{_NAMED});)*", re.I)


def plain_text(value: str) -> str:
    """`value` without tags where it is HTML, and without entities where it has them; code between backticks stays."""
    if ("<" not in value and "&" not in value) or "`" in value:
        return value
    if "<" not in value and "&" in value and _WHOLLY_ESCAPED.fullmatch(value):
        shown = html.unescape(value)
        return visible_text(shown) if _BEGINS_WITH_TAG.match(shown) and _BLOCK_END.search(shown) else shown
    if _BLOCK_END.search(value) or (_BEGINS_WITH_TAG.match(value) and "</" in value):
        return visible_text(value)
    return html.unescape(value) if _ENTITY.search(value) else value


def plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record whose title, text and summary are plain."""
    return {
        key: plain_text(value)
        if isinstance(value, str) and field_of(str(key)) in ("text", "title", "summary")
        else value
        for key, value in record.items()
    }
