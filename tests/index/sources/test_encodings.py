"""Bytes of short files: an odd one, bytes of 0 and missing marks cost no text, and other scripts are none of ours."""

import pytest

from index.sources.encodings import guess
from index.sources.feeds import read_xml
from index.sources.readers import read_text

GOODS = "品类,产地\n麻绳,菱湖渔具铺\n竹筏,桑埠匠人棚\n"


@pytest.mark.parametrize("odd", [b"\x80", b"\xff", b"\xb5"])
def test_an_odd_byte_at_the_end_of_a_list_of_goods(odd):
    assert guess(GOODS.encode("gbk") + odd) == "gb18030"


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
@pytest.mark.parametrize("at", [0, 12, None])
def test_bytes_of_0_in_a_text_are_no_reason_to_leave_it_out(encoding, at):
    whole = "缆绳断了两股，换新的。\n船底刮净再上漆。\n".encode(encoding)
    at = len(whole) if at is None else at
    record = next(read_text(whole[:at] + b"\0" * 24 + whole[at:], "a.txt"))
    assert record.content["text"].replace("\0", "") == whole.decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_without_a_mark(encoding):
    assert guess("缆绳断了两股，\n换新的。".encode(encoding)) == encoding


def test_controls_beside_bytes_of_0_are_no_text():
    assert guess(bytes(range(1, 9)) * 9 + b"\0" * 40 + "缆绳".encode()) is None


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Старый паром ходит по реке дважды в день.", "cp1251"),
        ("เรือข้ามฟากเก่าแล่นวันละสองเที่ยว", "cp874"),
        ("낡은 나룻배는 하루에 두 번 강을 건넌다.", "cp949"),
    ],
)
def test_other_scripts_are_not_taken_for_chinese(text, encoding):
    assert text.encode(encoding).decode(guess(text.encode(encoding))) == text


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("gbk", "gb2312"), ("utf-8", "gb2312"), ("gbk", "utf-8"), ("utf-16", "utf-16"), ("gbk", None), ("utf-8", None)],
)
def test_a_feed_is_read_in_its_encoding_whatever_it_declares(encoding, declared):
    says = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    entry = "<item><title>换缆</title><description>缆绳断了两股，换新的。</description></item>"
    data = f"{says}<rss><channel><title>埠头报</title>{entry}</channel></rss>".encode(encoding)
    record = next(read_xml(data, "a.xml"))
    assert (record.content["title"], record.content["text"]) == ("换缆", "缆绳断了两股，换新的。")
