"""The query language: what is asked for with operators -> plain words to rank by, and a condition to hold articles to.

    "原词"                 these characters, together      source: author: tag: issuer: number: editor: meta.KEY:
                                                          a field's value, quoted if need be
    +必须  -排除            must, must not                  title:电梯             in the title
    电梯*                   a word that begins so: two letters or digits, or a Chinese character, at least
    甲 OR 乙, (甲 OR 乙) 丙  either; brackets group          after:2025-01 before:2025-03-05   both days inclusive

Full-width ones do as well, but for quotes. OR binds tighter than a space. All else is plain words, which rank and
never exclude. One counts only where a word could begin: GPT-4, C++, 国发(2023)1号 and -76.85 have none; a bracket
without its other half is text. Curved and full-width quotes and 《》 quote, as in any text (“十四五”规划): what they
hold is preferred and nothing excluded. After an operator or a field they hold its value together as straight ones do.
Straight quotes within a sentence count only where they stand apart; the numerals in them may be spelled in digits or in
Chinese (search.query.spellings). What cannot be read is taken as plain words, with
a warning.
"""

import re
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from index.analysis.characters import HAN
from index.analysis.fold import fold
from index.analysis.tokenizer import Tokenizer
from index.errors import BadOption
from index.models import AllOf, AnyOf, Begins, Condition, Filters, HasValue, Holds, Not, Within
from search.query.filters import day
from search.query.spellings import spellings

_HALF_WIDTH = str.maketrans("＋－：（）＊", "+-:()*")
_QUOTES = {'"': '"', "“": "”", "「": "」", "＂": "＂"}
_QUOTED = re.compile(r"[“「『＂\"]([^“”「」『』＂\"《》]{2,40})[”」』＂\"]|《([^《》]{2,60})》")
_FIELD = re.compile(r"(source|author|tag|issuer|number|editor|meta\.\w{1,40}|title|after|before):", re.I)
_OR = re.compile(r"OR(?=\s|$)")
_PREFIX = re.compile(r"[+-](?![\s+-]|$|\d+(?:\.\d|[°℃度%]))")  # neither alone nor before a negative number
_SENTENCE = re.compile(r"[，。、？！,?!；]")
_STEM = re.compile(rf"(?:[{HAN}]|[a-z0-9]{{2}})\w*\*")  # folded
_WORD = re.compile(r"\w")
_ASKS = re.compile(r'["+\-(:*]|or')  # folded: without one of these nothing is asked for but words
_MAX_DEPTH = 20  # brackets within brackets
_NAMED = {"issuer": "meta.issuing_body", "number": "meta.document_number", "editor": "meta.editor"}
_ALL_OF = ("title", "after", "before")  # within any other field one value will do, as with Filters


@dataclass(frozen=True, slots=True)
class Spoken:
    """A question understood: `text` to rank by, what articles must meet, phrases to mark, what was not understood.

    Where there is nothing but fields, their values are what is ranked by.
    """

    text: str
    where: Condition | None = None
    phrases: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class _Broken(Exception):
    """The operators do not fit together; the text says how."""


class _Leaf(NamedTuple):
    """`condition` is what the leaf asks for when it is required; `strict` whether it always is."""

    condition: Condition | None
    words: str = ""
    strict: bool = True
    phrase: tuple[str, ...] = ()
    operator: str = ""
    value: str = ""


class _Group(NamedTuple):
    """Clauses in a row, each a list of alternatives."""

    clauses: "list[list[_Leaf | _Group]]"
    operator: str = ""


_Node = _Leaf | _Group


def understand(text: str, tokenizer: Tokenizer) -> Spoken:
    """Read `text`. Never fails: what is broken is plain words. Pure."""
    if not _ASKS.search(fold(text)):
        return Spoken(text)
    try:
        group = _Reader(text, tokenizer).all()
    except _Broken as broken:
        return Spoken(text, warnings=(f"{broken}: taken as plain words",))
    found = _Found()
    where = _demand(group, found)
    if where is None:
        return Spoken(text)
    words = " ".join(found.words)
    warnings = () if words else ("only exclusions and filters: add a word to look for",)
    return Spoken(words or " ".join(found.values), where, tuple(found.phrases), warnings)


def quoted(text: str) -> tuple[str, ...]:
    """What stands between quotes or 《》 in a text, folded, each once: said so, not asked for."""
    found = (match[1] or match[2] for match in _QUOTED.finditer(text))
    return tuple(dict.fromkeys(fold(phrase.strip()) for phrase in found if _WORD.search(phrase)))


@dataclass(slots=True)
class _Found:
    words: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)

    def take(self, leaf: _Leaf) -> None:
        if leaf.value:
            self.values.append(leaf.value)
        if leaf.words:
            self.words.append(leaf.words)
        self.phrases += leaf.phrase


def _demand(group: _Group, found: _Found, *, strict: bool = False) -> Condition | None:
    """What a group asks of an article; plain words ask for nothing unless `strict`. Words met go into `found`."""
    parts: list[Condition] = []
    values: dict[str, list[Condition]] = {}
    for clause in group.clauses:
        among = [_one(node, found, strict=strict or len(clause) > 1) for node in clause]
        asked = [part for part in among if part is not None]
        if len(clause) > 1:
            parts += [AnyOf(tuple(asked))] if asked else []
        elif asked and isinstance(asked[0], HasValue):
            values.setdefault(asked[0].name, []).append(asked[0])
        else:
            parts += asked
    parts += [some[0] if len(some) == 1 else AnyOf(tuple(some)) for some in values.values()]
    return None if not parts else parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _one(node: _Node, found: _Found, *, strict: bool) -> Condition | None:
    own = _Found() if node.operator == "-" else found  # excluded words are no words of the query
    if isinstance(node, _Group):
        condition = _demand(node, own, strict=strict or bool(node.operator))
    else:
        own.take(node)
        condition = node.condition if strict or node.strict or node.operator else None
    return Not(condition) if node.operator == "-" and condition is not None else condition


