"""A font for PDFs that name one and do not hold it: each character is a bar, narrower than any letter.

pdfium asks the system for such fonts, and leaves out text of a single character, as form programs set it, where no font
has a glyph for it: what is read would depend on what is installed. Where a character stands is told by the file alone;
that it has a size is all that is wanted of the font.
"""

import ctypes
import struct
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

_EM = 1000  # units of the font
_DESCENT, _ASCENT = -120, 880  # of a Chinese font, as most have it
_WIDE, _HIGH = 100, 700  # the bar: within what any letter takes, so that this is told by the file's own widths alone
_CHARSETS = frozenset({128, 129, 134, 136})  # Japanese, Korean, simplified and traditional Chinese
_FIRST, _LAST = 0x21, 0x3FFFF  # code points of letters and marks


@cache
def lend_font() -> Any:
    """Let pdfium have the font for every Chinese, Japanese or Korean one that a file does not hold. What is returned it
    calls for as long as the process lives, and is kept by the cache.
    """
    raw = import_module("pypdfium2.raw")
    data = bar_font()

    def map_font(_: Any, weight: int, italic: int, charset: int, pitch: int, face: Any, exact: Any) -> int | None:
        return 1 if charset in _CHARSETS else None

    def font_data(_: Any, font: Any, table: int, buffer: Any, size: int) -> int:
        if table:  # a collection is asked for by its table, and this is none
            return 0
        if buffer and size >= len(data):
            ctypes.memmove(buffer, data, len(data))
        return len(data)

    info = raw.FPDF_SYSFONTINFO()
    info.version = 1
    types = dict(field[:2] for field in raw.FPDF_SYSFONTINFO._fields_)
    calls: dict[str, Callable[..., Any]] = {"MapFont": map_font, "GetFontData": font_data, "DeleteFont": _nothing}
    for name, call in calls.items():
        setattr(info, name, types[name](call))
    raw.FPDF_SetSystemFontInfo(info)
    return info


def _nothing(_: Any, font: Any) -> None:
    """No font is kept open."""


def bar_font() -> bytes:
    """The file of a TrueType font with one glyph, a bar, for all characters (OpenType 1.9, cmap format 13)."""
    corners = [(0, 0), (0, _HIGH), (_WIDE, _HIGH), (_WIDE, 0)]
    xs, ys = ([b - a for a, b in zip([0, *line[:-1]], line, strict=True)] for line in zip(*corners, strict=True))
    bar = struct.pack(">hhhhhHH", 1, 0, 0, _WIDE, _HIGH, 3, 0) + bytes([1] * 4) + struct.pack(">8h", *xs, *ys)
    groups = struct.pack(">III", _FIRST, _LAST, 1)
    cmap = struct.pack(">HHHHI", 0, 1, 3, 10, 12) + struct.pack(">HHIII", 13, 0, 16 + len(groups), 0, 1) + groups
    tables = {
        b"cmap": cmap,
        b"glyf": bar,
        b"head": struct.pack(
            ">HHIIIHHQQhhhhHHhhh", 1, 0, 0x10000, 0, 0x5F0F3CF5, 3, _EM, 0, 0, 0, 0, _WIDE, _HIGH, 0, 8, 2, 1, 0
        ),
        b"hhea": struct.pack(">HHhhhHhhhhhhhhhhhH", 1, 0, _ASCENT, _DESCENT, 0, _EM, 0, 0, _WIDE, 1, *[0] * 7, 2),
        b"hmtx": struct.pack(">HhHh", _EM, 0, _EM, 0),
        b"loca": struct.pack(">III", 0, 0, len(bar)),
        b"maxp": struct.pack(">HH14H", 1, 0, 2, 4, 1, 0, 0, 2, *[0] * 8),
    }
    return _file(tables)


def _file(tables: Mapping[bytes, bytes]) -> bytes:
    at = 12 + 16 * len(tables)
    power = 1 << (len(tables).bit_length() - 1)
    head = struct.pack(">IHHHH", 0x10000, len(tables), 16 * power, power.bit_length() - 1, 16 * (len(tables) - power))
    body = b""
    for name, data in tables.items():
        padded = data + b"\0" * (-len(data) % 4)
        total = sum(struct.unpack(f">{len(padded) // 4}I", padded)) & 0xFFFFFFFF
        head += name + struct.pack(">III", total, at + len(body), len(data))
        body += padded
    return head + body
