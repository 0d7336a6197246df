"""What an article adds to the postings: its terms as numbers, which count and travel far faster than strings.

Words, titles and facets are numbers of a `Vocabulary`, one for the articles of a batch; a pair of characters is both
code points in one integer and needs none, and where the pair stands in its chunk is in the same integer. An article's
text is folded once and each stretch of it cut once: chunks that share a sentence share its terms.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.analysis.bigrams import Pairs, pair_text, pairs_of
from index.analysis.fold import fold_all
from index.analysis.gaps import Closed, close_all
from index.analysis.names import field_names, field_values, letter_names, name_facets, names_of
from index.analysis.near_duplicates import Signature, folded_signatures
from index.analysis.tokenizer import Tokenizer
from index.models import Article, StoredArticle

Numbers = NDArray[np.int32]
TermsAt = tuple[Numbers, NDArray[np.int64]]

FIELDS = ("words", "bigrams", "title", "body", "facets")
# Pairs that are no bigrams, by which phrases are found and nothing is scored; the oldest segments have none.
MIXED_BIGRAMS = "mixed_bigrams"
CHUNK_FIELDS = ("words", "bigrams", MIXED_BIGRAMS)  # a document a chunk; the others have one an article
PAIRED = ("bigrams", MIXED_BIGRAMS)
NAMED_META = ("correspondent", "editor", "photographer", "document_number", "issuing_body")
_HEADINGS = ("subtitle", "aliases", "alias", "别名")  # in the metadata
MAX_FACET = 100  # characters; a longer meta value is a text, not something to filter by
_MIN_STRETCH_CHARS = 20_000  # characters cut into words at a time, about

_APART = "\0"  # between texts that are looked through at once: no identifier and no numeral holds it
_NO_TERMS: TermsAt = np.zeros(0, np.int32), np.zeros(0, np.int64)
_ENDS = frozenset("。!?;…")  # no word and no identifier reaches over one of these, folded
_CLOSES = frozenset("”’」』）)\"'】》]")


class Vocabulary(dict[str, int]):
    """Terms -> numbers in the order they are met; -1 for what is no term, such as a comma."""

    def __init__(self) -> None:
        """Empty."""
        super().__init__()
        self.strings: list[str] = []

    def __missing__(self, term: str) -> int:
        """Number a term that is new."""
        number = -1
        if term[0].isalnum() or term[0] == "_":  # r"\w", in a fifth of the time
            number = len(self.strings)
            self.strings.append(term)
        self[term] = number
        return number

    def add(self, terms: Iterable[str]) -> None:
        """Number those of many terms, each given once, that are new, as asking for each would, in less time."""
        new = [term for term in terms if term not in self]
        words = [term for term in new if term.isalnum() or term[0].isalnum() or term[0] == "_"]
        if len(words) < len(new):
            self.update(dict.fromkeys(new, -1))
        self.update(zip(words, count(len(self.strings)), strict=False))
        self.strings += words

    def numbers(self, pieces: Sequence[str]) -> Numbers:
        """The numbers of those `pieces` that are terms, in order."""
        found = np.fromiter(map(self.__getitem__, pieces), np.int32, len(pieces))
        return found[found >= 0]


@dataclass(frozen=True, slots=True, eq=False)
class FieldTerms:
    """The terms of one article as numbers of `vocabulary`, field by field, and the signature of its text.

    `numbers[field]` are the terms of the field's documents back to back, `lengths[field]` how many each document has:
    a document a chunk in `CHUNK_FIELDS`, one document in the other fields.
    """

    vocabulary: list[str]
    numbers: dict[str, NDArray[np.integer]]
    lengths: dict[str, list[int]]
    signature: Signature

    def documents(self, field: str) -> list[list[str]]:
        """The documents this article adds to a field, as strings."""
        numbers = self.numbers[field].tolist()
        if field in PAIRED:
            terms = [pair_text(number) for number in numbers]
        else:
            terms = [self.vocabulary[number] for number in numbers]
        out, at = [], 0
        for length in self.lengths[field]:
            out.append(terms[at : at + length])
            at += length
        return out

    @property
    def words(self) -> list[list[str]]:
        """The words of each chunk."""
        return self.documents("words")

    @property
    def bigrams(self) -> list[list[str]]:
        """The bigrams of each chunk."""
        return self.documents("bigrams")

    @property
    def title(self) -> list[str]:
        """The words of the title."""
        return self.documents("title")[0]

    @property
    def body(self) -> list[str]:
        """The words of title and text, those of a shared sentence once."""
        return self.documents("body")[0]

    @property
    def facets(self) -> list[str]:
        """The exact values to filter by."""
        return self.documents("facets")[0]

    def __eq__(self, other: object) -> bool:
        """Whether both say the same, whatever their vocabularies."""
        if not isinstance(other, FieldTerms):
            return NotImplemented
        same = np.array_equal(self.signature, other.signature)
        same = same and all(np.array_equal(self.numbers[field], other.numbers[field]) for field in PAIRED)
        return same and all(self.documents(field) == other.documents(field) for field in FIELDS)

    __hash__ = None  # type: ignore[assignment]


class PackedTerms(NamedTuple):
    """The terms of articles with one vocabulary as a few whole arrays, which travel faster than many small ones."""

    vocabulary: list[str]
    numbers: dict[str, NDArray[np.integer]]
    lengths: list[dict[str, list[int]]]
    signatures: NDArray[np.uint32]

    @classmethod
    def of(cls, terms: Sequence[FieldTerms]) -> "PackedTerms":
        """Pack the terms of one article or more."""
        numbers = {field: np.concatenate([item.numbers[field] for item in terms]) for field in (*FIELDS, MIXED_BIGRAMS)}
        signatures = np.stack([item.signature for item in terms])
        return cls(terms[0].vocabulary, numbers, [item.lengths for item in terms], signatures)

    def unpacked(self) -> Iterator[FieldTerms]:
        """The terms of each article, as views of the whole arrays."""
        at = dict.fromkeys((*FIELDS, MIXED_BIGRAMS), 0)
        for lengths, signature in zip(self.lengths, self.signatures, strict=True):
            begin, at = at, {field: at[field] + sum(lengths[field]) for field in at}
            numbers = {field: self.numbers[field][begin[field] : at[field]] for field in at}
            yield FieldTerms(self.vocabulary, numbers, lengths, signature)


def facet(field: str, value: str) -> str:
    """The term that stands for `field` having `value`."""
    return f"{field}={value}"


def facets_of(article: Article) -> list[str]:
    """Every exact value an article can be filtered by: source, author, tags, meta keys and month, and its names."""
    values = [facet("tag", tag) for tag in article.tags]
    values += [facet(name, value) for name in ("source", "author") if (value := getattr(article, name))]
    values += [facet(f"meta.{key}", value) for key, value in article.meta.items() if len(value) <= MAX_FACET]
    if article.published:
        values.append(facet("month", article.published[:7]))
    values += name_facets(names_of(article) | letter_names(article) | field_names(article))
    return sorted(set(values))


def named_values(article: Article) -> list[str]:
    """What the fields of an article say that its text may not: who wrote and issued it, its number, short values."""
    values = [article.source, article.author, *map(article.meta.get, NAMED_META), *article.tags]
    found = [value for value in values if value and len(value) <= MAX_FACET]
    return found + [value for value in field_values(article) if value not in found]


def headings_of(article: Article) -> list[str]:
    """What an article is called: its title, its subtitle and other names that it gives itself."""
    named = map(article.meta.get, _HEADINGS)
    return [article.title, *[name for name in named if name and len(name) <= MAX_FACET]]


def terms_of(stored: StoredArticle, tokenizer: Tokenizer, vocabulary: Vocabulary | None = None) -> FieldTerms:
    """Tokenise an article. Pure: the same article gives the same terms, which is how a deletion knows them."""
    return terms_of_all([stored], tokenizer, Vocabulary() if vocabulary is None else vocabulary)[0]


class _Cut(NamedTuple):
    """One article, cut: its folded text without gaps, where the chunks begin and end in that, (chunks, 2), the words
    of title and of named values, all terms of the text with where each begins, the pairs of each chunk, words and pairs
    of each heading that its chunk does not begin with, and the text's signature.
    """

    stored: StoredArticle
    closed: Closed
    edges: NDArray[np.int64]
    title: Numbers
    values: Numbers
    body: list[TermsAt]
    pairs: list[tuple[Pairs, Pairs]]
    heads: dict[str, tuple[Numbers, tuple[Pairs, Pairs]]]
    signature: Signature


def terms_of_all(stored: Sequence[StoredArticle], tokenizer: Tokenizer, known: Vocabulary) -> list[FieldTerms]:
    """`terms_of` each, which share the vocabulary `known`."""
    return [_terms_of(cut, tokenizer, known) for cut in _cut_articles(stored, tokenizer, known)]


def _cut_articles(stored: Sequence[StoredArticle], tokenizer: Tokenizer, known: Vocabulary) -> Iterator[_Cut]:
    """Cut all texts of all articles together: titles, named values, headings and stretches of the texts."""
    named = [headings_of(item.article) for item in stored] + [named_values(item.article) for item in stored]
    heads = [_heads(item) for item in stored]
    small = [*map("\n\n".join, named), *(head for some in heads for head in some)]
    every = close_all(fold_all([*(item.article.text for item in stored), *small]))
    closed, names = every[: len(stored)], every[len(stored) :]
    texts = [one.text for one in closed]
    edges = [one.to(_spans(item)) for item, one in zip(stored, closed, strict=True)]
    stretches = [_stretches(text, at[:, 1].tolist()) for at, text in zip(edges, texts, strict=True)]
    pieces = [text[begin:end] for text, found in zip(texts, stretches, strict=True) for begin, end in found]
    units = [*(one.text for one in names), *pieces]
    cut = _numbered((tokenizer.pieces(text) for text in units), known)
    told = _identifiers(units, tokenizer, known)
    of_names = [
        np.concatenate([numbers for numbers, _ in _all_terms(one, words, identifiers, tokenizer, known)])
        for one, words, identifiers in zip(names, cut, told, strict=False)
    ]
    of_pieces, of_pieces_told = iter(cut[len(names) :]), iter(told[len(names) :])
    headings = [one.text for one in names[2 * len(stored) :]]
    paired = _pairs([*texts, *headings], [*(at.tolist() for at in edges), *([(0, len(one))] for one in headings)])
    pairs, of_heads = iter(paired), zip(of_names[2 * len(stored) :], paired[len(paired) - len(headings) :], strict=True)
    signatures = folded_signatures(texts)
    for n, (item, one, at) in enumerate(zip(stored, closed, edges, strict=True)):
        words, identifiers = (_joined(stretches[n], some) for some in (of_pieces, of_pieces_told))
        body = _all_terms(one, words, identifiers, tokenizer, known)
        own = list(islice(pairs, len(item.spans)))
        headed = {head: next(of_heads) for head in heads[n]}
        yield _Cut(item, one, at, of_names[n], of_names[len(stored) + n], body, own, headed, signatures[n])


def _heads(stored: StoredArticle) -> list[str]:
    """The headings that chunks stand under without beginning with them, each once."""
    text = stored.article.text
    return [*dict.fromkeys(head for start, _, head in stored.spans if head and not text.startswith(head, start))]


def _pairs(texts: Sequence[str], stretches: Sequence[Sequence[Sequence[int]]]) -> list[tuple[Pairs, Pairs]]:
    """The pairs of each of the stretches `[start, end)` of each text."""
    begins = np.cumsum([0, *(len(text) + 1 for text in texts)]).tolist()
    spans = [(begin + s, begin + e) for some, begin in zip(stretches, begins, strict=False) for s, e in some]
    return pairs_of("\n".join(texts), spans)


def _spans(stored: StoredArticle) -> NDArray[np.int64]:
    """Where the chunks begin and end, (chunks, 2)."""
    return np.array([span[:2] for span in stored.spans], np.int64).reshape(-1, 2)


def _joined(stretches: Sequence[tuple[int, int]], terms: Iterator[TermsAt]) -> TermsAt:
    """The terms of a text of which those of each stretch come next, and where they begin in the text."""
    parts = [(numbers, at + begin) for (begin, _), (numbers, at) in zip(stretches, terms, strict=False)]
    if len(parts) == 1:
        return parts[0]
    numbers, begins = (np.concatenate(some) for some in zip(_NO_TERMS, *parts, strict=True))
    return numbers, begins


def _identifiers(texts: Sequence[str], tokenizer: Tokenizer, known: Vocabulary) -> list[TermsAt]:
    """What the identifiers and numerals of each text give, looked for in all of them at once."""
    found = tokenizer.identifier_terms(_APART.join(texts))
    terms = [term for term, _ in found]
    known.add(dict.fromkeys(terms))
    numbers = np.fromiter(map(known.__getitem__, terms), np.int32, len(terms))
    begins = np.array([at for _, at in found], np.int64)
    starts = np.cumsum([0, *(len(text) + len(_APART) for text in texts)])
    among = np.searchsorted(begins, starts).tolist()
    return [(numbers[a:b], begins[a:b] - at) for (a, b), at in zip(pairwise(among), starts.tolist(), strict=False)]


def _all_terms(
    closed: Closed, words: TermsAt, identifiers: TermsAt, tokenizer: Tokenizer, known: Vocabulary
) -> list[TermsAt]:
    """The words of a closed text, those that its gaps would part, and what its identifiers give."""
    found = [words]
    if len(closed.gaps) and (parted := tokenizer.parted(closed, words[1])):
        numbers, begins = np.array([(known[term], begin) for term, begin, _ in parted], np.int64).T
        found.append((numbers.astype(np.int32), begins))
    return [*found, identifiers] if len(identifiers[0]) else found


def _terms_of(cut: _Cut, tokenizer: Tokenizer, known: Vocabulary) -> FieldTerms:
    stored, closed, edges, title, values, whole, pairs, heads, signature = cut
    article = stored.article

    def numbers_of(part: Closed) -> Numbers:
        (words,), (told,) = _numbered([tokenizer.pieces(part.text)], known), _identifiers([part.text], tokenizer, known)
        return np.concatenate([numbers for numbers, _ in _all_terms(part, words, told, tokenizer, known)])

    # A sentence shared with the chunk before counts in both chunks but once in the article.
    slices = [np.searchsorted(at, edges).tolist() for _, at in whole]
    words: list[NDArray[np.integer]] = []
    lengths: list[int] = []
    done = 0
    for n, ((original, _, heading), (start, end)) in enumerate(zip(stored.spans, edges.tolist(), strict=True)):
        parts = [numbers[slice(*at[n])] for (numbers, _), at in zip(whole, slices, strict=True)]
        if start < done and not _parts(closed.text, start):
            parts = [numbers_of(closed.part(start, done))]
            parts += [numbers[slice(*np.searchsorted(at, [done, end]).tolist())] for numbers, at in whole]
        if heading and not article.text.startswith(heading, original):
            parts.append(heads[heading][0])
            beyond = np.uint64(end - start + 1)  # no phrase reaches from the text into its heading
            both = zip(pairs[n], heads[heading][1], strict=True)
            bigrams, mixed_bigrams = (np.concatenate([own, more + beyond]) for own, more in both)
            pairs[n] = bigrams, mixed_bigrams
        words += parts
        lengths.append(sum(map(len, parts)))
        done = end
    every = np.concatenate([title, values, *(numbers for numbers, _ in whole)])
    facets = np.asarray([known[value] for value in facets_of(article)], np.int32)
    paired = dict(zip(PAIRED, zip(*pairs, strict=True) if pairs else ((), ()), strict=True))
    return FieldTerms(
        known.strings,
        {
            "words": np.concatenate(words) if words else title[:0],
            **{field: np.concatenate([np.zeros(0, np.uint64), *some]) for field, some in paired.items()},
            "title": title,
            "body": every,
            "facets": facets,
        },
        {
            "words": lengths,
            **{field: list(map(len, some)) for field, some in paired.items()},
            "title": [len(title)],
            "body": [len(every)],
            "facets": [len(facets)],
        },
        signature,
    )


def _stretches(folded: str, ends: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of whole chunks to cut at once, which cut alone would give the same terms."""
    begin, found = 0, []
    for end in ends:
        if end - begin >= _MIN_STRETCH_CHARS or end == ends[-1] or not _parts(folded, end):
            found.append((begin, end))
            begin = end
    return found


