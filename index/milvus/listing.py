"""What a commit on Milvus holds, listed: articles, facets, a sample, and titles and terms for completion."""

import random
from collections.abc import Iterator, Mapping, Sequence

from index.analysis.names import name_facets
from index.analysis.tokenizer import Tokenizer
from index.drawing import DRAWS
from index.errors import IndexCorrupt
from index.milvus.client import Client, Row, any_of
from index.milvus.control import Record
from index.milvus.counts import NO_TERMS, Column, Counts
from index.milvus.filtering import Needle, Splitter, has, meets, of_fields, seen_by
from index.milvus.rows import stored_of
from index.milvus.schema import Names
from index.models import Condition, Filters, StoredArticle

LISTED = 50_000  # articles up to which their titles and terms are read for completion and corrections
_A_PAGE = 200  # articles read at a time with their texts
_NAMES_A_CALL = 50


class Listing:
    """Reads whole collections of one commit, in pieces."""

    client: Client
    record: Record
    names: Names
    commit: int
    counts: Counts
    _splitter: Splitter
    text_fields = ("body", "body_pages")

    @property
    def _consistency(self) -> str:
        raise NotImplementedError

    def tokenizer(self) -> Tokenizer:
        """That of the index."""
        raise NotImplementedError

    def frequencies(self, needles: Sequence[Needle]) -> dict[Needle, int]:
        """How many documents of its field hold each term."""
        raise NotImplementedError

    def _scan(self, name: str, filter_: str, fields: Sequence[str], batch: int = 1_000) -> Iterator[Row]:
        seen = seen_by(self.commit)
        whole = f"({filter_}) and {seen}" if filter_ else seen
        return self.client.scan(name, whole, fields, consistency=self._consistency, batch=batch)

    def joined(self, rows: Sequence[Row], field: str, count: str, kind: str) -> list[str]:
        """A field of rows of articles with its further pages; IndexCorrupt where one is missing."""
        wanted = [f"{row['pk']}#{kind}{n:04d}" for row in rows for n in range(1, int(row[count]))]
        pages: dict[str, str] = {}
        for begin in range(0, len(wanted), 100):
            some = any_of("pk", wanted[begin : begin + 100])
            found = self.client.query(self.names.pages, some, ["pk", "body"], consistency=self._consistency)
            pages |= {row["pk"]: row["body"] for row in found}
        if missing := set(wanted) - set(pages):
            raise IndexCorrupt(
                f"index {self.client.address.text}: {min(missing)} is missing", hint="rebuild it with --rebuild"
            )
        return [
            row[field] + "".join(pages[f"{row['pk']}#{kind}{n:04d}"] for n in range(1, int(row[count]))) for row in rows
        ]

    def parsed(self, rows: Sequence[Row]) -> dict[str, StoredArticle]:
        """Articles of rows that have `text_fields`."""
        out = {}
        for row, body in zip(rows, self.joined(rows, "body", "body_pages", "b"), strict=True):
            try:
                out[row["article"]] = stored_of(body)
            except (ValueError, KeyError, TypeError) as error:
                raise IndexCorrupt(
                    f"index {self.client.address.text}: article {row['article']!r}: not what was written ({error})",
                    hint="rebuild it with --rebuild",
                ) from error
        return out

    def all_stored(self, filter_: str = "") -> Iterator[StoredArticle]:
        """Every article that passes a filter of Milvus."""
        page: list[Row] = []
        for row in self._scan(self.names.articles, filter_, ["article", *self.text_fields], _A_PAGE):
            page.append(row)
            if len(page) == _A_PAGE:
                yield from self.parsed(page).values()
                page = []
        yield from self.parsed(page).values()

    def article_ids(self) -> Iterator[str]:
        """The id of every article; see Backend."""
        return (str(row["article"]) for row in self._scan(self.names.articles, "", ["article"]))

    def titles(self) -> Iterator[str]:
        """The display title of every article, of an index that is not too large; see Lister."""
        if self.record.articles <= LISTED:
            yield from (str(row["title"]) for row in self._scan(self.names.articles, "", ["title"]))

    def words(self) -> Iterator[tuple[str, int]]:
        """Every term of the chunks and how many hold it, of an index that is not too large; see Lister."""
        if self.record.articles <= LISTED:
            column = self.column("words")
            yield from zip(column.names, column.counts.tolist(), strict=True)

    def column(self, field: str) -> Column:
        """Every term of a field and how many of its documents hold it."""
        try:
            found = self.counts.all(self._consistency, field)
        except ValueError as error:
            raise IndexCorrupt(
                f"index {self.client.address.text}: counts of terms: not what was written ({error})",
                hint="rebuild it with --rebuild",
            ) from error
        return found.get(field, NO_TERMS)

    def facets(self, filters: Filters, names: Sequence[str]) -> dict[str, dict[str, int]]:
        """Articles by value among those that pass; see Backend."""
        out: dict[str, dict[str, int]] = {name: {} for name in names}
        for value, count in self._values(filters).items():
            name, _, what = value.partition("=")
            if name in out and count:
                out[name][what] = out[name].get(what, 0) + count
        return {name: dict(sorted(v.items(), key=lambda item: (-item[1], item[0]))) for name, v in out.items()}

    def _values(self, filters: Filters) -> Mapping[str, int]:
        if not filters:
            column = self.column("facets")
            return dict(zip(column.names, column.counts.tolist(), strict=True))
        parts, rest = self._splitter.split(filters.where)
        found: dict[str, int] = {}
        for row in self._that_pass(" and ".join([*of_fields(filters), *parts]), rest):
            for value in row["facets"]:
                if not value.startswith("~"):
                    found[value] = found.get(value, 0) + 1
        return found

    def named(self, names: Sequence[str], most: int, filters: Filters) -> dict[str, list[str]]:
        """Of names those that one to `most` articles have, with the ids of these; see Namer."""
        facets = dict(zip(name_facets(names), names, strict=True))
        known = self.frequencies([("facets", facet) for facet in facets])
        held = [facet for facet in facets if known[("facets", facet)] and (filters or known[("facets", facet)] <= most)]
        parts, rest = self._splitter.split(filters.where)
        found: dict[str, list[str]] = {facet: [] for facet in held}
        for begin in range(0, len(held), _NAMES_A_CALL):
            some = " and ".join([has(*held[begin : begin + _NAMES_A_CALL]), *of_fields(filters), *parts])
            for row in self._that_pass(some, rest):
                for facet in found.keys() & set(row["facets"]):
                    found[facet].append(str(row["article"]))
        return {facets[facet]: sorted(ids) for facet, ids in found.items() if 0 < len(ids) <= most}

    def _that_pass(self, filter_: str, condition: Condition | None) -> Iterator[Row]:
        if condition is None:
            yield from self._scan(self.names.articles, filter_, ["article", "facets"])
            return
        for row in self._scan(self.names.articles, filter_, ["article", "facets", *self.text_fields], _A_PAGE):
            (stored,) = self.parsed([row]).values()
            if meets(stored, condition, self.tokenizer()):
                yield row

    def drawn(self, name: str, count: int, of: int, fields: Sequence[str], begin: int = 0) -> list[Row]:
        """`count` rows of about `of`: those whose `draw` comes first from `begin` on, and around to it."""
        share = max(1, min(DRAWS, int(DRAWS * 1.5 * (count + 10) / max(of, 1))))
        while True:
            end = begin + share
            inside = f"draw >= {begin} and draw < {min(end, DRAWS)}"
            if end > DRAWS:
                inside = f"({inside}) or draw < {end - DRAWS}"
            rows = [*self._scan(name, inside, [*fields, "draw"])]
            if len(rows) >= count or share >= DRAWS:
                rows.sort(key=lambda row: ((row["draw"] - begin) % DRAWS, row["pk"]))
                return rows[:count]
            share = min(DRAWS, 2 * share)

    def sample(self, count: int, rng: random.Random) -> list[StoredArticle]:
        """Articles drawn at random; see Backend."""
        begin = rng.randrange(DRAWS)
        rows = self.drawn(self.names.articles, count, self.record.articles, ["article", *self.text_fields], begin)
        return [
            stored for at in range(0, len(rows), _A_PAGE) for stored in self.parsed(rows[at : at + _A_PAGE]).values()
        ]
