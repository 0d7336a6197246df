"""What people type -> what the index is asked."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from index.analysis.fold import fold
from index.analysis.gaps import lone_joined
from index.analysis.numerals import in_digits
from index.analysis.short_forms import ShortForms
from index.analysis.tokenizer import Tokenizer
from index.errors import BadOption, BadQuery
from index.models import Condition, LexicalQuery, Token
from search.models import FUSIONS, GROUPINGS, MODES, SORTINGS, SearchOptions
from search.query.language import Spoken, quoted, understand
from search.query.stopwords import FUNCTION_WORDS, QUESTION_WORDS

MAX_QUERY = 1_000  # characters: longer is an article, not a question
MAX_K = 1_000
MAX_OFFSET = 10_000
MAX_PASSAGES = 50
MAX_CONTEXT = 20
_SYNONYM_WEIGHT = 0.5  # a synonym is a guess about what was meant, the typed word is not
# Words that ask rather than say what about. In news or laws they are rare, so BM25 would take them for the point;
# at .3 nDCG@10 goes up on cmrc2018, domainrag and stard_rebuilt and down .002 on bustm_dup, the others stay.
_QUESTION_WEIGHT = 0.3


@dataclass(frozen=True, slots=True)
class Query:
    """A checked question: the words of it, their folded form and their terms; what articles must meet.

    `phrases` are quoted ones that are asked for, `preferred` those that are merely quoted, folded; `warnings` say what
    of the question was not understood as it was written.
    """

    text: str
    folded: str
    lexical: LexicalQuery
    terms: tuple[str, ...]
    where: Condition | None = None
    phrases: tuple[str, ...] = ()
    preferred: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tokens: tuple[Token, ...] = ()
    """The terms of `text` as those of an article, with the characters each stands on."""
    expanded: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """What of the question is said otherwise, too: its words -> the words that are looked for beside, with weights."""

    @property
    def own_words(self) -> dict[str, float]:
        """The words that were typed, with their weights."""
        beside = {term for others in self.expanded.values() for term in others}
        return {term: weight for term, weight in self.lexical.words.items() if term not in beside}

    @property
    def marked(self) -> tuple[str, ...]:
        """What is marked in texts that answer it: terms, what it quotes, and words of one character side by side."""
        runs: list[str] = []
        end = -1
        for token in self.tokens:
            if len(token.term) == 1 and token.term.isalpha() and token.term not in FUNCTION_WORDS:
                if token.start == end:
                    runs[-1] += token.term
                else:
                    runs.append(token.term)
                end = token.end
        return (*self.terms, *self.phrases, *self.preferred, *(run for run in runs if len(run) > 1))


def check(options: SearchOptions) -> None:
    """Refuse options that have no answer; BadOption says what was got and what is wanted."""
    if not 1 <= options.k <= MAX_K:
        raise BadOption(f"k: got {options.k}, want 1..{MAX_K}", hint="use offset to page further")
    if not 0 <= options.offset <= MAX_OFFSET:
        raise BadOption(
            f"offset: got {options.offset}, want 0..{MAX_OFFSET}", hint="narrow the question or add filters"
        )
    for name, value, least, most in (
        ("passages", options.passages, 1, MAX_PASSAGES),
        ("context", options.context, 0, MAX_CONTEXT),
    ):
        if not least <= value <= most:
            raise BadOption(f"{name}: got {value}, want {least}..{most}")
    if options.diversity is not None and not 0 <= options.diversity <= 1:
        raise BadOption(f"diversity: got {options.diversity}, want 0..1", hint="0.3 is a little of it")
    if options.recency is not None and not 0 < options.recency < float("inf"):
        raise BadOption(f"recency: got {options.recency}, want a half-life in days above 0", hint="30 is a month")
    if options.mode not in MODES:
        raise BadOption(f"mode: got {options.mode!r}, want one of {', '.join(MODES)}")
    if options.group not in GROUPINGS:
        raise BadOption(f"group: got {options.group!r}, want one of {', '.join(GROUPINGS)}")
    if options.sort not in SORTINGS:
        raise BadOption(f"sort: got {options.sort!r}, want one of {', '.join(SORTINGS)}")
    if options.fusion not in FUSIONS:
        raise BadOption(f"fusion: got {options.fusion!r}, want one of {', '.join(FUSIONS)}")


def parse(text: str, tokenizer: Tokenizer, short_forms: ShortForms | None = None, *, expand: bool = True) -> Query:
    """Check and cut a question; BadQuery where there is nothing to look for or too much.

    Where it is to `expand`, synonyms and what `short_forms` know of its words are looked for beside them.
    """
    stripped = text.strip()
    if not stripped:
        raise BadQuery("the query is empty: got no text, want at least one word", hint="type what you are looking for")
    if len(stripped) > MAX_QUERY:
        raise BadQuery(
            f"the query is too long: got {len(stripped)} characters, want at most {MAX_QUERY}",
            hint="ask with a sentence, not with an article",
        )
    stripped = stripped.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no character
    return expanded(_query(understand(stripped, tokenizer), tokenizer), tokenizer, short_forms, expand=expand)


def plainly(query: Query, text: str, tokenizer: Tokenizer, *warnings: str, whole: bool = False) -> Query:
    """`query`, asked as `text`, without its conditions: its words alone, or all that was typed, where it has none or
    `whole`.
    """
    words = text.strip() if whole or not query.text else query.text
    return _query(Spoken(words, warnings=warnings), tokenizer)


def expanded(query: Query, tokenizer: Tokenizer, short_forms: ShortForms | None, *, expand: bool) -> Query:
    """`query` that looks for what its words are called, too, where it is to `expand`."""
    if not expand:
        return query
    own = query.lexical.words
    others: dict[str, dict[str, float]] = {}
    for term in own:
        for phrase in tokenizer.synonyms(term):
            others.setdefault(term, {}).update(dict.fromkeys(phrase, _SYNONYM_WEIGHT))
    for name, called in short_forms.within(query.folded).items() if short_forms else ():
        count = len(tokenizer.terms(name))
        for other in called:
            terms = tokenizer.terms(other)
            weight = _SYNONYM_WEIGHT * min(1.0, count / max(1, len(terms)))
            others.setdefault(name, {}).update(dict.fromkeys(terms, weight))
    others = {name: {term: w for term, w in some.items() if term not in own} for name, some in others.items()}
    others = {name: some for name, some in others.items() if some}
    if not others:
        return query
    words = {**{term: weight for some in others.values() for term, weight in some.items()}, **own}
    return replace(query, lexical=LexicalQuery(words, query.lexical.bigrams), terms=tuple(words), expanded=others)


def _query(spoken: Spoken, tokenizer: Tokenizer) -> Query:
    words, bigrams = _lexical(spoken.text, tokenizer)
    return Query(
        spoken.text,
        fold(spoken.text),
        LexicalQuery(words, bigrams),
        tuple(words),
        spoken.where,
        spoken.phrases,
        quoted(spoken.text),
        spoken.warnings,
        tuple(tokenizer.tokens(spoken.text)),
    )


def _lexical(text: str, tokenizer: Tokenizer) -> tuple[dict[str, float], dict[str, float]]:
    """Words and bigrams of `text` with their weights."""
    text = in_digits(fold(lone_joined(text)))
    terms = tokenizer.terms(text)
    words: dict[str, float] = {term: float(count) for term, count in Counter(terms).items()}
    asking = [term for term in words if term in QUESTION_WORDS]
    if len(asking) < len(words):
        for term in asking:
            words[term] *= _QUESTION_WEIGHT
    bigrams = {gram: float(count) for gram, count in Counter(tokenizer.bigrams(text)).items()}
    return words, bigrams
