"""How much of a model's attention an answer takes, and where it has to be cut."""

import math
from collections.abc import Callable

DEFAULT_TOKENS = 8_000
MIN_TOKENS = 500  # less holds no answer with its names and offsets
MAX_TOKENS = 25_000  # clients refuse more

_TOKENS_PER_WIDE = 1.5  # of a character beyond ASCII: rare Chinese characters take two or three, usual ones one or less
_TOKENS_PER_ASCII = 0.5  # letters, digits and marks of JSON


def estimate_tokens(text: str) -> int:
    """Tokens that `text` takes in the tokenizer of a language model, estimated from above.

    No tokenizer is asked: which one reads the answer is not known here. Usual Chinese text takes .7 to 1.3 tokens a
    character in those in use, so that an answer sized by this stays within its budget.
    """
    ascii_ = sum(char < "\x80" for char in text)
    return math.ceil(_TOKENS_PER_ASCII * ascii_ + _TOKENS_PER_WIDE * (len(text) - ascii_))


def longest_prefix(text: str, fits: Callable[[str], bool]) -> str:
    """The longest beginning of `text` for which `fits` holds; it must hold of shorter ones too, or "" is returned."""
    low, high = 0, len(text)
    if fits(text):
        return text
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(text[:middle]) else (low, middle)
    return text[:low] if low and fits(text[:low]) else ""
