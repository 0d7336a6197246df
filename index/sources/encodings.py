"""Bytes -> text: which encoding a Chinese file is in, judged by how plausible the Chinese is that comes out.

UTF-8 that decodes without an error is UTF-8. For the rest, several decodings may succeed (GB18030 decodes almost
anything, Big5 much of it, UTF-16 every even number of bytes), so each is scored by the share of common characters, and
by the share of those that the first levels of GB 2312 or Big5 hold: names and goods have few of the common ones.
charset-normalizer, which is unreliable on short texts, is asked last.
"""

import codecs
import re
from functools import cache

from index.analysis.characters import COMMON_HAN, is_common_han

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
MAGIC = (  # how files begin that are no text, whatever they are named
    b"%PDF-", b"PK\x03\x04", b"PK\x05\x06", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf",
    b"\xd0\xcf\x11\xe0", b"\x7fELF", b"MZ\x90", b"BM6", b"RIFF", b"ID3", b"OggS", b"fLaC", b"BZh", b"\xfd7zXZ",
    b"SQLite format 3", b"\xca\xfe\xba\xbe", b"wOFF", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00",
)  # fmt: skip
_CANDIDATES = ("gb18030", "big5hkscs")
_WIDE_CANDIDATES = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")  # which have bytes of 0 among others
_SAMPLE = 20_000  # half of the bytes that are scored
_PLAUSIBLE_THRESHOLD = 0.55  # share of plausible characters below which no decoding is believed

# The most frequent characters of modern Chinese, both scripts: three of four characters of any article.
_COMMON_TEXT = (
    "的一是了不在有人这上大来和我个他地中到说们时国你出要以会年生对自发可里成就多下经学子方后进行面作家也能过动用天得如着"
    "事实心本前开工所长高力把分新现于好已起主部都又本定之去二三四五六七八九十小其然见从还没只当想法电种同意与理机全民气身月日"
    "政党员会关系市县区镇村省央府委员局院校医报社记者网站公司企业产品经济建设发展改革服务管理工作组织干部群众项目安全环境教育"
    "文化科技技术信息数据系统问题情况要求提高加强推进实施制度规定条例法律通知意见办法方案活动第期号名次元万亿为等及将由向并被"
    "這來個時國說會對發裡過動實長現於後進經學開們還沒當種與機關係縣區鎮員報記網產濟設務業項環教資訊據統問題況規條義"
    "，。、：；！？“”‘’（）《》「」…—　·"
)


@cache
def _common() -> frozenset[str]:
    return frozenset(_COMMON_TEXT)


_PROSE = 0.3  # plausibility of Chinese prose
_EVERYDAY = 0.2  # score, beside the plausibility, of what has hardly any but everyday characters
_EVERYDAY_THRESHOLD = 0.95  # share of them that hardly any text has but Chinese, read as it was written
_BELIEVED = 0.12  # score under which no decoding is taken: any two bytes make some character
_PARTED = re.compile(f"[{COMMON_HAN}] [{COMMON_HAN}]")  # as Korean is, whose bytes are everyday characters too


@cache
def _everyday() -> re.Pattern[str]:
    """The characters of the first levels of GB 2312 and Big5, by use: half of what a wrong table shows is not there."""
    levels = (("gb2312", 0xB0, 0xD8), ("big5", 0xA4, 0xC7))
    pairs = [(bytes((a, b)), name) for name, low, high in levels for a in range(low, high) for b in range(0x40, 0xFF)]
    return re.compile("[" + "".join(sorted({pair.decode(name, "ignore") for pair, name in pairs} - {""})) + "]")


def _is_everyday(text: str) -> bool:
    """Whether hardly any but everyday characters stand there, two or more beside Latin, without blanks between."""
    wide = re.sub(r"[^\u0250-\uffff]|[\u2000-\u303f\uff00-\uffef\ufffd]", "", text)
    return (
        len(wide) > 1 and not _PARTED.search(text) and len(_everyday().findall(wide)) >= _EVERYDAY_THRESHOLD * len(wide)
    )


