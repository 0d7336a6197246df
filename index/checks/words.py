"""Whether the lexical leg has anything to search in what is about to be written."""

import re
from collections.abc import Sequence

from index.analysis.characters import COMMON_HAN
from index.analysis.terms import FieldTerms
from index.errors import SelfCheckFailed
from index.models import StoredArticle

_HAN = re.compile(f"[{COMMON_HAN}]")
_MIN_HAN_FOR_WORDS = 8  # so many Chinese characters make a text that must have words


def self_check(terms: Sequence[FieldTerms], batch: Sequence[StoredArticle]) -> None:
    """Chinese text without lexical terms is an error, not a silent vector-only search."""
    for item, found in zip(batch, terms, strict=True):
        if not len(found.numbers["words"]) and len(_HAN.findall(item.article.text)) >= _MIN_HAN_FOR_WORDS:
            raise SelfCheckFailed(
                f"article {item.article.article_id!r}: Chinese text, but the tokenizer finds no word in it",
                hint="the word list or the tokenizer is broken; wensou analyze TEXT shows the terms",
            )
