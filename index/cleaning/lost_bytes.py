"""UTF-8 in which bytes are missing: what the bytes that are left can only have been, and a sign for the rest.

A decoder of another table shows a sign for each byte it has no character for. A character is written where the bytes
around the sign leave no other, or where the character model is all but sure among those they leave.
"""

import re
import unicodedata
from collections.abc import Set
from functools import cache
from itertools import pairwise

import numpy as np

from index.cleaning.charmodel import load

_DOUBT = 1e-6  # share of all readings that may be others where a character is written of which a byte is gone
LOST = "\ufffd"  # what stands in the display text for a character that cannot be told
_UNSHOWN_BY_LATIN = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))  # bytes for which Windows-1252 has no character
UNSHOWN = 0x1A  # in bytes: one byte that a decoder could not show, and put a sign for; no text holds it
# A character of three bytes of which some are missing, a sign in their place or none; a byte too many.
_BROKEN = re.compile(
    rb"(?P<first>[\xe2-\xe9\xef])(?:(?P<second>[\x80-\xbf])(?P<lost>\x1a)?|\x1a(?P<third>[\x80-\xbf])|\x1a{0,2})(?![\x80-\xbf])"
    rb"|\x1a[\x80-\xbf]{0,2}(?![\x80-\xbf])|[\x80-\xff]|\x1a"
)
_DOUBTED = -11.0  # nats of a character behind another, under which it is doubted where bytes are gone silently
_BEAM = 64  # readings of a broken stretch that are followed at once
_SEEN = 2.5  # nats for two neighbours that the line holds elsewhere, unbroken: its names come again


@cache
def _unshown() -> dict[int, bytes]:
    """For each byte, which of 80 to BF a decoder of GBK cannot show before it: there they become a sign.

    0x80 begins no character; the others are those that make none with the byte behind them.
    """
    pairs: dict[int, bytes] = {}
    for behind in range(256):
        lost = [0x80]
        for byte in range(0x81, 0xC0):
            try:
                bytes((byte, behind)).decode("gbk")
            except UnicodeDecodeError:
                lost.append(byte)
        pairs[behind] = bytes(lost)
    return pairs


# A question mark within a character is a sign, of decoders that have no other.
_QUESTION = re.compile(rb"(?<=[\xe2-\xe9\xef])\?{1,2}|(?<=[\xe2-\xe9\xef][\x80-\xbf])\?|\?(?=[\x80-\xbf])")


def _is_usual(char: str) -> bool:
    """Whether an article may hold it: no other form of a character, such as ㊊ of 月, but for the full-width marks."""
    if "\uff00" <= char <= "\uff5f" or char in "…\u3000":
        return True
    return unicodedata.normalize("NFKC", char) == char and unicodedata.category(char)[0] in "LPS"


def _fillings(match: re.Match[bytes], behind: int, latin: bool) -> list[str]:
    """Every character that the bytes left of one may have been, given the byte behind them; none where too many are
    gone, or where no sign says that one is: then anything may have happened.
    """
    first, second, third = match["first"], match["second"], match["third"]
    found: list[bytes] = []
    if second and match["lost"]:
        found = [first + second + bytes((byte,)) for byte in (range(0x80, 0xC0) if latin else _unshown()[behind])]
    elif third and latin:
        found = [first + bytes((byte,)) + third for byte in range(0x80, 0xC0)]
    chars = {data.decode("utf-8", "ignore") for data in found}
    return sorted(char for char in chars if char and _is_usual(char))


def _fits_latin(char: str, left: bytes) -> bool:
    """Whether a character differs from the bytes `left` of it by one that Windows-1252 has no character for."""
    return any(byte in _UNSHOWN_BY_LATIN for byte, shown in zip(char.encode(), left, strict=False) if shown == UNSHOWN)


