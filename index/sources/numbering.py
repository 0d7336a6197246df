"""Numbers that programs write before paragraphs by themselves: 第二条, （一）, 三、, 1.2, iv."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

LEVELS = 9
_DIGITS = "零一二三四五六七八九"
_LEGAL = "零壹贰叁肆伍陆柒捌玖"
_LEGAL_TRADITIONAL = "零壹貳參肆伍陸柒捌玖"
_STEMS, _BRANCHES = "甲乙丙丁戊己庚辛壬癸", "子丑寅卯辰巳午未申酉戌亥"


def counted(number: int, digits: str = _DIGITS, units: tuple[str, ...] = ("", "十", "百", "千")) -> str:
    """`number` as it is counted in Chinese: 十, 二十一, 一百零五."""
    if number == 0:
        return digits[0]
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        rest = "" if not low else ("" if low >= 1_000 else digits[0]) + counted(low, digits, units)
        return counted(high, digits, units) + "万" + rest
    out, zero = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            out += (digits[0] if zero and out else "") + digits[digit] + units[place]
        zero = not digit
    return out.removeprefix(digits[1]) if digits == _DIGITS and 10 <= number < 20 else out


def _letters(number: int) -> str:
    """a, b, ... z, aa, bb: the way of Word."""
    return chr(97 + (number - 1) % 26) * ((number - 1) // 26 + 1) if number > 0 else str(number)


def _roman(number: int) -> str:
    out = ""
    for value, sign in zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1), "m cm d cd c xc l xl x ix v iv i".split(), strict=True
    ):
        out += sign * (number // value)
        number %= value
    return out


def _enclosed(first: int, most: int) -> Callable[[int], str]:
    return lambda number: chr(first + number - 1) if 1 <= number <= most else str(number)


def _digital(number: int) -> str:
    return "".join("〇" if digit == "0" else _DIGITS[int(digit)] for digit in str(number))


_FORMATS: Mapping[str, Callable[[int], str]] = {
    "decimal": str,
    "decimalZero": lambda number: f"{number:02d}",
    "decimalHalfWidth": str,
    "decimalFullWidth": lambda number: "".join(chr(0xFEE0 + ord(digit)) for digit in str(number)),
    "decimalFullWidth2": lambda number: "".join(chr(0xFEE0 + ord(digit)) for digit in str(number)),
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": _roman,
    "upperRoman": lambda number: _roman(number).upper(),
    "chineseCounting": counted,
    "chineseCountingThousand": counted,
    "taiwaneseCounting": counted,
    "taiwaneseCountingThousand": counted,
    "japaneseCounting": counted,
    "koreanCounting": counted,
    "ideographDigital": _digital,
    "taiwaneseDigital": _digital,
    "japaneseDigitalTenThousand": _digital,
    "chineseLegalSimplified": lambda number: counted(number, _LEGAL, ("", "拾", "佰", "仟")),
    "ideographLegalTraditional": lambda number: counted(number, _LEGAL_TRADITIONAL, ("", "拾", "佰", "仟")),
    "ideographTraditional": lambda number: _STEMS[(number - 1) % 10],
    "ideographZodiac": lambda number: _BRANCHES[(number - 1) % 12],
    "ideographZodiacTraditional": lambda number: _STEMS[(number - 1) % 10] + _BRANCHES[(number - 1) % 12],
    "decimalEnclosedCircle": _enclosed(0x2460, 20),
    "decimalEnclosedCircleChinese": _enclosed(0x2460, 20),
    "decimalEnclosedParen": _enclosed(0x2474, 20),
    "decimalEnclosedFullstop": _enclosed(0x2488, 20),
    "ideographEnclosedCircle": _enclosed(0x3280, 10),
    "numberInDash": lambda number: f"- {number} -",
    "none": lambda number: "",
}


def numeral(number: int, shape: str) -> str:
    """`number` in the format that Word calls `shape`; as plain digits where that is not known."""
    return _FORMATS.get(shape, str)(number)


@dataclass(frozen=True, slots=True)
class Level:
    """How one level of a list is numbered; `text` has `%1` for the number of the first level, and so on.

    `restart`: the level, counted from 1, after which it begins again; None: any above it; 0: none.
    """

    start: int = 1
    shape: str = "decimal"
    text: str = ""
    legal: bool = False
    restart: int | None = None
    blank: bool = True


@dataclass(slots=True)
class Counter:
    """The numbers of one list so far, a level each; None where a level has not been used since it was begun again."""

    at: list[int | None] = field(default_factory=lambda: [None] * LEVELS)

    def label(self, levels: Mapping[int, Level], level: int) -> str:
        """Count a paragraph of `level`, from 0, and give what stands before it; "" for a bullet."""
        own = levels.get(level)
        if own is None or not 0 <= level < LEVELS:
            return ""
        for above in range(level):
            if self.at[above] is None and above in levels:
                self.at[above] = levels[above].start
        before = self.at[level]
        self.at[level] = own.start if before is None else before + 1
        for below in range(level + 1, LEVELS):
            restart = levels[below].restart if below in levels else None
            if restart is None or level < restart:
                self.at[below] = None
        if own.shape == "bullet":
            return ""
        text = own.text
        for n in range(LEVELS, 0, -1):
            if f"%{n}" in text and n - 1 <= level:
                shape = levels[n - 1].shape if n - 1 in levels else "decimal"
                text = text.replace(f"%{n}", numeral(self.at[n - 1] or 0, "decimal" if own.legal else shape))
        text = text.strip()
        return text + (" " if text and own.blank and text[-1] not in "、，．。）】" else "")
