"""Words that are not used here, because the field has its own: in code, in names of tests and in documents.

Each word is looked for where it would mislead: among the names of the code, or in prose too. What may say it all the
same stands below with the reason.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

# In names, parts of them (`page_chrome`) and strings that are one: {word: what the field says}.
NAMES = {
    "chrome": "boilerplate",
    "glue": "pinyin annotation",
    "glued": "annotated",
    "ghost": "misaligned GBK bytes",
    "ghosts": "misaligned GBK bytes",
    "reprint": "near-duplicate",
    "reprints": "near-duplicates",
    "joins": "mixed-script bigrams",
    "place_starts": "position offsets",
    "grain": "passage level, article level",
    "grains": "passage level, article level",
    "standing": "length norms",
    "standings": "length norms",
    "brevity": "length normalisation",
    "verdict": "confidence",
    "stands_out": "dense z-score",
    "tells_apart": "lexical spread",
}
# In names of these folders alone: elsewhere they mean what they say.
POSITIONS = {"place": "position", "places": "positions", "placed": "positioned"}
MATCHED = {"held": "matched terms"}
LEG = {"share": "weight", "shares": "weights"}
NAMES_OF = {
    "index/backend.py": MATCHED,
    "index/analysis": {"placed": "positioned", "story": "duplicate cluster", "lookup": "trie", **MATCHED},
    "index/cleaning": {
        "fields": "metadata", "sign": "damage mark", "signs": "damage marks", "shifted": "misaligned",
    },
    "index/segments": {**POSITIONS, **MATCHED},
    "index/retrieval": {**POSITIONS, **MATCHED, **LEG},
    "index/embedded": {"places": "locations", **MATCHED, **LEG},
    "index/checks": MATCHED,
    "search/query": {"sign": "operator", "signs": "operators"},
    "search/ranking": {**MATCHED, **LEG, "part": "weight", "told": "confidence", "story": "duplicate cluster"},
    "search/evaluation": {**LEG, "told": "confidence"},
    "search/suggest": {"lines": "string index", "place": "slot", "places": "slots"},
    "search/cli": {"fields": "metadata", "share": "weight"},
    "scripts/bench/damage.py": {"sign": "damage mark", "shifted": "misaligned"},
}  # fmt: skip
# In anything that people read.
PROSE = {
    r"page chrome|\bchrome\b": "boilerplate",
    r"\bglued?\b": "pinyin annotations",
    r"\bghosts?\b": "misaligned GBK bytes",
    r"\breprints?\b": "near-duplicates",
    r"\bgrains?\b": "levels",
    r"\bbrevity\b": "length normalisation",
    r"\bverdict\b": "confidence",
    r"told nothing": "not confident",
    r"stands out|tells? \w*\s?apart": "dense z-score, lexical spread",
    r"letting go of pages|read ahead": "page release, prefetch",
    r"\bheld back\b": "non-essential terms",
}
# What a constant bounds belongs into its name: MAX_..., MIN_..._FOR_..., ..._THRESHOLD.
CONSTANT = re.compile(
    r"_?(FEW|FEWEST|MANY|MOST|LONG|LONGEST|SHORT|SURE|LEAST|FAR|NEAR|OVER|ENOUGH|SAME|BETTER|WEAK|TOP|HUGE|LARGE|AT_ONCE"
    r"|TOGETHER|REMEMBERED)"
)
EXCEPTIONS = {
    ("index/storage/layout.py", "joins"): "names of format 1, which still opens",
    ("index/storage/layout.py", "places"): "names of format 1, which still opens",
    ("index/storage/layout.py", "place_starts"): "names of format 1, which still opens",
    ("index/storage/layout.py", "chrome"): "a key of format 1, which still opens",
    ("index/encoders/static_table.py", "brevity"): "the tensor's name in models that were saved",
    ("index/encoders/encoder_zh/MODEL_CARD.md", "brevity"): "the tensor's name in models that were saved",
    ("tests/index/analysis/test_near_duplicates.py", "story"): "the text of a story",
    ("tests/index/analysis/test_near_duplicates.py", "reprint"): "the text of one printed again",
    ("scripts/samples.md", "reprint"): "the name of a file",
}
CODE = sorted(path for folder in ("index", "search", "scripts", "tests") for path in (ROOT / folder).rglob("*.py"))
DOCUMENTS = sorted(
    path for path in ROOT.rglob("*.md") if not {".venv", "samples", ".git"} & set(path.relative_to(ROOT).parts)
)
STRING_NAME = re.compile(r"[rbf]*['\"]([A-Za-z_][\w.]*)['\"]")


def parts(name: str) -> Iterator[str]:
    """`page_chrome` -> page_chrome, page, chrome; `_LivePlaces` -> ..., live, places."""
    yield name.lower()
    for part in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name):
        yield part.lower()


def names(text: str) -> Iterator[str]:
    """Names of a module, and strings that look like one, such as the keys of what goes to disk."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.string
        elif token.type == tokenize.STRING and (
            match := re.fullmatch(r"[rbf]*['\"]([A-Za-z_][\w.]*)['\"]", token.string)
        ):
            yield match[1]


def prose(text: str) -> str:
    """The comments and docstrings of a module."""
    said = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.string.startswith('"""')):
            said.append(token.string)
    return "\n".join(said)


def home(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", CODE, ids=home)
def test_names_are_the_fields(path):
    if path == Path(__file__):
        return
    text = path.read_text("utf-8")
    unwanted = dict(NAMES)
    for folder, more in NAMES_OF.items():
        if f"{home(path)}/".startswith(f"{folder}/"):
            unwanted |= more
    found = {(name, part) for name in set(names(text)) if not name.startswith("test_") for part in parts(name)}
    wrong = {name: unwanted[part] for name, part in found if part in unwanted and (home(path), part) not in EXCEPTIONS}
    assert wrong == {}, "say it in the field's words"
    if not home(path).startswith("tests/"):
        assert [name for name in set(names(text)) if CONSTANT.fullmatch(name)] == [], "name what it bounds"


@pytest.mark.parametrize("path", [*CODE, *DOCUMENTS], ids=home)
def test_prose_is_the_fields(path):
    if path == Path(__file__):
        return
    text = path.read_text("utf-8")
    text = prose(text) if path.suffix == ".py" else text
    wrong = {}
    for pattern, word in PROSE.items():
        for match in re.finditer(pattern, text, re.I):
            if (home(path), match[0].lower().rstrip("s")) not in EXCEPTIONS:
                wrong[match[0]] = word
    assert wrong == {}, "say it in the field's words"


def test_every_exception_is_needed():
    said = {name: (ROOT / name).read_text("utf-8").lower() for name, _ in EXCEPTIONS}
    assert [word for name, word in EXCEPTIONS if word not in said[name]] == []


def test_which_characters_are_chinese_is_said_in_one_place():
    spelt = re.compile(r"\\u(?:4e00|3400)|0x(?:4e00|3400)\b|一-[龥鿿]|㐀-䶿", re.I)
    packages = [path for path in CODE if home(path).startswith(("index/", "search/"))]
    assert [home(path) for path in packages if spelt.search(path.read_text("utf-8"))] == [
        "index/analysis/characters.py"
    ]
