"""One article -> what a segment holds: clean -> chunk -> tokenise, and the texts to encode."""

import hashlib
import json
from collections.abc import Sequence

from index.analysis.chunk import chunk_spans, passage_text
from index.analysis.terms import FieldTerms, Vocabulary, terms_of, terms_of_all
from index.analysis.tokenizer import Tokenizer
from index.backend import Recipe
from index.cleaning.clean import CLEANER_VERSION, clean_all
from index.cleaning.parts import with_cells
from index.config import IndexConfig
from index.encoders.base import Encoder, cosine_floor
from index.encoders.load import load_encoder
from index.models import Article, Change, Cleaned, StoredArticle


def content_hash(article: Article) -> str:
    """16 hex digits over all that was read: title, text and fields."""
    fields = {name: getattr(article, name) for name in Article.__dataclass_fields__}
    for name in ("cells", "pages"):  # most articles have neither
        if not fields[name]:
            del fields[name]
    data = json.dumps({**fields, "meta": dict(article.meta)}, sort_keys=True)
    return hashlib.blake2b(data.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


Prepared = tuple[StoredArticle, FieldTerms, tuple[Change, ...]]
"""An article as it will lie in the index, its terms, and what cleaning changed."""


class ArticlePreparer:
    """Turns articles into what a segment holds. What becomes of one does not depend on others."""

    def __init__(self, config: IndexConfig, encoder: Encoder | None = None) -> None:
        """Load the encoder that `config` names, unless one is given."""
        self.config = config
        self.encoder = encoder or load_encoder(config.model)
        self.tokenizer = Tokenizer(config.user_words, config.synonyms)
        self.fingerprint = config.fingerprint(
            encoder=self.encoder.fingerprint,
            tokenizer=self.tokenizer.fingerprint(),
            cleaner=f"clean{CLEANER_VERSION}{'+boilerplate' * config.keep_boilerplate}" if config.clean else "as is",
        )

    def prepare(
        self,
        article: Article,
        boilerplate: frozenset[str] = frozenset(),
        vocabulary: Vocabulary | None = None,
        kept_hash: str = "",
    ) -> Prepared:
        """Clean, chunk and tokenise one article. `boilerplate`: lines its source prints on every page
        (index.cleaning.boilerplate).

        Articles prepared with one `vocabulary` share it. With `kept_hash` the article is one that an index held: its
        text is display text already, and that is the hash of what it was read from.
        """
        ((stored, changes),) = self._cut_all([(article, boilerplate, kept_hash)])
        return stored, terms_of(stored, self.tokenizer, vocabulary), changes

    def prepare_all(self, articles: Sequence[tuple[Article, frozenset[str], str]]) -> list[Prepared]:
        """`prepare` each, given with its source's boilerplate and its kept hash, all with one vocabulary."""
        made = self._cut_all(articles)
        terms = terms_of_all([stored for stored, _ in made], self.tokenizer, Vocabulary())
        return [(stored, found, changes) for (stored, changes), found in zip(made, terms, strict=True)]

    def _cut_all(
        self, articles: Sequence[tuple[Article, frozenset[str], str]]
    ) -> list[tuple[StoredArticle, tuple[Change, ...]]]:
        raw = [(article, boilerplate) for article, boilerplate, kept_hash in articles if not kept_hash]
        if self.config.clean:
            cleaned = iter(clean_all(raw, keep_boilerplate=self.config.keep_boilerplate))
        else:
            cleaned = iter([Cleaned(with_cells(one), ()) for one, _ in raw])
        size, overlap = self.config.chunk_chars, self.config.overlap_chars
        cut = []
        for article, _, kept_hash in articles:
            made = Cleaned(article) if kept_hash else next(cleaned)
            spans = chunk_spans(made.article.text, size=size, overlap=overlap)
            cut.append((StoredArticle(made.article, tuple(spans), kept_hash or content_hash(article)), made.changes))
        return cut

    def passages(self, stored: StoredArticle) -> list[str]:
        """The texts to encode, one a chunk."""
        return [passage_text(stored.article, span) for span in stored.spans]


def recipe_of(preparer: ArticlePreparer) -> Recipe:
    """What a writer is told of how its articles are prepared."""
    encoder = preparer.encoder
    info = {
        "name": encoder.name,
        "dim": encoder.dim,
        "fingerprint": encoder.fingerprint,
        "floor": cosine_floor(encoder),
    }
    return Recipe(preparer.config, preparer.fingerprint, info, preparer.tokenizer)
