"""OFD (GB/T 33190), the layout format of Chinese offices -> one record with its pages."""

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from index.models import Skipped, SkipReason
from index.sources.flow import flow
from index.sources.packages import Element, Package, descendants, name_of
from index.sources.page_layout import Glyph, Line, closed, is_full_width, pieces
from index.sources.records import Record, Records, not_read
from index.sources.titles import author_of, title_of

_POINTS = 72 / 25.4  # of a millimetre
_SIZE = 3.5  # millimetres of letters whose size is not said
_MAX_STEPS = 100_000  # that one `g` of a run may repeat
_LOST = re.compile("[\ue000-\uf8ff\ufffd\x00-\x08\x0e-\x1f]")  # characters that only their font knows
_WIDE, _CAPITAL, _OTHER = 1.0, 0.85, 0.7  # ems that a letter is wide at most
_WIDE_LETTERS = frozenset("WMmw@%&—…")


def read_ofd(data: bytes, where: str) -> Records:
    """One record for each document of the file, most have one; annotations and attachments are named as not read."""
    package = Package(data)
    root = package.xml("OFD.xml")
    if root is None:
        raise ValueError("there is no OFD.xml")
    bodies = list(descendants(root, "DocBody"))
    for number, body in enumerate(bodies):
        place = f"{where}!/{number}" if len(bodies) > 1 else where
        yield from _document(package, body, place)
    attached = sum("attach" in name.lower() and not name.lower().endswith("attachments.xml") for name in package.names)
    noted = sum(re.search(r"/page[^/]*/annot[^/]*\.xml$", name, re.I) is not None for name in package.names)
    yield from not_read(where, {"attached file": attached, "annotated page": noted})


def _document(package: Package, body: Element, where: str) -> Records:
    path = _text(body, "DocRoot").lstrip("/")
    root = package.xml(path)
    if root is None:
        yield Skipped(where, SkipReason.UNREADABLE, f"there is no {path or 'document'}")
        return
    folder = path.rpartition("/")[0]
    templates = {node.get("ID"): _located(folder, node.get("BaseLoc")) for node in descendants(root, "TemplatePage")}
    pages, missing = [], []
    lost: list[str] = []
    listed = next(iter(descendants(root, "Pages")), None)
    for number, node in enumerate(() if listed is None else descendants(listed, "Page"), start=1):
        page = package.xml(_located(folder, node.get("BaseLoc")))
        if page is None:
            missing.append(str(number))
        pages.append([] if page is None else _page(package, page, templates, lost))
    if not any(pages):
        yield Skipped(where, SkipReason.EMPTY, "pages of pictures")
        return
    text, starts, largest, heads = flow(pages)
    given = title_of(_text(body, "Title"))
    first = "".join(text[: starts[1] if len(starts) > 1 else len(text)].split())
    title = given if given and ("".join(given.split()) in first or not largest) else largest
    content: dict[str, Any] = {"title": title, "text": text, "author": author_of(_text(body, "Author"))}
    yield Record({k: v for k, v in content.items() if v}, where, whole_file=True, pages=starts)
    parts = ["pages " + ", ".join(missing)] if missing else []
    parts += [f"{len(lost)} characters whose fonts do not say what they are"] if lost else []
    parts += [heads] if heads else []
    if parts:
        yield Skipped(where, SkipReason.PART, "; ".join(parts))


def _text(node: Element, name: str) -> str:
    return next(("".join(one.itertext()).strip() for one in descendants(node, name)), "")


def _located(folder: str, place: str | None) -> str:
    place = (place or "").replace("\\", "/").strip()
    return place.lstrip("/") if place.startswith("/") else posixpath.normpath(posixpath.join(folder, place))


def _page(package: Package, page: Element, templates: dict[str | None, str], lost: list[str]) -> list[Line]:
    """The pieces of a page and of the forms it is printed on; characters that nobody can read go to `lost`."""
    glyphs: list[Glyph] = []
    for node in descendants(page, "Template"):
        form = package.xml(templates.get(node.get("TemplateID"), ""))
        if form is not None:
            glyphs += _glyphs(form, lost)
    glyphs += _glyphs(page, lost)
    return closed(pieces(glyphs))


def _glyphs(page: Element, lost: list[str]) -> Iterator[Glyph]:
    for node in descendants(page, "TextObject"):
        if node.get("Visible") == "false":
            continue
        yield from _object(node, lost)


def _object(node: Element, lost: list[str]) -> Iterator[Glyph]:
    box = _numbers(node.get("Boundary")) or [0.0] * 4
    a, b, c, d, e, f = (_numbers(node.get("CTM")) + [1.0, 0.0, 0.0, 1.0, 0.0, 0.0][len(_numbers(node.get("CTM"))) :])[
        :6
    ]
    if len(box) == 4 and not all(box[2:]) and any(name_of(one) == "Clips" for one in node):
        return  # cut to nothing
    if b and abs(b) > 0.2 * abs(a or b) and abs(a) > 0.2 * abs(b):
        return  # slanted: a watermark
    size = (_numbers(node.get("Size")) or [0.0])[0] or _SIZE
    x = y = 0.0
    for code in (one for one in node if name_of(one) == "TextCode"):
        x = (_numbers(code.get("X")) or [x])[0]
        y = (_numbers(code.get("Y")) or [y])[0]
        text = "".join(code.itertext())
        along, down = _steps(code.get("DeltaX"), len(text)), _steps(code.get("DeltaY"), len(text))
        if not any(along) and any(down):  # written downwards: a word all the same
            along, down = [size * (1.0 if is_full_width(char) else 0.5) for char in text], []
        at_x, at_y, spaced = x, y, False
        alike = len(along) > 1 and len(set(along)) == 1
        high = size * abs(d or b or 1) * _POINTS
        for n, char in enumerate(text):
            step = along[min(n, len(along) - 1)] if along else 0.0  # the last one is that of all that come
            if char.isspace():
                spaced = True
            elif _LOST.match(char):
                lost.append(char)
            else:
                wide = size * _width(char, step / size, alike) * abs(a or c or 1) * _POINTS
                left = (box[0] + a * at_x + c * at_y + e) * _POINTS
                base = (box[1] + b * at_x + d * at_y + f) * _POINTS
                yield Glyph(char, left, base - 0.85 * high, left + wide, base + 0.15 * high, high, spaced)
                spaced = False
            at_x += step if any(along) else size * (1.0 if is_full_width(char) else 0.5)
            at_y += down[n] if n < len(down) else 0.0


def _width(char: str, step: float, alike: bool) -> float:
    """How wide a character is, in ems, `step` before the next: letters of an unknown font fill the step, unless that
    is too far for a letter; those that are spaced alike fill it always.
    """
    if is_full_width(char):
        return 1.0
    most = _WIDE if char in _WIDE_LETTERS or alike else _CAPITAL if char.isupper() else _OTHER
    return step if 0.5 < step <= most else 0.5


def _numbers(text: str | None) -> list[float]:
    out = []
    for part in (text or "").split():
        try:
            out.append(float(part))
        except ValueError:
            return []
    return out


def _steps(text: str | None, most: int) -> list[float]:
    """`g 3 2.5 4` is 2.5 2.5 2.5 4: steps from one character to the next."""
    out: list[float] = []
    parts = (text or "").split()
    at = 0
    try:
        while at < len(parts) and len(out) < most:
            if parts[at] == "g":
                out += [float(parts[at + 2])] * min(int(parts[at + 1]), most, _MAX_STEPS)
                at += 3
            else:
                out.append(float(parts[at]))
                at += 1
    except (ValueError, IndexError):
        pass  # what is said wrongly is not said
    return out
