"""What of the candidates is read: passages with what they are about, for the reranker and to be laid beside a question.

Readings are remembered, up to some megabytes: what one question finds another often finds, too.
"""

from collections.abc import Sequence

from index.analysis.chunk import subject
from index.analysis.terms import headings_of, named_values
from index.backend import Backend
from search.ranking.alignment import readings

_MAX_CHARS = 4_000_000  # characters of readings that are remembered, of two bytes most


class Texts:
    """Passages of one commit, which does not change. Safe to use from several threads."""

    def __init__(self, backend: Backend) -> None:
        """Nothing is read yet."""
        self._backend = backend
        self._known: dict[tuple[str, bool], str] = {}
        self._chars = 0

    def passages(self, chunk_ids: Sequence[str], *, fields: bool = False) -> list[str]:
        """Passages with title and heading before the text, and before all what `fields` say that words are found in;
        gaps are left in, for only letters count.
        """
        texts = []
        for chunk in self._backend.chunks(chunk_ids):  # read together: each could be a call to a server
            article = self._backend.article(chunk.article_id).article
            said = "\n".join([*named_values(article), *headings_of(article)[1:], ""]) if fields else ""
            texts.append(f"{said}{subject(article, (chunk.start, chunk.end, chunk.heading))}{chunk.text}")
        return texts

    def readings(self, chunk_ids: Sequence[str], *, digits: bool) -> list[str]:
        """What passages and the fields of their articles say, as it is laid beside a question; see `alignment`."""
        known = self._known
        new = [chunk_id for chunk_id in chunk_ids if (chunk_id, digits) not in known]
        if new:
            found = readings(self.passages(new, fields=True), digits=digits)
            self._chars += sum(map(len, found))
            if self._chars > _MAX_CHARS:
                wanted = ((chunk_id, digits) for chunk_id in chunk_ids)
                known, self._chars = {key: known[key] for key in wanted if key in known}, 0
            known.update(zip(((name, digits) for name in new), found, strict=True))
            self._known = known
        return [known[chunk_id, digits] for chunk_id in chunk_ids]
