"""What becomes of a text: each cleaning step that changed something, metadata, chunks, tokens."""

import re
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

from index.analysis.chunk import chunk_article
from index.analysis.tokenizer import Tokenizer
from index.cleaning.boilerplate import BoilerplateCounts, of_source, page_source
from index.cleaning.clean import clean
from index.config import IndexConfig
from index.connect import open_handle
from index.errors import BadArticle, BadOption
from index.models import Article, Skipped
from index.sources.articles import read_sources

_MAX_ARTICLES = 2_000  # of a folder, looked at for lines they repeat
_FILE_NAME = re.compile(r"[^\n。，；！？]+")
_SUFFIXES = re.compile(
    r"\.(?:txt|text|md|markdown|x?html?|shtml|json|jsonl|ndjson|csv|tsv|docx?|pdf|epub|xlsx?|eml|mht|mhtml|zip|pptx?|odt|"
    r"rtf|ofd|wps|et|xml|gz|log)$",
    re.I,
)


def analyze_text(text: str, index: str | None = None) -> dict[str, Any]:
    """Analyse a text, or the first article of a file where `text` is the path of one, as `index` would.

    Of a file, lines that the other files of its folder repeat are known, as they are when the folder is indexed.
    Raises BadArticle where the file cannot be read, with the reason, and BadOption where `text` is the path of a file
    that is not there.
    """
    config = open_handle(index).describe().config if index else IndexConfig()
    raw = _article(text)
    learned = of_source(_learned(Path(raw.path).parent), page_source(raw)) if raw.path else frozenset[str]()
    cleaned = clean(raw, boilerplate=learned, keep_boilerplate=config.keep_boilerplate)
    article = cleaned.article
    tokenizer = Tokenizer(config.user_words, config.synonyms)
    chunks = chunk_article(article, size=config.chunk_chars, overlap=config.overlap_chars)
    metadata = {
        "title": article.title,
        "source": article.source,
        "author": article.author,
        "published": article.published,
    }
    return {
        "text": article.text,
        "changes": [asdict(change) for change in cleaned.changes],
        "metadata": {name: value for name, value in {**metadata, **article.meta}.items() if value},
        "chunks": [{"start": c.start, "end": c.end, "heading": c.heading} for c in chunks],
        "tokens": [token._asdict() for token in tokenizer.tokens(article.text)],
        "synonyms": {t.term: s for t in tokenizer.tokens(article.text) if (s := tokenizer.synonyms(t.term))},
    }


def _learned(folder: Path) -> frozenset[str]:
    """What a build of `folder` would learn of the lines its files repeat, from its first articles."""
    counts = BoilerplateCounts()
    for item in islice(read_sources([folder]), _MAX_ARTICLES):
        if not isinstance(item, Skipped):
            counts.add(page_source(item), item.text)
    return counts.lines()


def _article(text: str) -> Article:
    if _is_file(text):
        first = next(iter(read_sources([text])), None)
        if first is None:
            raise BadArticle(f"{text}: there is no article in it")
        if isinstance(first, Skipped):
            raise BadArticle(f"{first.where}: {first.reason}" + (f" ({first.detail})" if first.detail else ""))
        return first
    if _names_a_file(text):
        raise BadOption(
            f"no such file: got {text!r}, wanted a file, or a text to analyse",
            hint="check the path; a text that looks like one can be put in a file",
        )
    return Article("text", "", text)


def _names_a_file(text: str) -> bool:
    """Whether a text is meant as the path of a file: one word that ends as files do, or leads through folders."""
    text = text.strip()
    if len(text) > 400 or not _FILE_NAME.fullmatch(text):
        return False
    led = text.startswith(("/", "./", "../", "~/", ".\\", "..\\")) or bool(re.match(r"[A-Za-z]:[\\/]", text))
    return led or bool(_SUFFIXES.search(text))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or a character no name can hold
        return False