def _numbered(cuts: Iterable[Sequence[str]], known: Vocabulary) -> list[TermsAt]:
    """The terms among the pieces of each text, and where they begin in it."""
    # Each piece is looked up once, while its text's are in the processor's cache, and is a number then: of the place
    # where it came first.
    firsts: dict[str, int] = {}
    place = count()
    places = [np.fromiter(map(firsts.setdefault, cut, place), np.int64, len(cut)) for cut in cuts]
    at = np.concatenate(places)
    first = np.fromiter(firsts.values(), np.int64, len(firsts))
    known.add(firsts)
    numbers, sizes = np.empty(len(at), np.int32), np.empty(len(at), np.int64)
    numbers[first] = np.fromiter(map(known.__getitem__, firsts), np.int32, len(firsts))
    sizes[first] = np.fromiter(map(len, firsts), np.int64, len(firsts))
    found, lengths = numbers[at], sizes[at]
    counts = np.array([len(some) for some in places], np.int64)
    ends = np.concatenate([[0], np.cumsum(lengths)])
    edges = np.concatenate([[0], np.cumsum(counts)])  # of texts, among the pieces
    begins = ends[:-1] - np.repeat(ends[edges[:-1]], counts)
    terms = np.flatnonzero(found >= 0)
    found, begins = found[terms], begins[terms]
    among = np.searchsorted(terms, edges).tolist()
    return [(found[a:b], begins[a:b]) for a, b in pairwise(among)]


def _parts(folded: str, at: int) -> bool:
    """Whether the terms of a folded text are those of what stands before and after `at`, each cut alone."""
    at -= 1
    if at > 0 and folded[at] == "\n" and folded[at - 1] not in "〕])":  # 国发[2023]<line break>1号 is one
        return True
    while at > 0 and folded[at] in _CLOSES:
        at -= 1
    return at >= 0 and folded[at] in _ENDS
