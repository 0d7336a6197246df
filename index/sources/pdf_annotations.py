"""What lies on the pages of a PDF: values of forms and notes typed there, as glyphs; comments, counted."""

import ctypes
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

from index.sources.page_layout import Glyph, is_full_width

_FIELD_SIZE, _TEXT_SIZE = 0.75, 12.0  # a field's letters: of its height, and points at most
_HIDDEN = 1 << 1  # the flag of annotations that are not shown
_Buffered = Callable[[Any, int], int]


def _string(call: _Buffered) -> str:
    """A string in UTF-16 that `call(buffer, bytes)` writes, given how long it is by `call(None, 0)`."""
    length = call(None, 0)
    if length <= 2:
        return ""
    buffer = (ctypes.c_ushort * (length // 2))()
    call(buffer, length)
    return bytes(buffer)[: length - 2].decode("utf-16-le", "replace")


class Annotations:
    """Those of one document; `comments` counts what is written at its pages and not shown on them."""

    def __init__(self, form: Any) -> None:
        """`form`: the raw handle of the document's form, None where it has none."""
        self._raw = import_module("pypdfium2.raw")
        self._form = form
        self.comments = 0

    def glyphs(self, page: Any, left: float, top: float) -> Iterator[Glyph]:
        """What is shown of a page's annotations; `left` and `top` of its box, in points."""
        raw = self._raw
        for number in range(raw.FPDFPage_GetAnnotCount(page)):
            one = raw.FPDFPage_GetAnnot(page, number)
            if not one:
                continue
            try:
                rect = raw.FS_RECTF()
                if raw.FPDFAnnot_GetFlags(one) & _HIDDEN or not raw.FPDFAnnot_GetRect(one, rect):
                    continue
                places = (rect.left - left, top - max(rect.top, rect.bottom), abs(rect.top - rect.bottom))
                width = rect.right - rect.left
                yield from _set(self._text(one), *places, width)
            finally:
                raw.FPDFPage_CloseAnnot(one)

    def _text(self, one: Any) -> str:
        """What an annotation shows."""
        raw = self._raw
        kind = raw.FPDFAnnot_GetSubtype(one)
        if kind == raw.FPDF_ANNOT_WIDGET:
            return self._value(one) if self._form else ""
        if kind in (raw.FPDF_ANNOT_POPUP, raw.FPDF_ANNOT_LINK):
            return ""
        said = _string(lambda buffer, size: raw.FPDFAnnot_GetStringValue(one, b"Contents", buffer, size)).strip()
        if kind == raw.FPDF_ANNOT_FREETEXT:
            return said
        self.comments += bool(said)
        return ""

    def _value(self, one: Any) -> str:
        """What a field of a form holds: its text, its choice, or whether it is ticked."""
        raw, form = self._raw, self._form
        kind = raw.FPDFAnnot_GetFormFieldType(form, one)
        if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
            return "☑" if raw.FPDFAnnot_IsChecked(form, one) else "□"
        if kind in (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX):
            return _string(lambda buffer, size: raw.FPDFAnnot_GetFormFieldValue(form, one, buffer, size)).strip()
        return ""


def _set(text: str, left: float, top: float, height: float, width: float) -> Iterator[Glyph]:
    """Glyphs for `text` in a box, made narrower where it would not fit."""
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        return
    pitch = height / len(lines)
    size = min(_TEXT_SIZE, _FIELD_SIZE * pitch) or _TEXT_SIZE
    for number, line in enumerate(lines):
        middle = top + (number + 0.5) * pitch
        wide = sum(1.0 if is_full_width(char) else 0.5 for char in line) * size
        scale = min(1.0, width / wide) if wide and width > 0 else 1.0
        x = left
        spaced = False
        for char in line:
            step = (1.0 if is_full_width(char) else 0.5) * size * scale
            if not char.isspace():
                yield Glyph(char, x, middle - size / 2, x + step, middle + size / 2, size, spaced)
            spaced = char.isspace()
            x += step