def plausibility(text: str) -> float:
    """How much `text` looks like an article in Chinese (or plain ASCII): 0 to 1; 0.3 and more is prose."""
    if not text:
        return 0.0
    good = odd = wide = 0
    common = _common()
    for char in text.replace(_GBK_BLANK, " "):
        code = ord(char)
        if code < 0x80:
            if code < 0x20 and char not in "\t\n\r\f":
                odd += 1
            continue
        wide += 1
        if char in common:
            good += 1
        elif is_common_han(char) or 0x3000 <= code <= 0x30FF or 0xFF00 <= code <= 0xFFEF:
            continue
        elif code == 0xFFFD or 0xE000 <= code <= 0xF8FF or 0xD800 <= code <= 0xDFFF or code >= 0x20000:
            odd += 2
        elif not 0xA0 <= code <= 0x2BFF:
            odd += 1
    if odd * 20 > len(text):
        return 0.0
    if not wide:
        return 0.9
    return max(0.0, (good - 2 * odd) / wide)


_GBK_BLANK = "\ue5e5"  # what a decoder of GBK or GB 18030 makes of the bytes A3 A0


def _decoded(data: bytes, encoding: str) -> str | None:
    """The text, or None where more than one character in 200 is broken, and more than two of plain Chinese: an odd byte
    or a cut last character costs no short file.
    """
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        broken = text.count("\ufffd")
        if broken * 200 <= len(text):
            return text
        rest = text.replace("\ufffd", "")
        few = broken <= 2 and broken <= len(rest) and not encoding.startswith("utf-16")
        prose = broken * 8 <= len(text) and plausibility(rest) >= _PROSE
        return text if few and (prose or _is_everyday(rest)) else None


def control_share(data: bytes) -> float:
    """Share of control bytes in the first 64 KB: text has next to none."""
    head = data[:65536]
    return sum(head.count(code) for code in range(32) if code not in (9, 10, 12, 13)) / max(1, len(head))


def _sample(data: bytes, encoding: str) -> str:
    # An even cut keeps UTF-16 in step; the others lose a character at the seam.
    return data[: 2 * _SAMPLE].decode(encoding, "ignore")


def guess(data: bytes) -> str | None:
    """The encoding of `data` (all of a file, or its first 64 KB cut anywhere), None where it is no text.

    Text that is empty or ASCII is UTF-8.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    if data.startswith(MAGIC):
        return None
    if 0 not in data:
        return _without_nul(data)
    scored = [
        (plausibility(_sample(even, name)), name)
        for name in _WIDE_CANDIDATES
        if _decoded(even := data[: len(data) - len(data) % (4 if "32" in name else 2)], name) is not None
    ]
    best, name = max(scored, default=(0.0, ""))
    if best >= _BELIEVED:
        return name
    # A program padded a text with bytes of 0, or left one in it; in what is no text there are other controls, too.
    rest = data.replace(b"\0", b"")
    return _without_nul(rest) if rest and control_share(rest) == 0 else None


def _without_nul(data: bytes) -> str | None:
    """`guess` of what has no byte of 0 and no mark."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data, final=False)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    scored = []
    for name in (*_CANDIDATES, *_WIDE_CANDIDATES[:2]):
        even = data[: len(data) - len(data) % 2] if name.startswith("utf-16") else data
        if _decoded(even, name) is not None:
            scored.append((_score(_sample(even, name)), name))
    if _nearly_utf8(data):
        scored.append((_score(data[: 2 * _SAMPLE].decode("utf-8", "ignore")) + 0.05, "utf-8"))
    best, name = max(scored, default=(0.0, ""))
    return name if best >= _BELIEVED else _normalizer(data)


def _score(text: str) -> float:
    return plausibility(text) + (_EVERYDAY if _is_everyday(text) else 0.0)


def _nearly_utf8(data: bytes) -> bool:
    """UTF-8 with a few broken bytes: far more whole multi-byte characters than errors."""
    text = data[: 2 * _SAMPLE].decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(char > "\x7f" for char in text) - broken >= 8 * broken


def _normalizer(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    match = from_bytes(data[: 2 * _SAMPLE]).best()
    if match is None or match.encoding in ("utf_7",):
        return None
    text = _decoded(data, match.encoding)
    if text is None or sum(ord(char) < 32 and char not in "\t\n\r\f" for char in text) * 100 > len(text):
        return None
    return match.encoding if sum(char.isalnum() or char.isspace() for char in text) * 10 >= 7 * len(text) else None


def decode(data: bytes) -> str | None:
    """The text of `data`, without its byte order mark; None where it is not text in any encoding we know."""
    name = guess(data)
    return None if name is None else decoded(data, name)


def decoded(data: bytes, name: str) -> str:
    """`data` in the encoding `name`, broken bytes as U+FFFD; A3 A0 of GBK is a wide blank, as browsers read it."""
    text = data.decode(name, "replace")
    return text.replace(_GBK_BLANK, "\u3000") if name.startswith("gb") else text