def fill(data: bytes, *, latin: bool = False) -> str | None:
    """UTF-8 in which bytes may be missing: characters that are whole, those that can be nothing else, or all but
    surely are one, and `LOST` for the others. None where too much is missing.
    """
    places: list[list[str]] = []
    told: dict[int, bytes] = {}  # place -> the bytes that are left of a character
    at = holes = silent = 0
    while at < len(data):
        size = 1 if data[at] < 0x80 else 2 if data[at] < 0xE0 else 3 if data[at] < 0xF0 else 4
        try:
            char = data[at : at + size].decode("utf-8") if data[at] != UNSHOWN else ""
        except UnicodeDecodeError:
            char = ""
        if char:
            places.append([char])
            at += size
            continue
        broken = _BROKEN.match(data, at)
        if broken is None or (latin and UNSHOWN not in broken.group()):
            return None  # a Latin letter that is meant, perhaps
        stray = UNSHOWN not in broken.group() and data[at] < 0xC0
        silent += UNSHOWN not in broken.group()
        if stray and places and len(places[-1][0]) == 1 and places[-1][0] > "\x7f":
            places[-1] = [LOST]  # bytes are gone without a sign: what stands before may be made of two characters
        at, holes = broken.end(), holes + 1
        told[len(places)] = broken.group()
        places.append(_fillings(broken, data[at] if at < len(data) else 0x0A, latin) or [LOST])
    if holes * 2 > len(places) + 4:
        return None
    settled = _settled(places)
    if latin:  # the likeliest of all that might be there is believed only if it is one that would be lost
        chars = enumerate(settled)
        settled = "".join(LOST if n in told and not _fits_latin(char, told[n]) else char for n, char in chars)
    if silent:
        settled = _without_doubted(settled)
    return settled if settled.count(LOST) * 4 <= len(settled) else None


def _without_doubted(text: str) -> str:
    """`text` with `LOST` for characters that hardly ever follow the one before them: where bytes are gone without a
    sign, the first byte of one character and the last of another read as a third.
    """
    model = load()
    ids = model.encode("\n" + text)
    return "".join(
        LOST if char > "\x7f" and model.after(one)[two] < _DOUBTED else char
        for char, (one, two) in zip(text, pairwise(ids), strict=True)
    )


def _settled(places: list[list[str]]) -> str:
    """The likeliest choice at each place, given what stands around it; `LOST` where it is not all but sure."""
    certain = load().encode("".join(options[0] if len(options) == 1 else "\n" for options in places))
    seen = set(pairwise(certain))
    out: list[str] = []
    while len(out) < len(places):
        if len(places[len(out)]) == 1:
            out += places[len(out)]
            continue
        end = len(out) + 1  # of the stretch: two characters that are certain, or the end of the line
        while end < len(places) and (len(places[end]) > 1 or len(places[end - 1]) > 1):
            end += 1
        after = [["\n"]] if end == len(places) else []
        out += _read(["\n", "\n", *out][-2:], [*places[len(out) : end], *after], seen)
    return "".join(out[: len(places)])


def _read(before: list[str], places: list[list[str]], seen: Set[tuple[int, int]]) -> list[str]:
    """The choice at each of `places` on which the likeliest readings of them all agree, `LOST` where they do not.

    `seen`: pairs of neighbours, as the model numbers them, that the line surely holds.
    """
    model = load()
    first, second = model.encode("".join(before))
    beam: list[tuple[float, tuple[int, int], tuple[int, ...]]] = [(0.0, (first, second), ())]
    for options in places:
        ids = np.array(model.encode("".join(options)))
        grown = []
        for score, (one, two), chosen in beam:
            for number, gain in enumerate(model.behind(one, two, ids).tolist()):
                pair = two, int(ids[number])
                grown.append((score + gain + _SEEN * (pair in seen), pair, (*chosen, number)))
        beam = sorted(grown, key=lambda reading: -reading[0])[:_BEAM]
    weights = np.exp(np.array([score for score, _, _ in beam]) - beam[0][0])
    chars = []
    for place, options in enumerate(places):
        votes = np.bincount([chosen[place] for _, _, chosen in beam], weights, len(options))
        best = int(votes.argmax())
        chars.append(options[best] if weights.sum() - votes[best] <= _DOUBT * weights.sum() else LOST)
    return chars


def signed(data: bytes) -> bytes:
    """`data` with question marks that stand for a byte of a character as `UNSHOWN`."""
    return _QUESTION.sub(lambda match: b"\x1a" * len(match.group()), data)
