"""What `analyze` says of a text is what `index` would do with it."""

import pytest

from index.analysis.fold import fold
from index.builder import update_index
from index.config import IndexConfig
from index.errors import BadArticle, BadOption, IndexMissing
from search.cli.analysis import analyze_text
from tests.conftest import HashEncoder, article

TEXT = "隨州市創(chuàng)新幹部培養(yǎng)，動(dòng)員雙導(dǎo)師。"


def test_tokens_stand_on_the_cleaned_text():
    found = analyze_text(TEXT)
    assert "chuàng" not in found["text"]
    assert "chuàng" in "".join(change["before"] for change in found["changes"])
    for token in found["tokens"]:
        assert fold(found["text"])[token["start"] : token["end"]] == token["term"]
    assert {"创新", "干部"} <= {token["term"] for token in found["tokens"]}


def test_chunks_cover_the_text():
    text = "年轻干部要多走基层，多听多看多想。" * 30
    found = analyze_text(text)
    assert found["chunks"][0]["start"] == 0
    assert found["chunks"][-1]["end"] == len(found["text"])
    assert len(found["chunks"]) >= 3


def test_a_file_is_analysed_by_its_path(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: 灯塔\nauthor: 王元\n---\n海岛上的灯塔建在最高处。\n", "utf-8")
    found = analyze_text(str(path))
    assert found["text"].strip() == "海岛上的灯塔建在最高处。"
    assert (found["metadata"]["title"], found["metadata"]["author"]) == ("灯塔", "王元")


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"")
    with pytest.raises(BadArticle, match="there is no text in it"):
        analyze_text(str(tmp_path / "a.txt"))


@pytest.mark.parametrize("text", ["", "\0", "甲/乙", "3.5", "v2.0", "长" * 90, "长" * 2_000, "\ud800"])
def test_a_text_that_is_no_path_is_a_text(text):
    assert analyze_text(text)["text"] == text.strip("\0\ud800")


@pytest.mark.parametrize(
    "path", ["no/such/file.txt", "./没有", "缺失.html", "/tmp/没有的/文件", "a b.docx", "C:\\x.md"]
)
def test_the_path_of_a_file_that_is_not_there_is_an_error(path):
    with pytest.raises(BadOption, match="no such file"):
        analyze_text(path)


def test_a_file_is_analysed_with_what_its_folder_repeats(tmp_path):
    for n, crop in enumerate("稻麦豆麻桑"):
        text = f"{crop}的收成\n今年的{crop}比去年多收了两成。\n柳溪农事网公众号每日更新"
        (tmp_path / f"{n}.txt").write_text(text, "utf-8")
    found = analyze_text(str(tmp_path / "3.txt"))
    assert found["text"] == "今年的麻比去年多收了两成。"
    assert {"step": "boilerplate", "before": "柳溪农事网公众号每日更新", "after": ""} in found["changes"]


def test_the_first_line_of_several_is_the_title():
    found = analyze_text("海岛灯塔\n\n灯塔建在最高处。")
    assert (found["metadata"]["title"], found["text"]) == ("海岛灯塔", "灯塔建在最高处。")


def test_an_index_lends_its_words_and_synonyms(tmp_path):
    config = IndexConfig(user_words=("双导师",), synonyms=(("电梯", "升降机"),))
    update_index([article("a", "海岛灯塔。")], tmp_path / "index", config, encoder=HashEncoder())
    found = analyze_text("双导师修电梯", str(tmp_path / "index"))
    assert [token["term"] for token in found["tokens"]] == ["双导师", "修", "电梯"]
    assert found["synonyms"]["电梯"] == [["升降机"]]
    with pytest.raises(IndexMissing):
        analyze_text("电梯", str(tmp_path / "nowhere"))
