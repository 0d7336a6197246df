"""What Word numbers by itself: the lists of a `.docx` file and the numbers its paragraphs get from them."""

from collections.abc import Mapping
from dataclasses import replace

from index.sources.numbering import Counter, Level
from index.sources.packages import Element, Package, attribute, child, chosen, descendants, name_of

_MAX_DEPTH = 20  # styles based on styles, and so on


def _value(node: Element | None, *path: str) -> str:
    return attribute(child(node, *path), "val")


def _int(text: str, default: int = 0) -> int:
    try:
        return int(text)
    except ValueError:
        return default


def on(node: Element | None) -> bool:
    """Whether a switch of Word is there and not off."""
    return node is not None and attribute(node, "val", "1").lower() not in ("0", "false", "off")


class Styles:
    """The styles of a document: their names, and the lists that they belong to."""

    def __init__(self, root: Element | None) -> None:
        """`root` of `styles.xml`, where there is one."""
        found = {attribute(node, "styleId"): node for node in (() if root is None else descendants(root, "style"))}
        self._nodes: Mapping[str, Element] = found
        defaults = [name for name, node in found.items() if attribute(node, "default") in ("1", "true")]
        self._default = next((n for n in defaults if attribute(found[n], "type") == "paragraph"), "")

    def name(self, style: str) -> str:
        """The name of a style, in lower case."""
        return _value(self._nodes.get(style), "name").lower()

    def list_of(self, style: str) -> tuple[str, str]:
        """(number of the list, level) that paragraphs of a style belong to; "" where it says nothing."""
        style = style or self._default
        number = level = ""
        for _ in range(_MAX_DEPTH):
            node = self._nodes.get(style)
            if node is None or (number and level):
                break
            numbered = child(node, "pPr", "numPr")
            number = number or _value(numbered, "numId")
            level = level or _value(numbered, "ilvl")
            style = _value(node, "basedOn")
        return number, level


class Lists:
    """The lists of a document; `label` counts on."""

    def __init__(self, package: Package, main: str, styles: Styles) -> None:
        """Read `numbering.xml`, where there is one."""
        self._styles = styles
        self._counters: dict[str, Counter] = {}
        self._begun: set[str] = set()
        self._levels: dict[str, dict[int, Level]] = {}  # by number of the list
        self._shared: dict[str, str] = {}  # number of the list -> what lists count together
        self._starts: dict[str, dict[int, int]] = {}  # where a list begins anew
        self._of_style: dict[str, dict[str, int]] = {}  # number of the list -> style -> level
        parts = package.related(main, "numbering")
        root = package.xml(parts[0]) if parts else None
        if root is not None:
            self._read(root)

    def _read(self, root: Element) -> None:
        shared: dict[str, dict[int, Level]] = {}
        styled: dict[str, dict[str, int]] = {}
        links: dict[str, str] = {}
        for node in descendants(root, "abstractNum"):
            key = attribute(node, "abstractNumId")
            found = {_int(attribute(level, "ilvl")): level for level in node if name_of(level) == "lvl"}
            shared[key] = {at: _level(level) for at, level in found.items()}
            styled[key] = {_value(level, "pStyle"): at for at, level in found.items() if _value(level, "pStyle")}
            if link := _value(node, "numStyleLink"):
                links[key] = link
        numbers = {attribute(node, "numId"): node for node in root if name_of(node) == "num"}
        for number, node in numbers.items():
            key = _value(node, "abstractNumId")
            if key in links:  # the list is a style's, and that style's list has the levels
                other = numbers.get(self._styles.list_of(links[key])[0])
                key = _value(other, "abstractNumId") if other is not None else key
            levels = dict(shared.get(key, {}))
            starts = {}
            for change in (one for one in node if name_of(one) == "lvlOverride"):
                at = _int(attribute(change, "ilvl"))
                if (given := child(change, "lvl")) is not None:
                    levels[at] = _level(given)
                if start := _value(change, "startOverride"):
                    starts[at] = _int(start, 1)
                    levels[at] = replace(levels.get(at, Level()), start=starts[at])
            self._levels[number], self._shared[number], self._starts[number] = levels, key, starts
            self._of_style[number] = styled.get(key, {})

    def label(self, properties: Element | None) -> str:
        """What stands before a paragraph with these properties (`pPr`); counts it."""
        style = _value(properties, "pStyle")
        number, at = self._styles.list_of(style)
        own = child(properties, "numPr")
        number, at = _value(own, "numId") or number, _value(own, "ilvl") or at
        if not number or number == "0" or number not in self._levels:
            return ""
        level = _int(at) if at else self._of_style[number].get(style, 0)
        counter = self._counters.setdefault(self._shared[number], Counter())
        if number not in self._begun:
            self._begun.add(number)
            for begun in self._starts[number]:
                counter.at[begun] = None
        return counter.label(self._levels[number], level)


def _level(node: Element) -> Level:
    shape = _value(node, "numFmt")
    alternate = child(node, "AlternateContent")
    if not shape and alternate is not None:
        shape = next((attribute(one, "val") for one in chosen(alternate) if name_of(one) == "numFmt"), "")
    restart = _value(node, "lvlRestart")
    return Level(
        start=_int(_value(node, "start"), 1) if child(node, "start") is not None else 0,
        shape=shape or "decimal",
        text=_value(node, "lvlText"),
        legal=on(child(node, "isLgl")),
        restart=_int(restart) if restart else None,
        blank=_value(node, "suff") != "nothing",
    )
