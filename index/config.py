"""What an index is built with. `fingerprint()` covers everything that changes its content."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, get_args

from index.errors import BadOption

DEFAULT_CHUNK_CHARS = 200  # passages of 200 characters beat 300 for the dense leg and tie for the lexical one
DEFAULT_OVERLAP_CHARS = 60
BUNDLED_MODEL = "bundled"


Variant = Literal["lucene", "okapi", "plus", "l"]


@dataclass(frozen=True, slots=True)
class Bm25Options:
    """The variant of BM25 and its parameters (formulas: index.retrieval.bm25). Defaults: Lucene's."""

    variant: Variant = "lucene"
    k1: float = 1.2
    b: float = 0.75
    delta: float = 0.5
    epsilon: float = 0.25

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if self.variant not in get_args(Variant):
            wanted = ", ".join(get_args(Variant))
            raise BadOption(f"BM25 variant: got {self.variant!r}, want one of {wanted}")
        if not (self.k1 >= 0 and 0 <= self.b <= 1):
            raise BadOption(f"BM25: got k1={self.k1}, b={self.b}; want k1 >= 0 and b in 0..1")


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """Options of an index, chosen at its first build and kept in its manifest.

    With `keep_boilerplate` cleaning takes out no line for what a page prints beside its article.
    `model` is "bundled" or the name or path of a sentence-transformers model. `user_words` are kept whole by
    the tokenizer; `synonyms` are groups of words that mean the same and act on queries only, so they are not
    part of the fingerprint.
    """

    chunk_chars: int = DEFAULT_CHUNK_CHARS
    overlap_chars: int = DEFAULT_OVERLAP_CHARS
    model: str = BUNDLED_MODEL
    clean: bool = True
    keep_boilerplate: bool = False
    bm25: Bm25Options = field(default_factory=Bm25Options)
    user_words: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        """Refuse sizes that cannot work."""
        if not 20 <= self.chunk_chars <= 20_000:
            raise BadOption(f"chunk_chars: got {self.chunk_chars}, want 20..20000")
        if not 0 <= self.overlap_chars < self.chunk_chars:
            raise BadOption(f"overlap_chars: got {self.overlap_chars}, want 0..{self.chunk_chars - 1}")

    def fingerprint(self, *, encoder: str, tokenizer: str, cleaner: str) -> str:
        """16 hex digits over all that decides what a given article becomes in the index."""
        parts = [self.chunk_chars, self.overlap_chars, self.clean, encoder, tokenizer, cleaner]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Back from `to_json`."""
        known = {key: value for key, value in data.items() if key in cls.__dataclass_fields__}
        known["bm25"] = Bm25Options(**data["bm25"])
        known["user_words"] = tuple(data["user_words"])
        known["synonyms"] = tuple(tuple(group) for group in data["synonyms"])
        return cls(**known)


def read_word_list(path: Path) -> tuple[str, ...]:
    """One word a line, UTF-8; what follows a space or tab (jieba's frequency and tag) and `#` lines are ignored."""
    return tuple(line.split()[0] for line in _lines(path))


def read_synonyms(path: Path) -> tuple[tuple[str, ...], ...]:
    """One group a line, its words separated by commas (，,、) or tabs, UTF-8; `#` lines are ignored."""
    table = str.maketrans("，、\t", ",,,")
    groups = ([w.strip() for w in line.translate(table).split(",")] for line in _lines(path))
    return tuple(tuple(w for w in group if w) for group in groups)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadOption(f"word list {path}: cannot be read as UTF-8 text: {error}", hint="save it as UTF-8") from error
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
