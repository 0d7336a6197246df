"""Folded text: what matching sees. One character in, one character out, so offsets hold in both.

Folding lowers case, halves full-width forms, resolves compatibility characters of length one and maps
traditional and variant characters to simplified ones (OpenCC's `t2s`, character by character, so that the
result never depends on the neighbours). It is for matching only; people always read the display text.
"""

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate, pairwise

import numpy as np

from index.analysis.characters import codes_of

# Variants that OpenCC's t2s leaves alone but that stand for one and the same character in Chinese text.
_VARIANTS = dict(
    zip(
        "裏爲衆羣峯牀啓麪綫鷄甯昇産説税脱閲鋭悦强吴温没虚黄〇［］｛｝",
        "里为众群峰床启面线鸡宁升产说税脱阅锐悦强吴温没虚黄零[]{}",
        strict=True,
    )
)


# Radicals and strokes, which the text layers of PDFs hold in place of characters; NFKC knows only those of U+2F00.
# Unicode's EquivalentUnifiedIdeograph, without what stands for no character of today's texts.
RADICALS = dict(
    zip(
        "⺁⺂⺃⺄⺅⺆⺈⺉⺊⺌⺍⺎⺏⺐⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧⺨⺩⺫⺬⺭⺯⺰⺱⺲⺴⺶⺹⺺⺻⺼⺾⺿⻀⻁⻂⻃⻄⻅⻆⻈"
        "⻉⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳㇐㇑㇒㇓㇔㇚㇠",
        "厂乛乚乙亻冂刀刂卜小小兀尣尢巳幺彑彐忄心扌攵旡日月歺母民氵氺灬爫爫丬牛犭王目示礻糹纟罓罒冗羊耂肀聿肉艹艹艹虎衤覀西见角讠"
        "贝车辶辶辶邑钅長镸长门阝雨青韦页风飞食飠饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟一丨丿丿丶亅乙",
        strict=True,
    )
)
_VARIANTS |= RADICALS


@cache
def _to_simplified() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("t2s").convert
    return convert


def _fold_chars(chars: list[str]) -> list[str]:
    """Each of `chars` folded, all at once: OpenCC is asked for a whole text of them, a line each."""
    folded = list(chars)
    left = list(range(len(chars)))  # those that the last round changed
    for _ in range(3):  # 薴 -> 苧 -> 苎: until nothing changes, so that folding twice is folding once
        if not left:
            break
        steps = _to_simplified()("\n".join(_plain([folded[i] for i in left]))).split("\n")
        steps = [_VARIANTS.get(step, step) for step in steps]
        changed = [(i, step) for i, step in zip(left, steps, strict=True) if len(step) == 1 and step != folded[i]]
        for i, step in changed:
            folded[i] = step
        left = [i for i, _ in changed]
    return folded


def _plain(chars: list[str]) -> list[str]:
    """NFKC and lower(), which may give several characters (… -> ..., İ -> i̇): each is taken only where it gives one.

    All are done as one text, a line each: nothing composes with the end of a line, nor is a letter last in a word.
    """
    flat = unicodedata.normalize("NFKC", "\n".join(chars)).split("\n")
    steps = [new if len(new) == 1 else old for old, new in zip(chars, flat, strict=True)]
    lower = "\n".join(steps).lower().split("\n")
    return [new if len(new) == 1 else old for old, new in zip(steps, lower, strict=True)]


class _FoldTable(dict[int, str]):
    """Code point -> folded character, filled as characters are met: a query pays for its own only."""

    def __missing__(self, code: int) -> str:
        self.learn([code])
        return self[code]

    def learn(self, codes: list[int]) -> None:
        """Fold `codes` together, seven times as quick as one by one."""
        lone = [code for code in codes if 0xD800 <= code < 0xE000]
        self.update(zip(lone, map(chr, lone), strict=True))
        whole = [code for code in codes if not 0xD800 <= code < 0xE000]
        self.update(zip(whole, _fold_chars(list(map(chr, whole))), strict=True))


_TABLE = _FoldTable({code: chr(code).lower() for code in range(128)})


_MAX_CHARS_FOR_TRANSLATE = 64  # characters: below, `str.translate` is quicker than going through an array
# The same as an array, for it is several times quicker over a long text; 0 is what was not met yet. Memory is only
# taken for the pages that are used.
_CODES = np.zeros(0x110000, np.uint32)


def fold(text: str) -> str:
    """Fold `text` for matching. `len(fold(text)) == len(text)` and `fold(fold(text)) == fold(text)`."""
    if len(text) < _MAX_CHARS_FOR_TRANSLATE:
        return text.translate(_TABLE)
    codes = codes_of(text)
    folded = _CODES.take(codes)
    if not folded.all():
        new = [*set(codes[folded == 0].tolist())]  # np.unique would load numpy.ma: 17 ms of a first question
        _TABLE.learn([code for code in new if code not in _TABLE])
        _CODES[new] = [ord(_TABLE[code]) for code in new]
        folded = _CODES.take(codes)
    return folded.tobytes().decode("utf-32-le", "surrogatepass")


def fold_all(texts: Sequence[str]) -> list[str]:
    """`fold` of each, as one text and so in less time: it gives a character for a character, whatever stands beside."""
    whole = fold("".join(texts))
    return [whole[start:end] for start, end in pairwise(accumulate(map(len, texts), initial=0))]


def fold_version() -> str:
    """What the folding depends on: another OpenCC may map a character otherwise."""
    from importlib.metadata import version  # here: a question does without what it brings, 20 ms

    return f"fold2+opencc{version('opencc')}+unicode{unicodedata.unidata_version}"
