"""What becomes of a text: each cleaning step that changed something, metadata, chunks, tokens."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from index.analysis.chunk import chunk_article
from index.analysis.tokenizer import Tokenizer
from index.cleaning.clean import clean
from index.config import IndexConfig
from index.connect import open_handle
from index.errors import BadArticle
from index.models import Article, Skipped
from index.sources.articles import read_sources


def analyze_text(text: str, index: str | None = None) -> dict[str, Any]:
    """Analyse a text, or the first article of a file where `text` is the path of one, as `index` would.

    Raises BadArticle where the file cannot be read, with the reason.
    """
    config = open_handle(index).describe().config if index else IndexConfig()
    cleaned = clean(_article(text))
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


def _article(text: str) -> Article:
    if _names_a_file(text):
        first = next(iter(read_sources([text])))
        if isinstance(first, Skipped):
            raise BadArticle(f"{first.where}: {first.reason}" + (f" ({first.detail})" if first.detail else ""))
        return first
    return Article("text", "", text)


def _names_a_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):  # too long for a name, or a character no name can hold
        return False
