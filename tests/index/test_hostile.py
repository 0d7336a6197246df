"""A thousand generated hostile files: each is read or skipped with a reason, none stops the run."""

import gzip
import io
import json
import random
import zipfile
from functools import cache

from index.cleaning.clean import clean
from index.models import Article, Skipped, SkipReason
from index.sources.articles import read_sources

KINDS = [".txt", ".md", ".html", ".jsonl", ".jsonl.gz", ".json", ".csv", ".eml", ".mht", ".zip", ".docx", ".xlsx"]
KINDS += [".pdf", ".epub", ".tsv", ".htm"]
PIECES = [
    *("(", "（", "?jié)", "创(chuàng)", "来源：", "记者", "|", "县|", "\n", "2024年", "一", "痹搮^", "鐨", "ä¸"),
    *("<div>", "</p>", "[", "](", "**", "# ", "---\n", '"', "{", ";", "=", "\r", "\u202e", "\ufeff", "第", "号", "@"),
    *("\x00", "，", "评论"),
]


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


def noise(rng):
    return rng.randbytes(rng.randrange(1, 4000))


def pieces(rng):
    return "".join(rng.choices(PIECES, k=rng.randrange(1, 600))).encode()


def repeated(rng):
    return (rng.choice(PIECES) + rng.choice(PIECES)).encode() * rng.randrange(1, 4000)


def rare(rng):
    return "".join(chr(rng.randrange(0x4E00, 0x9FFF)) for _ in range(rng.randrange(1, 1500))).encode()


def deep(rng):
    opening, closing = rng.choice([("<div>", "</div>"), ("[", "]"), ('{"a":', "}"), ("> ", ""), ("(", ")")])
    depth = rng.randrange(100, 6000)
    return (opening * depth + "正文" + closing * depth).encode()


def halved_character(rng):
    data = ("会议要求各单位认真落实。" * 5).encode(rng.choice(["utf-8", "gb18030", "utf-16-le"]))
    return data[: rng.randrange(1, 150)]


def with_nuls(rng):
    return b"\x00".join("会议 要求 落实".encode("gb18030").split(b" ")) * rng.randrange(1, 60)


def surrogates(rng):
    return json.dumps({"text": "\ud800" * rng.randrange(1, 30) + "好", "title": "\udfff"}).encode()


def broken_archive(rng):
    data = bytearray(zipped(a_txt="正文" * 50, b_html="<p>x</p>", word_xml="<w/>"))
    for _ in range(rng.randrange(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[: rng.randrange(10, len(data))]) if rng.random() < 0.5 else bytes(data)


def broken_gzip(rng):
    return gzip.compress(json.dumps({"text": "正文"}).encode() * 20)[: rng.randrange(2, 60)] + noise(rng)


def pdf_like(rng):
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n" + noise(rng) + b"\ntrailer<</Root 1 0 R>>\n%%EOF"


@cache
def _bomb(declared):
    """100 MB of zeros in 100 KB, as a zip whose directory says so or lies, or as one line of gzip."""
    if declared is None:
        return gzip.compress(b'{"text": "' + b"0" * 100_000_000)
    data = bytearray(zipped(a_txt=bytes(100_000_000), word_document_xml=b"<w/>"))
    if declared < 100_000_000:
        at = data.rindex(b"PK\x01\x02", 0, data.rindex(b"PK\x01\x02"))  # the first entry of the central directory
        data[at + 24 : at + 28] = declared.to_bytes(4, "little")
    return bytes(data)


def bomb(rng):
    return _bomb(rng.choice([100_000_000, 1000, None]))


MAKERS = [
    *(noise, pieces, repeated, rare, deep, halved_character, with_nuls, surrogates),
    *(broken_archive, broken_gzip, pdf_like),
]
BOMBS = 24  # of a thousand: each costs what its limits let through


def test_a_thousand_hostile_files(tmp_path):
    rng = random.Random(8)
    for number in range(1000):
        maker, kind = bomb if number < BOMBS else MAKERS[number % len(MAKERS)], rng.choice(KINDS)
        (tmp_path / f"{number:04}{kind}").write_bytes(maker(rng))
    seen = set()
    for item in read_sources([str(tmp_path)]):
        if isinstance(item, Skipped):
            assert isinstance(item.reason, SkipReason)
            seen.add(item.where.split("!/")[0].removeprefix(str(tmp_path))[1:5])
            continue
        assert isinstance(item, Article)
        seen.add(item.path.removeprefix(str(tmp_path))[1:5])
        article = clean(item).article
        assert article.text.encode("utf-8").decode("utf-8") == article.text
        assert "\0" not in article.text
    silent = {f"{number:04}" for number in range(1000)} - seen
    quiet = {path.suffix for path in tmp_path.iterdir() if path.name[:4] in silent}
    assert quiet <= {".csv", ".tsv", ".json", ".jsonl"}  # a table or a list may be empty without being wrong


def test_huge_lines(tmp_path):
    (tmp_path / "a.txt").write_text("会议要求落实" * 400_000, encoding="utf-8")
    (tmp_path / "b.txt").write_text("創(chuàng)" * 60_000, encoding="utf-8")
    (tmp_path / "c.jsonl").write_text('{"text": "' + "好" * 1_000_000 + '"}', encoding="utf-8")
    articles = [clean(item).article for item in read_sources([str(tmp_path)]) if isinstance(item, Article)]
    assert [len(article.text) for article in articles] == [2_400_000, 60_000, 1_000_000]
