"""What of the candidates is read: passages with what they are about, for the reranker and to be laid beside a question.

Readings are remembered, up to some megabytes: what one question finds another often finds, too.
"""

from collections.abc import Sequence

from index.analysis.chunk import subject
from index.analysis.terms import headings_of, named_values
from index.backend import Backend
from index.models import Article, article_of, ordinal_of
from index.storage.cache import Cache
from search.ranking.alignment import readings

_MAX_CHARS = 4_000_000  # characters of readings that are remembered, of two bytes most


class Texts:
    """Passages of one commit, which does not change. Safe to use from several threads."""

    def __init__(self, backend: Backend) -> None:
        """Nothing is read yet."""
        self._backend = backend
        self._known: Cache[tuple[str, bool], str] = Cache(_MAX_CHARS, len)

    def passages(self, chunk_ids: Sequence[str], *, fields: bool = False) -> list[str]:
        """Passages with title and heading before the text, and before all what `fields` say that words are found in;
        gaps are left in, for only letters count.
        """
        homes = [article_of(chunk_id) for chunk_id in chunk_ids]
        names = [*dict.fromkeys(homes)]
        found = self._backend.articles(names)  # together: each could be a call to a server
        read = {name: (one, _said(one.article) if fields else "") for name, one in zip(names, found, strict=True)}
        texts = []
        for chunk_id, home in zip(chunk_ids, homes, strict=True):
            stored, said = read[home]
            start, end, _ = span = stored.spans[ordinal_of(chunk_id)]
            texts.append(f"{said}{subject(stored.article, span)}{stored.article.text[start:end]}")
        return texts

    def readings(self, chunk_ids: Sequence[str], *, digits: bool) -> list[str]:
        """What passages and the fields of their articles say, as it is laid beside a question; see `alignment`."""
        known = {chunk_id: self._known.get((chunk_id, digits)) for chunk_id in chunk_ids}
        new = [chunk_id for chunk_id, reading in known.items() if reading is None]
        for chunk_id, reading in zip(new, readings(self.passages(new, fields=True), digits=digits), strict=True):
            known[chunk_id] = reading
            self._known.put((chunk_id, digits), reading)
        return [known[chunk_id] or "" for chunk_id in chunk_ids]


def _said(article: Article) -> str:
    """What the fields of an article say, a line each."""
    return "".join(f"{value}\n" for value in (*named_values(article), *headings_of(article)[1:]))
