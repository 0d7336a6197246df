"""An article in the other script: simplified or traditional characters, offsets unchanged.

OpenCC converts by words, so that 头发 becomes 頭髮 and 发展 發展. A line of which it would change the length is
converted character by character, so that every offset into the text holds for what is shown as well.
"""

from collections.abc import Callable
from functools import cache
from typing import Literal

Script = Literal["hans", "hant"]
_CONFIG = {"hans": "t2s", "hant": "s2t"}


@cache
def _converter(to: Script) -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC(_CONFIG[to]).convert
    return convert


def converted(text: str, to: Script) -> str:
    """`text` in simplified (`hans`) or traditional (`hant`) characters; as long as it was."""
    convert = _converter(to)
    return "\n".join(_line(line, convert) for line in text.split("\n"))


def _line(line: str, convert: Callable[[str], str]) -> str:
    whole = line.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no character
    found = convert(whole)
    if len(found) == len(line):
        return found
    return "".join(one if len(one) == 1 else char for char, one in ((char, convert(char)) for char in whole))
