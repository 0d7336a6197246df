"""Charts and diagrams of Office files -> lines: what stands on them, and of a chart its values under their names."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from index.sources.equations import equation
from index.sources.packages import Element, Package, attribute, child, chosen, descendants, name_of

_EPOCH = date(1899, 12, 30)  # of the days that sheets count
_DAY = re.compile(r"[yd]|m{3,}", re.I)
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')
_MAX_DAY = 2_958_465  # the last day of the year 9999
_NUMBERED = frozenset({"slidenum"})  # fields that only number a page


def drawn_text(package: Package, relations: dict[str, tuple[str, str]], node: Element) -> list[str]:
    """The words of the charts and diagrams that `node` shows, and the values of the charts."""
    return [line for words, values in drawn(package, relations, node) for line in (*words, *values)]


def drawn(
    package: Package, relations: dict[str, tuple[str, str]], node: Element
) -> Iterator[tuple[list[str], list[str]]]:
    """Of each chart and diagram that `node` shows its words, for a chart its titles and those of its axes, each once;
    and the values of a chart, a category a line: `春 | 上游：3 | 下游：5`.
    """
    for one in descendants(node, "chart", "relIds"):
        wanted = attribute(one, "id") if name_of(one) == "chart" else attribute(one, "dm")
        kind, path = relations.get(wanted, ("", ""))
        root = package.xml(path) if kind in ("chart", "chartEx", "diagramData") else None
        if root is None:
            continue
        if kind == "diagramData":
            yield paragraphs_of(root), []
        else:
            words = (" ".join(line.split()) for line in (*_titles(root), *paragraphs_of(root)))
            yield [line for line in dict.fromkeys(words) if line], _values(root)


def _titles(root: Element) -> Iterator[str]:
    """Titles that are taken from cells."""
    for title in descendants(root, "title"):
        for cache in descendants(title, "strCache"):
            yield " ".join(_points(cache).values())


def _values(root: Element) -> list[str]:
    """The values of all series, those of one category together where the series share them."""
    groups: dict[tuple[tuple[int, str], ...], list[tuple[str, dict[int, str]]]] = {}
    for series in descendants(root, "ser", "series"):
        name, names, values = _series(root, series)
        if name or names or values:
            groups.setdefault(tuple(sorted(names.items())), []).append((name, values))
    lines: list[str] = []
    for key, told in groups.items():
        labels = dict(key)
        places = sorted({*labels, *(at for _, values in told for at in values)})
        if not labels and (not places or not any(name for name, _ in told)):
            lines += [" ".join([name, *values.values()]).strip() for name, values in told]
            continue
        for at in places:
            cells = [labels.get(at, "")]
            cells += [f"{name}：{values[at]}" if name else values[at] for name, values in told if values.get(at)]
            lines.append(" | ".join(filter(None, cells)))
    return [line for line in lines if line]


def _series(root: Element, series: Element) -> tuple[str, dict[int, str], dict[int, str]]:
    """Name of a series, its categories and its values by their places."""
    if name_of(series) == "series":  # of the kinds of charts that came with Office 2016
        wanted = attribute(child(series, "dataId"), "val")
        data = next((one for one in descendants(root, "data") if attribute(one, "id") == wanted), None)
        dimensions = [] if data is None else list(data)
        names = [one for one in dimensions if name_of(one) == "strDim"]
        values = [one for one in dimensions if name_of(one) == "numDim"]
        name = next(("".join(one.itertext()) for one in descendants(series, "v")), "")
        return name.strip(), _levels(names[0]) if names else {}, _levels(values[0]) if values else {}
    text = child(series, "tx")
    name = "" if text is None else " ".join(filter(None, (value.text for value in descendants(text, "v"))))
    plain = child(series, "val") is not None
    across, up = (child(series, axis) for axis in (("cat", "val") if plain else ("xVal", "yVal")))
    return " ".join(name.split()), _levels(across), _levels(up)


def _levels(node: Element | None) -> dict[int, str]:
    """The points below `node`; of categories on several levels each with those above it: `甲县·春`."""
    if node is None:
        return {}
    levels = [_points(level) for level in descendants(node, "lvl")]
    if not levels:
        return _points(node)
    out = dict(levels[0])
    for level in levels[1:]:  # from the lowest one upwards, a name standing for all below it
        above = ""
        for at in range(max((*out, *level), default=-1) + 1):
            above = level.get(at, above)
            if above and at in out:
                out[at] = f"{above}·{out[at]}"
    return out


def _points(node: Element) -> dict[int, str]:
    """The points of a cache, as their format shows them."""
    shape = next((one.text or "" for one in descendants(node, "formatCode")), "") or attribute(node, "formatCode")
    out = {}
    for number, point in enumerate(descendants(node, "pt")):
        value = child(point, "v")
        text = ((point if value is None else value).text or "").strip()
        at = attribute(point, "idx")
        if text:
            out[int(at) if at.isdecimal() else number] = _shown(text, attribute(point, "formatCode") or shape)
    return out


def _shown(text: str, shape: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return " ".join(text.split())
    plain = _QUOTED.sub("", shape)
    if plain.endswith("%"):
        return f"{100 * value:.{len(plain.partition('.')[2]) - 1 if '.' in plain else 0}f}%"
    if _DAY.search(plain) and plain.lower() not in ("general", "standard") and 0 < value <= _MAX_DAY:
        return (_EPOCH + timedelta(days=int(value))).isoformat()
    return f"{value:.12g}"


def paragraphs_of(root: Element) -> list[str]:
    """The paragraphs of DrawingML below `root`, those without words left out."""
    return [text for paragraph in descendants(root, "p") if (text := paragraph_text(paragraph))]


def paragraph_text(paragraph: Element) -> str:
    """What one paragraph of DrawingML says, its equations too; of alternatives only what is shown."""
    return "".join(_pieces(paragraph)).strip()


def _pieces(node: Element) -> Iterator[str]:
    for one in chosen(node) if name_of(node) == "AlternateContent" else node:
        name = name_of(one)
        if name == "t":
            yield one.text or ""
        elif name == "br":
            yield "\n"
        elif name in ("oMath", "oMathPara"):
            yield equation(one)
        elif name != "fld" or attribute(one, "type") not in _NUMBERED:
            yield from _pieces(one)