class _Reader:
    """Reads a query from left to right. Operators are looked for in a half-width copy of equal length."""

    def __init__(self, text: str, tokenizer: Tokenizer) -> None:
        self._text = text
        self._operators = text.translate(_HALF_WIDTH)
        self._tokenizer = tokenizer
        self._sentence = bool(_SENTENCE.search(re.sub(r'"[^"]*"', "", self._operators)))
        self._at = 0

    def all(self) -> _Group:
        """The whole query."""
        return self._group()

    def _skip(self) -> str:
        """Pass over blanks; the operator that comes next, or nothing at the end."""
        while self._at < len(self._text) and self._text[self._at].isspace():
            self._at += 1
        return self._operators[self._at : self._at + 1]

    def _group(self, depth: int = 0) -> _Group:
        clauses: list[list[_Node]] = []
        joined = False
        while (next_ := self._skip()) and not (depth and next_ == ")"):
            if match := _OR.match(self._operators, self._at):
                if not clauses or joined:
                    raise _Broken("OR needs something on both sides")
                joined, self._at = True, match.end()
                continue
            node = self._node(depth)
            if joined:
                clauses[-1].append(node)
            else:
                clauses.append([node])
            joined = False
        if joined:
            raise _Broken("OR needs something on both sides")
        return _Group(clauses)

    def _node(self, depth: int) -> _Node:
        operator = ""
        if _PREFIX.match(self._operators, self._at):
            operator = self._operators[self._at]
            self._at += 1
        if self._operators[self._at] == "(" and self._closed(self._at):
            self._at += 1
            if depth >= _MAX_DEPTH:
                raise _Broken("brackets are nested too deep")
            group = self._group(depth + 1)
            self._at += 1
            return group._replace(operator=operator)
        if match := _FIELD.match(self._operators, self._at):
            self._at = match.end()
            name = match[1] if match[1].startswith("meta.") else match[1].lower()
            return self._field(name, depth)._replace(operator=operator)
        phrase = self._quoted(lone=not operator)
        if phrase is not None:
            if not _WORD.search(phrase):
                raise _Broken("there is no word between the quotes")
            ways = (fold(phrase), *spellings(fold(phrase)))
            said = tuple(map(Holds, ways))
            return _Leaf(said[0] if len(said) == 1 else AnyOf(said), phrase, True, ways, operator)
        word = self._word(depth)
        if _STEM.fullmatch(fold(word)):
            return _Leaf(Begins(fold(word[:-1])), word[:-1], True, operator=operator)
        return _Leaf(self._holds(word), word, False, operator=operator)

    def _holds(self, word: str, *, title: bool = False) -> Condition | None:
        if not _WORD.search(word):
            return None
        return Holds(fold(word), tuple(dict.fromkeys(self._tokenizer.terms(word))), title)

    def _quoted(self, *, lone: bool) -> str | None:
        """What stands between quotes here, or None where no quote asks for it; `lone`: no operator is before them."""
        opening = self._operators[self._at]
        if opening not in _QUOTES or (lone and opening != '"'):
            return None
        loose = not lone or not self._sentence
        if (
            not loose
            and self._at
            and not (self._operators[self._at - 1].isspace() or self._operators[self._at - 1] == "(")
        ):
            return None
        end = self._operators.find(_QUOTES[opening], self._at + 1)
        if end < 0:
            raise _Broken("a quote is not closed")
        after = self._operators[end + 1 : end + 2]
        if not loose and after.strip() and after != ")":
            return None
        inside = self._text[self._at + 1 : end].strip()
        self._at = end + 1
        return inside

    def _closed(self, opened: int) -> bool:
        """Whether the bracket that opens there is closed again."""
        depth = 0
        for operator in self._operators[opened:]:
            depth += (operator == "(") - (operator == ")")
            if not depth:
                return True
        return False

    def _word(self, depth: int) -> str:
        """Up to the next blank, straight quote or, within brackets, closing bracket. Brackets in a word are its own."""
        begin, inner = self._at, 0
        while self._at < len(self._text):
            operator = self._operators[self._at]
            if operator == "(" and (inner or self._closed(self._at)):
                inner += 1
            elif operator == ")" and inner:
                inner -= 1
            elif not inner and (
                operator.isspace()
                or (operator == '"' and self._at > begin and not self._sentence)
                or (depth and operator == ")")
            ):
                break
            self._at += 1
        return self._text[begin : self._at]

    def _field(self, name: str, depth: int) -> _Leaf:
        value = None
        if self._at < len(self._text) and not self._text[self._at].isspace():
            value = self._quoted(lone=False)
            if value is None:
                value = self._word(depth)
        if not value:
            raise _Broken(f"{name}: has no value")
        if name == "title":
            return _Leaf(self._holds(value, title=True), value)
        if name not in _ALL_OF:
            return _Leaf(HasValue(_NAMED.get(name, name), value), value=value)
        try:
            at = day(fold(value).replace("/", "-"), name=name, last=name == "before")
        except BadOption as error:
            raise _Broken(error.message) from error
        return _Leaf(Within(after=at) if name == "after" else Within(before=at), value=value)


def narrowed(filters: Filters, where: Condition) -> Filters:
    """`filters` that ask for `where` too."""
    return replace(filters, where=AllOf((filters.where, where)) if filters.where else where)
