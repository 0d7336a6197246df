"""Readings of characters without tones, and the ways a run of letters can be read. pypinyin's table, on demand.

Only ever for guessing what was meant: two words that sound alike are two words.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from index.analysis.characters import GBK_HAN

_MAX_WAYS = 6  # ways to cut a run of letters into syllables that are tried: xian is 先 and 西安
_INITIALS = frozenset("abcdefghjklmnopqrstwxyz")  # letters a syllable can begin with


@cache
def _table() -> dict[int, str]:
    """The readings alone: who imports pypinyin reads its phrases, too, which takes three times as long."""
    package = find_spec("pypinyin")
    folder = Path(((package and package.submodule_search_locations) or [""])[0])
    found = spec_from_file_location("_readings", folder / "pinyin_dict.py")
    if found is None or found.loader is None:  # pragma: no cover - it is a file of Python
        raise ImportError("pypinyin has no table of readings")
    module = module_from_spec(found)
    found.loader.exec_module(module)
    table: dict[int, str] = module.pinyin_dict
    return table


@cache
def readings(char: str) -> frozenset[str]:
    """Every reading of a character, ü as v: 行 -> xing, hang, heng. Empty for what is no Chinese character."""
    marked = _table().get(ord(char), "")
    return frozenset(_plain(reading) for reading in marked.split(",") if reading)


def _plain(reading: str) -> str:
    letters = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(letter for letter in letters if letter.isascii())


@cache
def _syllables() -> frozenset[str]:
    common = (chr(code) for code in GBK_HAN)
    found = {reading for char in common for reading in readings(char)}
    return frozenset(s for s in found if len(s) > 1 or s in "aeo")


def syllables(letters: str) -> list[tuple[str, ...]]:
    """The ways to read lower-case `letters` as whole syllables, those of fewest first; none if they cannot be."""
    known = _syllables()

    def cut(start: int) -> Iterator[tuple[str, ...]]:
        if start == len(letters):
            yield ()
        for end in range(min(len(letters), start + 6), start, -1):
            if letters[start:end] in known:
                for rest in cut(end):
                    yield (letters[start:end], *rest)

    ways = []
    for way in cut(0):
        ways.append(way)
        if len(ways) == 4 * _MAX_WAYS:
            break
    return sorted(ways, key=lambda way: (len(way), way))[:_MAX_WAYS]


def unfinished(letters: str) -> list[tuple[str, ...]]:
    """The ways to read `letters` with the last syllable perhaps only begun: ganbus -> gan, bu, s."""
    known = _syllables()
    ways = []
    for end in range(len(letters) - 1, max(len(letters) - 6, -1), -1):
        rest = letters[end:]
        if any(syllable.startswith(rest) for syllable in known):
            ways += [(*way, rest) for way in syllables(letters[:end])]
    return ways[: 2 * _MAX_WAYS]


def initials(letters: str) -> list[tuple[str, ...]]:
    """`letters` as first letters of syllables, one each: one way, or none where some letter begins none."""
    return [tuple(letters)] if letters and set(letters) <= _INITIALS else []
