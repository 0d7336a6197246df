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
from index.sources.page_seams import is_seam

_CLOSED = re.compile(r"</(?:html|body)\s*>", re.I)
_LINKS = 0.6  # share of a block's characters within links from which it is a list of links
_MIN_TOLD = 12  # characters beside links from which a sentence says something itself
MIN_HEADLINE = 8  # characters of a link from which it names an article; those of a menu are shorter
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|wps|et|dps|ofd|rtf|odt|csv|zip|rar|7z)(?:[?#].*)?$", re.I)
_ATTACHMENT = re.compile(r"\s*[【\[（(]?\s*附[件表图圖錄录]")
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
    """A line of a page: its text, how many characters of it are links, what it is, how deep in furniture.

    `soft`: only a line break parts it from the line before. `label`: the number that a browser writes before it.
    `anchors` counts its links to other pages, `attached` says that it links to a file. `place` are the numbers of the
    element that it fills and of the one around that, `kind` the name and class of the nearest that has one.
    """

    text: str
    links: int = 0
    heading: str = ""
    furniture: int = 0
    table: bool = False
    main: bool = False
    soft: bool = False
    label: str = ""
    anchors: int = 0
    attached: bool = False
    place: tuple[int, int] = (0, 0)
    kind: str = ""

    @property
    def shown(self) -> str:
        """The text with its number."""
        return self.label + self.text

    @property
    def linked(self) -> bool:
        """Whether it is a link to another page, or a row of them, and no sentence that refers to some."""
        if self.table or self.attached:
            return False
        length = len(compact(self.text))
        return self.links > _LINKS * length and not (length - self.links >= _MIN_TOLD and self.text.endswith("。"))


class _Inline(NamedTuple):
    """A piece of a line: `link` is the number of the link that holds it, `beside` that its element follows another."""

    text: str
    link: int
    beside: bool


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
        self._furniture = self._main = self._pre = 0
        self._links = 0  # that were met
        self._link = 0  # the number of the one around what comes, or 0
        self._attached = self._soft = False
        self._closed = self._beside = False  # an inline element has just ended; another begins right behind it
        self._path = [(0, ""), (0, "")]  # block elements around what comes: number, name and class
        self._elements = 0
        self._labels: dict[Any, str] = {}  # of items to come
        self._label = ""

    def end(self, *, soft: bool = False) -> None:
        """A block has ended; `soft`: by a line break only."""
        lines = [self._line] if self._pre else _headlines(self._line)
        raw = ""
        for line in lines:
            raw = _spelled(line)
            linked = sum(len(compact(part.text)) for part in line if part.link)
            anchors = len({part.link for part in line if part.link and part.text.strip()})
            for text in raw.split("\n") if self._pre else [raw]:
                self._put(text, linked, anchors)
        self._line.clear()
        self._attached = self._closed = self._beside = False
        self._soft = soft and (self._soft or bool(raw.strip()))

    def _put(self, text: str, linked: int, anchors: int) -> None:
        shown = text.rstrip() if self._pre else re.sub(r"[ \t\r\n\f\v]+", " ", text).strip()
        if not shown.strip():
            return
        block = self._block(shown, linked)
        block.soft, block.anchors, block.attached = self._soft, anchors, self._attached
        block.label, self._label = self._label, ""
        self.out.append(block)
        self._soft = self._pre > 0

    def _block(self, text: str, linked: int) -> Block:
        (around, outer), (element, kind) = self._path[-2:]
        named = kind if "." in kind else outer
        return Block(
            text, linked, self._heading, self._furniture, main=self._main > 0, place=(element, around), kind=named
        )

    def node(self, node: Any) -> None:
        """An element and all that is in it."""
        tag = node.tag if isinstance(node.tag, str) else ""
        if not tag or tag in _SKIPPED or _hidden(node):
            return
        inline = tag not in _BLOCKS and tag not in ("td", "th")
        if tag in _BLOCKS:
            self.end(soft=tag == "br")
        elif inline and self._closed:
            self._beside = True
        if tag == "ol":
            self._labels |= labels_of(node)
        elif tag == "li":
            self._label = self._labels.pop(node, "")
        if tag == "table" and is_grid(node):
            self._table(node)
            return
        before = self._heading, self._furniture, self._main, self._link, self._pre
        self._heading = tag if tag in _HEADINGS else self._heading
        self._furniture += _is_furniture(node, tag)
        self._main += node.get("id") == "js_content"
        self._pre += tag == "pre"
        if tag == "a":
            self._enter_link(node)
        opened = tag in _BLOCKS and tag != "br"
        if opened:
            self._elements += 1
            self._path.append((self._elements, f"{tag}.{name}" if (name := node.get("class")) else tag))
        self._text(node.text)
        for child in node:
            self.node(child)
            self._text(child.tail)
        if opened:
            self.end()
            self._path.pop()
        self._heading, self._furniture, self._main, self._link, self._pre = before
        if inline:
            self._closed = True
        self._text(" " if tag in ("td", "th") else None)

    def _enter_link(self, node: Any) -> None:
        """A link begins; one within the page is no list's, nor is one to what is attached to it."""
        href = (node.get("href") or "#").strip()
        if _FILE.search(href) or _ATTACHMENT.match("".join(node.itertext())):
            self._attached = True
        elif not href.startswith("#"):
            self._links += 1
            self._link = self._links

    def _table(self, node: Any) -> None:
        rows = _table_lines(node)
        length = len(compact(node.text_content()))
        linked = sum(len(compact(link.text_content())) for link in node.iter("a")) > _LINKS * length
        for n, row in enumerate(rows):
            block = self._block(row, len(compact(row)) if linked else 0)
            block.table, block.soft, block.heading = True, n > 0, ""
            self.out.append(block)

    def _text(self, text: str | None) -> None:
        if text:
            self._line.append(_Inline(text, self._link, self._beside))
            self._closed = self._beside = False


def _spelled(line: list[_Inline]) -> str:
    """The text of a line, with a blank where two elements side by side say two things."""
    raw = "".join(part.text for part in line)
    if not any(part.beside for part in line):
        return raw
    out = ""
    before = 0
    for part in line:
        apart = part.beside and is_seam(raw, out, part.text, (before, part.link))
        out += f" {part.text}" if apart else part.text
        before = part.link
    return out


def _headlines(line: list[_Inline]) -> list[list[_Inline]]:
    """A line as one a link, where it is nothing but links that are each as long as a headline."""
    links: dict[int, list[_Inline]] = {}
    for part in line:
        if part.link:
            links.setdefault(part.link, []).append(part)
        elif any(map(str.isalnum, part.text)):
            return [line]
    long = len(links) > 1 and all(sum(len(compact(part.text)) for part in of) >= MIN_HEADLINE for of in links.values())
    return list(links.values()) if long else [line]


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
