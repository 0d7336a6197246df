"""PDFs whose fonts are not there are read alike on every machine."""

import io

import pytest

from tests.index.sources.paper import pdf

pytest.importorskip("pypdfium2")
from index.sources.pdf import read_pdf
from index.sources.pdf_fonts import bar_font

SENTENCE = "闸门每年霜降前要上一遍桐油。"


def test_every_character_is_a_bar():
    font = pytest.importorskip("PIL.ImageFont").truetype(io.BytesIO(bar_font()), 100)
    for char in "渡●（a𠮷":
        left, top, right, bottom = font.getmask(char).getbbox()
        assert (right - left, bottom - top) == (10, 70)
        assert font.getlength(char * 3) == 300


def test_text_that_is_set_a_character_at_a_time_is_read_though_no_font_has_it():
    page = [(72 + 12 * n, 120, char) for n, char in enumerate(SENTENCE)]
    record, *rest = read_pdf(pdf([page]), "a.pdf")
    assert record.content["text"] == SENTENCE
    assert not rest
