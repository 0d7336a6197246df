"""Chinese numerals -> numbers."""

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "元": 1}


def chinese_number(text: str) -> int | None:
    """`二〇二四` -> 2024, `一百一十三` -> 113, `廿九` -> 29, `29` -> 29; None where it is no number."""
    if text.isdecimal():
        return int(text)
    text = text.replace("廿", "二十").replace("卅", "三十")
    if not any(unit in text for unit in "十百"):
        digits = [_DIGITS.get(char) for char in text]
        if not digits or None in digits:
            return None
        return int("".join(str(digit) for digit in digits))
    total, current = 0, 0
    for char in text:
        if char in "十百":
            total += (current or 1) * (10 if char == "十" else 100)
            current = 0
        elif char in _DIGITS:
            current = _DIGITS[char]
        else:
            return None
    return total + current
