"""Article -> chunks on sentence borders, with exact offsets into the display text.

A chunk is a run of whole sentences of about `size` characters; a sentence longer than that is cut at a comma,
or failing that at `size`. The last short sentence of a chunk opens the next one too, so that a fact told over
two sentences stands whole in one of them. A heading opens a chunk and names those of its section. A short tail
joins the chunk before it.
"""

import re

from index.analysis.gaps import as_read
from index.models import Article, Chunk, chunk_id_of

_SENTENCE = re.compile(r"[^。！？!?；;…\n]*(?:[。！？!?；;…]+[”’」』）)\"'】》]*|\n+|$)")
_CLAUSE = re.compile(r"[^，,、：:\s]*(?:[，,、：:\s]+|$)")
_ENDS_SENTENCE = re.compile(r"[。！？!?；;…，,、：:.”\"]\s*$")
_NUMBERED = re.compile(
    r"^(?:[一二三四五六七八九十]+[、.．]|[（(][一二三四五六七八九十\d]+[)）]|第[一二三四五六七八九十百\d]+[章节節条條部])"
)
_MAX_HEADING = 32  # characters; longer lines without a full stop are captions, lists or poems


def is_heading(line: str) -> bool:
    """Whether a line that stands alone reads as a section heading rather than as a sentence or a table row."""
    line = line.strip()
    if not 2 <= len(line) <= _MAX_HEADING or "|" in line:
        return False
    if _ENDS_SENTENCE.search(line):
        return False
    return bool(_NUMBERED.match(line)) or not re.search(r"[，。；;]", line)


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of `text`, in order; together they are the whole text. Ends with its line breaks."""
    spans = [match.span() for match in _SENTENCE.finditer(text) if match.end() > match.start()]
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        # Blank lines belong to the sentence before them.
        if merged and text[start].isspace() and not text[start:end].strip():
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _pieces(text: str, size: int) -> list[tuple[int, int]]:
    """Sentences, with those over `size` characters cut at clauses, and clauses over `size` cut anywhere."""
    out: list[tuple[int, int]] = []
    for start, end in sentences(text):
        if end - start <= size:
            out.append((start, end))
            continue
        piece = start
        for match in _CLAUSE.finditer(text, start, end):
            if match.end() - piece > size and match.start() > piece:
                out.append((piece, match.start()))
                piece = match.start()
            while match.end() - piece > size:
                out.append((piece, piece + size))
                piece += size
        if piece < end:
            out.append((piece, end))
    return out


def _headings(text: str, pieces: list[tuple[int, int]]) -> list[bool]:
    """Which pieces are headings: a line of their own, and not one of a list of such lines."""
    flags = []
    for start, end in pieces:
        alone = text[end - 1] == "\n" and (start == 0 or text[start - 1] == "\n")
        flags.append(alone and is_heading(text[start:end]))
    # Three short lines in a row are a poem, a list or a table of contents: not headings.
    runs = {i for i, flag in enumerate(flags) if flag}
    crowd = {i for i in runs if (i - 1 in runs and i + 1 in runs)}
    crowd |= {j for i in crowd for j in (i - 1, i + 1)}
    return [flag and i not in crowd for i, flag in enumerate(flags)]


def chunk_spans(text: str, *, size: int, overlap: int) -> list[tuple[int, int, str]]:
    """`(start, end, heading)` of each chunk. Every character of `text` lies in at least one span."""
    pieces = _pieces(text, size)
    is_head = _headings(text, pieces)
    spans: list[tuple[int, int, str]] = []
    heading = current = ""
    begin = 0  # index of the first piece of the open chunk
    for i, (start, end) in enumerate(pieces):
        open_length = start - pieces[begin][0]
        section = is_head[i] and open_length >= size // 3
        if i > begin and (end - pieces[begin][0] > size or section):
            last = i - 2 if is_head[i - 1] and i - 1 > begin else i - 1  # a heading goes with what follows it
            spans.append((pieces[begin][0], pieces[last][1], heading))
            begin = last + 1
            short = pieces[last][1] - pieces[last][0] <= overlap
            fits = end - pieces[last][0] <= size
            if begin == i and not section and not is_head[i] and short and fits and spans[-1][0] < pieces[last][0]:
                begin = last
            heading = current
        if is_head[i]:
            current = text[start:end].strip()
            if begin == i or all(is_head[begin:i]):
                heading = current
    if pieces:
        spans.append((pieces[begin][0], pieces[-1][1], heading))
    return _with_tail(text, spans, size)


def _with_tail(text: str, spans: list[tuple[int, int, str]], size: int) -> list[tuple[int, int, str]]:
    """Give a short last chunk to the one before: a signature or a date alone answers nothing, yet ranks high."""
    if len(spans) < 2:
        return spans
    (start, _, heading), (tail, end, _) = spans[-2:]
    if len(text[tail:end].strip()) <= size // 4 and end - start <= size + size // 4:
        return [*spans[:-2], (start, end, heading)]
    return spans


def chunk_article(article: Article, *, size: int, overlap: int) -> list[Chunk]:
    """Cut the display text of `article` into chunks named `<article_id>:<ordinal>`.

    `size` and `overlap` are in characters: no chunk but the last is longer than `size` (trailing line breaks apart),
    the last by a quarter at most, and a
    sentence of at most `overlap` characters may stand at the end of one chunk and the start of the next.
    An article without text has no chunks.
    """
    spans = chunk_spans(article.text, size=size, overlap=overlap)
    return [
        Chunk(chunk_id_of(article.article_id, n), article.article_id, article.text[start:end], start, end, heading)
        for n, (start, end, heading) in enumerate(spans)
    ]


def passage_text(article: Article, span: tuple[int, int, str]) -> str:
    """A chunk as it is read by an encoder: title and heading give it its subject."""
    start, end, _ = span
    return f"{subject(article, span)}{as_read(article.text[start:end])}"


def subject(article: Article, span: tuple[int, int, str]) -> str:
    """Title and heading of a chunk, a line each, but for what the chunk begins with itself."""
    start, _, heading = span
    head = "" if not heading or article.text.startswith(heading, start) else f"{heading}\n"
    title = "" if article.text.startswith(article.title, start) else f"{article.title}\n"
    return f"{title}{head}"
