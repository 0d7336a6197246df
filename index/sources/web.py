"""HTML -> plain text and what a page says of itself.

`page_blocks` cuts a page into lines, `page_article` tells which of them are the article, `page_fields` what the page
says of it.
"""

import re
from typing import Any

from index.analysis.dates import find_date
from index.sources.page_article import article_text
from index.sources.page_blocks import Block, blocks, parsed, visible_text, whole
from index.sources.page_fields import chosen_title, names_of, told_in_head, trafilatura_of
from index.sources.page_lists import title_at
from index.sources.style_sheets import without_rules

_WECHAT_DATE = re.compile(r"var\s+(?:ct|oriCreateTime|createTime)\s*=\s*[\"']?(\d{10}|\d{4}-\d\d-\d\d)")
_MIN_LINE = 8  # characters of a line from which it may be the title though it is no heading
_BESIDE = 6  # lines below the title among which its day stands
_ABOVE = 2  # lines above it, likewise
_TODAY = re.compile("今天|今日|现在|現在|当前|當前")  # beside the day on which the page was looked at
_DATED = re.compile(r"[^，。；]{0,12}[:：]?\s*$")


def _beside(found: list[Block], title: str) -> list[str]:
    """The lines right below the title, then those right above it."""
    at = title_at(found, title)
    above = found[max(0, at - _ABOVE) : at] if at < len(found) else []
    return [
        block.text for block in (*found[at + 1 : at + 1 + _BESIDE], *reversed(above)) if not _TODAY.search(block.text)
    ]


def _day_beside(beside: list[str]) -> str | None:
    """The day in a line by itself, or behind its label, right below the title."""
    for line in beside:
        if (match := find_date(line)) and _DATED.match(line[: match[1]]) and len(line) <= 80:
            return match[0]
    return None


def title_of(tree: Any, found: list[Block], said: dict[str, str], theirs: str) -> str:
    """The title of a page. `found` are its blocks, `said` what its head tells; `theirs` is trafilatura's."""
    if tree is None:
        return chosen_title("", [], [], "", theirs)

    def told(node: Any) -> str:
        text = "" if node is None else " ".join(block.text for block in blocks(node)) or node.text_content()
        return re.sub(r"\s+", " ", text).strip()

    if wechat := told(tree.find(".//*[@id='activity-name']")):
        return wechat
    heads = [text for node in tree.iter("h1") if (text := told(node)) and len(text) <= 200]
    lines = [block.text for block in found if not block.linked and (block.heading or len(block.text) >= _MIN_LINE)]
    element = told(tree.find(".//title"))
    return chosen_title(element, heads, lines, said.get("title", ""), theirs, said.get("site", ""))


def html(page: str) -> dict[str, Any]:
    """A record of one page: `text`, and `title`, `author`, `published`, `source`, `url` where the page says them."""
    tree = parsed(page)
    theirs, found = trafilatura_of(whole(page))
    shown = blocks(tree)
    said = told_in_head(tree) if tree is not None else {}
    title = title_of(tree, shown, said, found.get("title", ""))
    text = article_text(shown, title, theirs)
    record: dict[str, Any] = {**said, **found, "text": without_rules(text if text.strip() else visible_text(page))}
    beside = _beside(shown, title)
    record |= {"title": title, "site": "", **names_of(tree, said, found, title, beside)}
    days = (said.get("published", ""), _day_beside(beside) or "", found.get("published", ""))
    record.pop("published", None)
    if day := next((day for day in days if find_date(day)), ""):
        record["published"] = day
    if (account := tree.find(".//*[@id='js_name']") if tree is not None else None) is not None:
        record["source"] = re.sub(r"\s+", " ", account.text_content()).strip() or record.get("source", "")
    if "published" not in record and (date := _WECHAT_DATE.search(page)):
        record["published"] = int(date[1]) if date[1].isdigit() else date[1]
    return {key: value for key, value in record.items() if value}
