"""您是不是要找: what was perhaps meant, made of the index's own titles and words, and completion while typing.

Sounds (ganbu suzhi, gbsz, 干部素智), shapes (己 for 已) and a character too many, too few or wrong. Guesses are only
ever offered: a word that sounds like another is another word, so nothing here touches what is indexed or searched.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cached_property, lru_cache
from typing import NamedTuple

from index.analysis.characters import HAN
from index.analysis.fold import fold
from index.analysis.tokenizer import Tokenizer
from index.backend import Lister
from index.models import Token
from search.query.parse import Query
from search.query.stopwords import FUNCTION_WORDS, QUESTION_WORDS
from search.suggest import pinyin
from search.suggest.lookalikes import lookalikes
from search.suggest.string_index import Slot, StringIndex

MAX_PATTERN = 40  # characters: what is longer is a sentence, and stands in no title
_MAX_WORDS_WITH_RARE = 50_000  # with so many, words of a single chunk are left out
_MAX_SHORT_QUERY = 8  # characters: in so few every pair tells, in a sentence words meet that never met
_MAX_RUN_FOR_SLIPS = 12  # characters: in a longer one only sounds and shapes are mended, which costs a few milliseconds
_MAX_CHARS_KEPT = 256  # characters of which is kept where they and what is like them may stand
_MAX_HITS = 2_000  # positions looked at for one pattern
_MAX_PATTERNS = 12  # ways to read what is typed that are tried
_MAX_INITIALS = 4  # letters that words which merely meet are guessed from; for titles there may be more
# How letters are read, the surest first, and whether the last syllable may be unfinished.
_WAYS: tuple[tuple[Callable[[str], list[tuple[str, ...]]], bool], ...] = (
    (pinyin.syllables, False),
    (pinyin.unfinished, True),
    (pinyin.initials, False),
)
_MIN_TITLE = 3  # characters of a title that is believed to be meant in spite of words that are known
_WORD_SHARE = 0.2  # of a character's occurrences that are a word of their own, from which it is one
_RUN = re.compile(r"\w+")
_SPELLING = re.compile(r"[a-zü'’\s]+")  # pinyin or initials: no address, no number, no sign
_LETTERS = re.compile(r"[a-z]+")
_HAN = re.compile(f"[{HAN}]")
# What a guess costs: how unlikely the mistake is, in mistyped characters of the same sound.
_SHAPE, _DROPPED, _EXTRA, _WRONG = 1.0, 1.2, 1.5, 2.0
_IN_TITLE = 9.0  # a stretch of a title is as likely as two words that meet this often, in log counts
_MIN_CHARS_FOR_SLIP = {
    _DROPPED: 3,
    _EXTRA: 3,
    _WRONG: 5,
}  # characters the pattern needs before such a mistake is believed


class Guess(NamedTuple):
    """A text that was perhaps meant: the cheaper and, among equals, the more frequent the better."""

    cost: float
    weight: float
    text: str


Borders = tuple[bool, bool]  # whether what is guessed must begin and end where words do


class Suggester:
    """Completes and corrects over the titles and words of one commit. Made on first use, kept in memory."""

    def __init__(self, lister: Lister, tokenizer: Tokenizer) -> None:
        """Nothing is read before the first question."""
        self._lister = lister
        self._tokenizer = tokenizer
        self._sounds: dict[tuple[str, bool], Slot] = {}  # a table for each of some 800 syllables and beginnings
        # One question looks for many stretches of the same few characters.
        self._exact = lru_cache(_MAX_CHARS_KEPT)(lambda char: self._strings.slot([char]))
        self._alike = lru_cache(_MAX_CHARS_KEPT)(self._like)

    @cached_property
    def _words(self) -> dict[str, int]:
        """Words of two to eight characters, most frequent first, and how many chunks hold each."""
        found = [(w, df) for w, df in self._lister.words() if 2 <= len(w) <= 8 and not w.isdecimal()]
        if len(found) > _MAX_WORDS_WITH_RARE:
            found = [(w, df) for w, df in found if df > 1]
        return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))

    @cached_property
    def _strings(self) -> StringIndex:
        """The words, then the titles, whose order is not the engine's."""
        return StringIndex([*self._words, *sorted({title.strip() for title in self._lister.titles()} - {""})])

    @cached_property
    def _border(self) -> int:
        """Where the words end and the titles begin."""
        strings = self._strings
        return int(strings.starts[len(self._words)]) if len(self._words) < len(strings.starts) else len(strings.ids)

    @cached_property
    def _sounding(self) -> dict[str, list[str]]:
        """Syllable -> the characters of the strings that can be read so."""
        table: dict[str, list[str]] = {}
        for char in self._strings.alphabet:
            for reading in pinyin.readings(char):
                table.setdefault(reading, []).append(char)
        return table

    # ---- completion

    def complete(self, text: str, limit: int = 8) -> list[str]:
        """What `text` may be the beginning of: by characters, by pinyin (also mixed: 干部su) or by initials."""
        typed = "".join(_RUN.findall(fold(text)))
        if not typed or len(typed) > MAX_PATTERN:
            return []
        words: dict[str, None] = {}
        titles: dict[str, None] = {}
        for pattern in self._readings_of(typed):
            for search in (self._strings.begin, self._strings.find):
                at = search(pattern)
                for some, out in ((at[at < self._border], words), (at[at >= self._border], titles)):
                    for line in (self._strings.strings[self._strings.line(at)] for at in some[: 4 * limit].tolist()):
                        if "".join(_RUN.findall(fold(line))) != typed and len(out) < limit:
                            out.setdefault(line)
            if len(words) + len(titles) >= limit:
                break
        short = list(words)[: max(limit // 2, limit - len(titles))]
        return [*short, *titles][:limit]

    def _readings_of(self, typed: str) -> Iterator[list[Slot]]:
        """Patterns for what is typed: itself, then letters as pinyin, the last syllable begun, then as initials."""
        strings = self._strings
        yield [strings.slot([char]) for char in typed]
        if not _LETTERS.search(typed):
            return
        parts = re.findall(r"[a-z]+|[^a-z]", typed)
        for cut, begun in _WAYS:
            ways: list[list[Slot]] = [[]]
            for part in parts:
                if _LETTERS.fullmatch(part):
                    options = [self._spoken(way, begun=begun) for way in cut(part)]
                else:
                    options = [[strings.slot([part])]]
                ways = [way + option for way in ways for option in options][:_MAX_PATTERNS]
            yield from ways

    def _spoken(self, way: Sequence[str], *, begun: bool) -> list[Slot]:
        """Characters read as each syllable; with `begun` the last one, and any single letter, only begins it."""
        last = len(way) - 1
        return [self._sound(s, begun=len(s) == 1 or (begun and i == last)) for i, s in enumerate(way)]

    def _sound(self, syllable: str, *, begun: bool) -> Slot:
        key = (syllable, begun)
        if key not in self._sounds:
            if begun:
                chars = [c for s, some in self._sounding.items() if s.startswith(syllable) for c in some]
            else:
                chars = self._sounding.get(syllable, [])
            self._sounds[key] = self._strings.slot(chars)
        return self._sounds[key]

    # ---- correction

    def doubts(self, query: Query, count: Callable[[str], int] | None = None) -> bool:
        """Whether a question may be misspelt: a word of it, or a lone character beside its neighbour, is nowhere.

        `count` says how many chunks hold a word, where the caller has looked that up already.
        """
        lister = self._lister
        count = count or lister.document_frequency
        if any(len(term) > 1 and not count(term) for term in query.own_words):
            return True
        text, tokens = query.text, query.tokens
        pairs = [
            fold(text[a.end - 1 : b.start + 1])
            for a, b in zip(tokens, tokens[1:], strict=False)
            if a.end == b.start
            and not {a.term, b.term} & FUNCTION_WORDS
            and (len(text) <= _MAX_SHORT_QUERY or _left_over(a.term) or _left_over(b.term))
        ]
        return any(not lister.pair_frequency(pair) for pair in pairs if all(map(_HAN.match, pair)))

    def correct(self, text: str, limit: int = 3, *, whole: bool = False) -> list[str]:
        """Other questions that `text` may have been meant as, best first; none where it stands in a title as it is.

        With `whole` only what stands in a title or is a word: a question that has an answer is not mended in parts.
        """
        typed = fold(text.strip())
        words = "".join(_RUN.findall(typed))
        if not 2 <= len(words) <= MAX_PATTERN:
            return []
        if not _HAN.search(words):
            return self._spelled(typed, limit) if _SPELLING.fullmatch(typed) else []
        if len(self._strings.find(list(map(self._exact, words)))):
            return []
        guesses = self._near(words, borders=(True, True))
        if not guesses and not whole:
            guesses = self._in_parts(typed)
        tokens = self._tokenizer.tokens(typed)
        guesses = [guess for guess in guesses if self._believable(typed, tokens, fold(guess.text))]
        return _best(guesses, {typed, words}, limit)

    def _believable(self, typed: str, tokens: Sequence[Token], meant: str) -> bool:
        """Whether `typed` may be a slip for `meant`: where they differ it holds no word that the index knows.

        A whole title but for one slip is believed whatever its words are.
        """
        if len(meant) >= _MIN_TITLE and "".join(_RUN.findall(meant)) in self._titles:
            return True
        for kind, i, j, _, _ in SequenceMatcher(None, typed, meant, autojunk=False).get_opcodes():
            # What is left out stood between two characters, and of a character too many either may be the one.
            first, last = (i, j) if kind == "replace" else (i - 1, j + 1)
            if kind != "equal" and all(
                self._is_word(token.term) for token in tokens if token.start < last and first < token.end
            ):
                return False
        return True

    def _is_word(self, term: str) -> bool:
        """Whether `term` asks, or the index holds it as a word; a character mostly within words is only left over."""
        if term in QUESTION_WORDS:
            return True
        count = self._lister.document_frequency(term)
        if len(term) > 1 or not _HAN.match(term):
            return count > 0
        return count > _WORD_SHARE * (count + self._within_words.get(term, 0))

    @cached_property
    def _within_words(self) -> dict[str, int]:
        """Character -> in how many chunks words of several characters hold it, added up."""
        counts: dict[str, int] = {}
        for word, df in self._words.items():
            for char in set(word):
                counts[char] = counts.get(char, 0) + df
        return counts

    @cached_property
    def _titles(self) -> frozenset[str]:
        """The titles, by their letters and digits, folded."""
        return frozenset("".join(_RUN.findall(fold(title))) for title in self._lister.titles())

    def _near(self, chars: str, *, slips: bool = True, borders: Borders = (False, False)) -> list[Guess]:
        """Stretches of titles and words that differ from `chars` in sounds and shapes or, failing that, by a slip,
        those, where `borders` say so, from the beginning of a word and to the end of one.
        """
        strings = self._strings
        exact, soft = list(map(self._exact, chars)), list(map(self._alike, chars))
        found: dict[str, Guess] = {}

        def take(pattern: list[Slot], cost: Callable[[str], float], *, slip: bool = False) -> None:
            for at in strings.find(pattern)[:_MAX_HITS].tolist():
                folded = strings.folded[at : at + len(pattern)]
                price = cost(folded)
                known = found.get(folded)
                if slip and not known and not self._on_words(at, len(pattern), borders):
                    continue
                if price and (known is None or known.cost >= price):
                    weight = (known.weight if known else 0.0) + self._weight(at, len(pattern))
                    found[folded] = Guess(price, weight, strings.text(at, len(pattern)))

        take(soft, lambda other: self._distance(chars, other))
        if found or not slips:
            return list(found.values())
        n, half = len(chars), len(chars) // 2
        # Of one slip one half is left as it was meant: which of them stands anywhere tells most slips to be none.
        first, last = len(strings.find(exact[:half])), len(strings.find(exact[half:]))
        for i in range(n):
            if not (last if i < half else first):
                continue
            if n >= _MIN_CHARS_FOR_SLIP[_DROPPED] and i:
                take([*exact[:i], strings.anything, *exact[i:]], lambda _: _DROPPED, slip=True)
            if n > _MIN_CHARS_FOR_SLIP[_EXTRA]:
                take([*exact[:i], *exact[i + 1 :]], lambda _: _EXTRA, slip=True)
            if n >= _MIN_CHARS_FOR_SLIP[_WRONG]:
                take([*exact[:i], strings.anything, *exact[i + 1 :]], lambda _: _WRONG, slip=True)
        return list(found.values())

    def _like(self, char: str) -> Slot:
        """Where `char` stands, itself, a homophone or a lookalike may have been meant."""
        others = {other for reading in pinyin.readings(char) for other in self._sounding.get(reading, ())}
        return self._strings.slot({char, *others, *lookalikes(char)})

    def _distance(self, typed: str, meant: str) -> float:
        """Cost of typing `typed` for `meant`, of equal length; 0 where more was mistaken than can be believed."""
        wrong = [(a, b) for a, b in zip(typed, meant, strict=True) if a != b]
        shapes = sum(not pinyin.readings(a) & pinyin.readings(b) for a, b in wrong)
        if shapes > 1 or len(wrong) > max(1, len(typed) // 2):
            return 0.0
        return len(wrong) - shapes + _SHAPE * shapes

    def _weight(self, at: int, length: int) -> float:
        """A word counts with its chunks, a stretch of a title once."""
        if self._strings.whole(at, length):
            return 1.0 + self._words.get(self._strings.folded[at : at + length], 0)
        return 1.0

    def _in_parts(self, typed: str) -> list[Guess]:
        """Mend a longer question at the pairs of characters that stand nowhere in the index."""
        guesses = []
        for match in _RUN.finditer(typed):
            run = match.group()
            strange = [i for i in range(len(run) - 1) if not self._together(run[i : i + 2])]
            for i in strange[:4]:
                for start, end in _windows(i, len(run)):
                    borders = start == 0, end == len(run)
                    for guess in self._near(run[start:end], slips=len(run) <= _MAX_RUN_FOR_SLIPS, borders=borders):
                        mended = run[:start] + guess.text + run[end:]
                        if self._strange(mended) < len(strange):
                            whole = typed[: match.start()] + mended + typed[match.end() :]
                            cost = guess.cost + self._strange(mended) - (end - start) / 100
                            guesses.append(Guess(cost, guess.weight, whole))
        return guesses

    def _strange(self, run: str) -> int:
        return sum(not self._together(fold(run[i : i + 2])) for i in range(len(run) - 1))

    def _together(self, pair: str) -> bool:
        """Whether these two characters stand together anywhere, or are no Chinese ones."""
        if not all(map(_HAN.match, pair)):
            return True
        return bool(self._lister.pair_frequency(pair)) or bool(len(self._strings.find(list(map(self._exact, pair)))))

    # ---- pinyin

    def _spelled(self, typed: str, limit: int) -> list[str]:
        """What `typed`, Latin letters, is the pinyin or the initials of."""
        letters = "".join(_LETTERS.findall(typed))
        guesses: list[Guess] = []
        for cut, begun in _WAYS:
            most = _MAX_INITIALS if cut is pinyin.initials else MAX_PATTERN
            guesses += [g for way in cut(letters) for g in self._decode(self._spoken(way, begun=begun), most)]
            if guesses:
                break
        return _best(guesses, {typed}, limit)

    def _decode(self, pattern: list[Slot], most: int) -> list[Guess]:
        """Stretches of titles on word borders that fit `pattern`, and, up to `most` characters, words that meet."""
        found: dict[str, float] = {}
        for at in self._strings.find(pattern)[:_MAX_HITS].tolist():
            text = self._strings.text(at, len(pattern))
            if text in found or self._on_words(at, len(pattern)):
                found[text] = found.get(text, 0.0) + self._weight(at, len(pattern))
        found = {text: _IN_TITLE + math.log1p(weight) for text, weight in found.items()}
        combined = self._combined(pattern) if len(pattern) <= most else []
        for text, weight in combined:
            found[text] = found.get(text, 0.0) + weight
        return [Guess(0.0, weight, text) for text, weight in found.items()]

    def _on_words(self, at: int, length: int, borders: Borders = (True, True)) -> bool:
        """Whether a stretch begins and ends where words of its line do, as far as `borders` ask for either."""
        if not any(borders):
            return True
        number, start, end = self._strings.span(at, length)
        tokens = self._tokenizer.tokens(self._strings.strings[number])
        begins = not borders[0] or any(t.start == start for t in tokens)
        return begins and (not borders[1] or any(t.end == end for t in tokens))

    def _combined(self, pattern: list[Slot]) -> list[tuple[str, float]]:
        """Two to four words that fit `pattern` together and whose borders stand so in the index."""
        beams: list[list[tuple[float, str]]] = [[] for _ in range(len(pattern) + 1)]
        beams[0] = [(0.0, "")]
        for start in range(len(pattern)):
            for length in (2, 3, 4):
                if not beams[start] or start + length > len(pattern):
                    continue
                for word, df in self._fitting(pattern[start : start + length]):
                    for score, before in beams[start]:
                        bridge = self._lister.pair_frequency(before[-1] + word[0]) if before else 1
                        if bridge:
                            beams[start + length].append((score + math.log1p(df) + math.log(bridge), before + word))
            for beam in beams:
                beam.sort(reverse=True)
                del beam[12:]
        return [(text, score) for score, text in beams[-1]]

    def _fitting(self, pattern: Sequence[Slot], limit: int = 12) -> list[tuple[str, int]]:
        words: list[tuple[str, int]] = []
        for at in self._strings.begin(pattern).tolist():
            if self._strings.whole(at, len(pattern)):
                word = self._strings.folded[at : at + len(pattern)]
                if word in self._words:
                    words.append((word, self._words[word]))
                    if len(words) == limit:
                        break
        return words


def _left_over(term: str) -> bool:
    """A character that is left over when a mistake has broken a word."""
    return len(term) == 1 and term not in FUNCTION_WORDS


def _windows(i: int, length: int) -> Iterable[tuple[int, int]]:
    """Stretches of two to six characters that hold places `i` and `i + 1`, the longest first."""
    for size in range(min(6, length), 1, -1):
        for start in range(max(0, i + 2 - size), min(i, length - size) + 1):
            yield start, start + size


def _best(guesses: Iterable[Guess], known: set[str], limit: int) -> list[str]:
    ordered = sorted(guesses, key=lambda guess: (guess.cost, -guess.weight, guess.text))
    texts = dict.fromkeys(guess.text for guess in ordered if fold(guess.text) not in known)
    return list(texts)[:limit]
