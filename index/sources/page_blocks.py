"""A web page as the lines that it shows.

A page is cut into blocks: paragraphs with all that is inline in them, headings, lines around `<br>`, rows of tables.
Each block knows what of it is links and whether its elements name themselves furniture.
"""

import html as entities
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from index.sources import tables
from index.sources.html_tables import is_grid, spanned
from index.sources.list_labels import labels_of
from index.sources.page_furniture import NAMED

_CLOSED = re.compile(r"</(?:html|body)\s*>", re.I)
_LINKS = 0.6  # share of a block's characters within links from which it is a list of links
_MIN_TOLD = 12  # characters beside links from which a sentence says something itself
_SKIPPED = frozenset(
    "script style noscript template head svg math iframe object audio video canvas select option textarea rt rp "
    "input".split()
)
_BLOCKS = frozenset(
    "p div br li ul ol dl tr table tbody thead caption h1 h2 h3 h4 h5 h6 section article header footer main aside nav "
    "blockquote pre dd dt hr form fieldset figure figcaption body html center details summary address button "
    "label".split()
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_FURNITURE = frozenset(("nav", "footer", "aside", "form", "button", "label"))


@dataclass(slots=True)
class Block:
    """A line of a page: its text, how many characters of it are links, what it is, and whether furniture holds it.

    `soft`: only a line break parts it from the line before. `label`: the number that a browser writes before it.
    """

    text: str
    links: int = 0
    heading: str = ""
    furniture: bool = False
    table: bool = False
    main: bool = False
    soft: bool = False
    label: str = ""

    @property
    def shown(self) -> str:
        """The text with its number."""
        return self.label + self.text

    @property
    def linked(self) -> bool:
        """Whether it is a link to another page, or a row of them, and no sentence that refers to some."""
        length = len(compact(self.text))
        return self.links > _LINKS * length and not (length - self.links >= _MIN_TOLD and self.text.endswith("。"))


class _Inline(NamedTuple):
    text: str
    link: bool


def compact(text: str) -> str:
    """`text` without white space and the bullets of fonts: by it lines of two readers are compared."""
    return re.sub(r"[\s\ue000-\uf8ff]+", "", text)


def whole(page: str) -> str:
    """A page without the ends that stand before its end: what follows them is read, too."""
    return _CLOSED.sub("", page)


def parsed(page: str) -> Any:
    """The tree of a page or of a piece of one; None where there is none in it."""
    from lxml import etree, html

    page = re.sub(r"^\s*<\?xml[^>]*\?>", "", whole(page))
    try:
        return html.document_fromstring(page.replace("\0", ""), parser=html.HTMLParser(encoding=None, huge_tree=True))
    except (etree.ParserError, ValueError, AssertionError):
        return None


def blocks(tree: Any) -> list[Block]:
    """The lines of a page, in order."""
    walk = _Walk()
    if tree is None:
        return []
    try:
        walk.node(tree)
        walk.end()
    except RecursionError:  # elements within elements, thousands deep: nobody's article, but its words are there
        return [Block(line.strip()) for line in tree.text_content().split("\n") if line.strip()]
    return walk.out


class _Walk:
    """Goes through a tree once and cuts it into blocks."""

    def __init__(self) -> None:
        self.out: list[Block] = []
        self._line: list[_Inline] = []
        self._heading = ""
        self._furniture = self._main = self._link = self._pre = 0
        self._soft = False
        self._labels: dict[Any, str] = {}  # of items to come
        self._label = ""

    def end(self, *, soft: bool = False) -> None:
        """A block has ended; `soft`: by a line break only."""
        raw = "".join(part.text for part in self._line)
        linked = sum(len(compact(part.text)) for part in self._line if part.link)
        self._line.clear()
        for text in raw.split("\n") if self._pre else [raw]:
            shown = text.rstrip() if self._pre else re.sub(r"[ \t\r\n\f\v]+", " ", text).strip()
            if shown.strip():
                inside = self._furniture > 0, self._main > 0
                block = Block(shown, linked, self._heading, inside[0], main=inside[1], soft=self._soft)
                block.label, self._label = "" if block.linked else self._label, ""
                self.out.append(block)
                self._soft = self._pre > 0
        self._soft = soft and (self._soft or bool(raw.strip()))

    def node(self, node: Any) -> None:
        """An element and all that is in it."""
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or tag in _SKIPPED or _hidden(node):
            return
        if tag in _BLOCKS:
            self.end(soft=tag == "br")
        if tag == "ol":
            self._labels |= labels_of(node)
        elif tag == "li":
            self._label = self._labels.pop(node, "")
        if tag == "table" and is_grid(node):
            inside = self._furniture > 0, self._main > 0
            rows = _table_lines(node)
            self.out += [Block(row, 0, "", inside[0], True, inside[1], n > 0) for n, row in enumerate(rows)]
            return
        before, furniture, main = self._heading, _is_furniture(node, tag), node.get("id") == "js_content"
        self._heading = tag if tag in _HEADINGS else before
        self._furniture, self._main = self._furniture + furniture, self._main + main
        link = tag == "a" and not (node.get("href") or "#").startswith("#")  # one within the page is no list's
        self._link, self._pre = self._link + link, self._pre + (tag == "pre")
        self._text(node.text)
        for child in node:
            self.node(child)
            self._text(child.tail)
        if tag in _BLOCKS and tag != "br":
            self.end()
        self._heading = before
        self._furniture, self._main = self._furniture - furniture, self._main - main
        self._link, self._pre = self._link - link, self._pre - (tag == "pre")
        self._text(" " if tag in ("td", "th") else None)

    def _text(self, text: str | None) -> None:
        if text:
            self._line.append(_Inline(text, self._link > 0))


def _is_furniture(node: Any, tag: str) -> bool:
    """Whether an element says by its kind or its names that it is no part of the article."""
    if tag in ("body", "html", "main", "article"):
        return False
    if tag in _FURNITURE or (tag == "header" and node.find(".//h1") is None):
        return True
    return bool(NAMED.search(f"{node.get('class') or ''} {node.get('id') or ''} {node.get('role') or ''}"))


def _hidden(node: Any) -> bool:
    style = (node.get("style") or "").replace(" ", "").lower()
    return "display:none" in style or node.get("hidden") is not None


def _table_lines(node: Any) -> list[str]:
    rows: list[list[str]] = []
    ranges: list[tuple[int, int, int, int]] = []
    taken: dict[tuple[int, int], bool] = {}
    caption = node.find(".//caption")
    for y, row in enumerate(node.iter("tr")):
        cells: list[str] = []
        x = 0
        for cell in row:
            if cell.tag not in ("td", "th"):
                continue
            while taken.get((y, x)):
                cells.append("")
                x += 1
            wide, high = spanned(cell.get("colspan")), spanned(cell.get("rowspan"))
            cells += [" ".join(part.shown for part in blocks(cell)), *[""] * (wide - 1)]
            for down in range(high):
                for right in range(wide):
                    taken[y + down, x + right] = True
            if wide > 1 or high > 1:
                ranges.append((y, x, y + high - 1, x + wide - 1))
            x += wide
        rows.append(cells)
    told = tables.lines(tables.merged(rows, ranges))
    return [" ".join(part.text for part in blocks(caption)), *told] if caption is not None else told


def visible_text(page: str) -> str:
    """Every word a page or a piece of one shows, a line a block, without readings above characters."""
    if "<" not in page:
        return _lines(entities.unescape(page).split("\n"))
    if told := joined(blocks(parsed(page))):
        return told
    bare = re.sub(r"<(script|style)\b[^>]*>.*?(?:</\1\s*>|\Z)", "\n", page, flags=re.S | re.I)
    return _lines(entities.unescape(re.sub(r"<[^<>]{0,5000}>", "\n", bare)).split("\n"))  # no parser reads it


def _lines(lines: list[str]) -> str:
    told = (re.sub(r"[ \t\r\f]+", " ", line).strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(told)).strip()


def joined(found: list[Block]) -> str:
    """The text of blocks, a blank line between two but where a line break parted them."""
    out: list[str] = []
    for n, block in enumerate(found):
        if n:
            out.append("\n" if block.soft else "\n\n")
        out.append(block.shown)
    return "".join(out)
