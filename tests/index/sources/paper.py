"""PDF files made for tests: text at places, by reportlab's fonts for Chinese, which no file needs to hold."""

import io

import pytest


def pdf(pages, *, title=None, author=None, size=12, width=595, height=842):
    """`pages`: of each its texts as (x, y from the top, text), (x, y, text, size) or (x, y, text, size, (a, b, c, d)),
    the last a matrix that it is turned or leant by.
    """
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    file = io.BytesIO()
    paper = canvas.Canvas(file, pagesize=(width, height))
    if title is not None:
        paper.setTitle(title)
    if author is not None:
        paper.setAuthor(author)
    for page in pages:
        for x, y, text, *own in page:
            paper.saveState()
            paper.setFont("STSong-Light", own[0] if own else size)
            paper.transform(*(own[1] if len(own) > 1 else (1, 0, 0, 1)), x, height - y)
            paper.drawString(0, 0, text)
            paper.restoreState()
        paper.showPage()
    paper.save()
    return file.getvalue()


def column(text, x, y, chars, *, size=12, leading=18, indent=2):
    """A paragraph set in lines of `chars` characters, the first one set in."""
    lines, first = [], chars - indent
    lines.append((x + indent * size, y, text[:first], size))
    for n, at in enumerate(range(first, len(text), chars), start=1):
        lines.append((x, y + n * leading, text[at : at + chars], size))
    return lines
