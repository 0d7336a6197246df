"""Options are checked, kept, and fingerprinted by what they change."""

import pytest

from index.config import Bm25Options, IndexConfig, read_synonyms, read_word_list
from index.errors import BadOption

PARTS = {"encoder": "e", "tokenizer": "t", "cleaner": "c"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chunk_chars": 19}, r"chunk_chars: got 19, want 20\.\.20000"),
        ({"chunk_chars": 20_001}, r"chunk_chars: got 20001"),
        ({"overlap_chars": -1}, r"overlap_chars: got -1"),
        ({"chunk_chars": 100, "overlap_chars": 100}, r"overlap_chars: got 100, want 0\.\.99"),
    ],
)
def test_sizes_that_cannot_work_are_refused(options, message):
    with pytest.raises(BadOption, match=message):
        IndexConfig(**options)


def test_options_come_back_from_json():
    config = IndexConfig(
        chunk_chars=99, overlap_chars=9, model="x", clean=False, bm25=Bm25Options("plus", k1=2.0),
        user_words=("双导师",), synonyms=(("电脑", "计算机"),),
    )  # fmt: skip
    assert IndexConfig.from_json(config.to_json()) == config


def test_an_option_of_a_later_version_is_passed_over():
    assert IndexConfig.from_json({**IndexConfig().to_json(), "later": 1}) == IndexConfig()


@pytest.mark.parametrize("other", [{"chunk_chars": 150}, {"overlap_chars": 10}, {"clean": False}])
def test_what_changes_content_changes_the_fingerprint(other):
    assert IndexConfig(**other).fingerprint(**PARTS) != IndexConfig().fingerprint(**PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_another_encoder_tokenizer_or_cleaner_changes_the_fingerprint(part):
    assert IndexConfig().fingerprint(**{**PARTS, part: "other"}) != IndexConfig().fingerprint(**PARTS)


def test_what_acts_on_queries_only_leaves_the_fingerprint_alone():
    queries_only = IndexConfig(synonyms=(("电脑", "计算机"),), bm25=Bm25Options(k1=2.0))
    assert queries_only.fingerprint(**PARTS) == IndexConfig().fingerprint(**PARTS)
    assert len(IndexConfig().fingerprint(**PARTS)) == 16


def test_word_lists_take_jieba_lines_and_comments(tmp_path):
    path = tmp_path / "words.txt"
    path.write_text("\ufeff双导师 3 n\n# 注\n\n小哥食堂\t5\n", "utf-8")
    assert read_word_list(path) == ("双导师", "小哥食堂")


def test_synonyms_take_commas_of_any_width(tmp_path):
    path = tmp_path / "synonyms.txt"
    path.write_text("电脑,计算机、微机\n# 注\n手机，移动电话\tcell\n", "utf-8")
    assert read_synonyms(path) == (("电脑", "计算机", "微机"), ("手机", "移动电话", "cell"))


@pytest.mark.parametrize("read", [read_word_list, read_synonyms])
def test_a_list_that_cannot_be_read_is_a_bad_option(read, tmp_path):
    with pytest.raises(BadOption, match=r"absent\.txt: cannot be read"):
        read(tmp_path / "absent.txt")
    (tmp_path / "gbk.txt").write_bytes("双导师".encode("gbk"))
    with pytest.raises(BadOption, match="cannot be read as UTF-8"):
        read(tmp_path / "gbk.txt")
