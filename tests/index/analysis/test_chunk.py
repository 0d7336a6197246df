"""Chunks cover every character, stand on sentence borders, and keep a heading with its section."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from index.analysis.chunk import chunk_article, chunk_spans, is_heading, sentences
from index.models import Article

TEXTS = st.text(alphabet="年轻干部配备导师，、：。！？；…”」\n \u3000abc1|一、（）第章　", max_size=400) | st.text(
    max_size=200
)
SIZES = st.tuples(st.integers(20, 90), st.integers(0, 19))


@settings(max_examples=200)
@given(text=TEXTS, sizes=SIZES)
@example(text="。" * 100, sizes=(20, 19))
@example(text="一、总则\n" * 9, sizes=(20, 5))
@example(text="字" * 95 + "\n\n\n", sizes=(30, 10))
def test_chunks_cover_every_character_and_their_offsets_are_exact(text, sizes):
    size, overlap = sizes
    chunks = chunk_article(Article("a", "", text), size=size, overlap=overlap)
    covered = set()
    for number, chunk in enumerate(chunks):
        assert chunk.chunk_id == f"a:{number}"
        assert chunk.text == text[chunk.start : chunk.end]
        assert chunk.text
        allowed = size if number < len(chunks) - 1 else size + size // 4
        assert len(chunk.text.rstrip()) <= allowed
        covered |= set(range(chunk.start, chunk.end))
    assert covered == set(range(len(text)))


@given(text=TEXTS, sizes=SIZES)
def test_neighbours_share_at_most_the_overlap_and_go_forward(text, sizes):
    size, overlap = sizes
    chunks = chunk_article(Article("a", "", text), size=size, overlap=overlap)
    for before, after in zip(chunks, chunks[1:], strict=False):
        assert before.start < after.start
        assert before.end < after.end
        assert 0 <= before.end - after.start <= overlap


@given(TEXTS)
def test_sentences_join_to_the_text(text):
    spans = sentences(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


def test_a_short_last_sentence_opens_the_next_chunk_too():
    text = "第一句话说了十二个字呢。" * 3 + "短句在此。" + "第二段话又说了十三个字啊。" * 3
    first, second, *_ = chunk_article(Article("a", "", text), size=45, overlap=10)
    assert first.text.endswith("短句在此。")
    assert second.text.startswith("短句在此。")


def test_without_overlap_the_chunks_join_to_the_text():
    text = "年轻干部要多走基层。" * 40
    chunks = chunk_article(Article("a", "", text), size=50, overlap=0)
    assert "".join(chunk.text for chunk in chunks) == text
    assert len(chunks) == 8


def test_sentences_are_not_cut_while_they_fit():
    text = "甲说：“你好！”乙没有答话。丙走了；丁也走了……后来呢？没有后来。"
    for chunk in chunk_article(Article("a", "", text), size=20, overlap=0):
        assert chunk.text[-1] in "。！？；…”"


def test_a_long_sentence_is_cut_at_a_comma():
    text = "这是一个很长很长的句子，" * 5 + "完了。"
    chunks = chunk_article(Article("a", "", text), size=30, overlap=0)
    assert len(chunks) == 3
    assert all(chunk.text[-1] in "，。" for chunk in chunks)


def test_a_heading_stays_with_its_section_and_names_its_chunks():
    text = (
        "前言说的是来历，来历说来话长，这里只说一句。\n\n一、申请条件\n"
        "年满十八岁的市民都可以申请。要带身份证和户口本原件。还要带近期照片两张。\n\n"
        "二、办理地点\n市政务服务中心三楼。周一到周五上午九点到下午五点。"
    )
    chunks = chunk_article(Article("a", "", text), size=40, overlap=0)
    for heading, word in (("一、申请条件", "年满十八岁"), ("二、办理地点", "三楼")):
        holder = next(chunk for chunk in chunks if heading in chunk.text)
        assert word in holder.text
    named = {chunk.heading for chunk in chunks if "近期照片" in chunk.text or "身份证" in chunk.text}
    assert named == {"一、申请条件"}
    assert next(chunk for chunk in chunks if "下午五点" in chunk.text).heading == "二、办理地点"
    assert chunks[0].heading == ""


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("一、申请条件", True),
        ("第三章 附则", True),
        ("技术参数", True),
        ("今天天气很好。", False),
        ("姓名 | 年龄", False),
        ("他来了，又走了", False),
        ("字", False),
        ("很" * 33, False),
        ("如下：", False),
    ],
)
def test_is_heading(line, want):
    assert is_heading(line) is want


def test_three_short_lines_in_a_row_are_a_list_and_no_headings():
    text = "床前明月光\n疑是地上霜\n举头望明月\n低头思故乡\n"
    assert [heading for _, _, heading in chunk_spans(text, size=20, overlap=0)] == [""]


def test_a_signature_at_the_end_joins_the_chunk_before():
    text = "望榆县供暖从十一月十五日开始，请各户提前试水。" * 4 + "\n\n望榆县热力公司\n2024年10月8日"
    chunks = chunk_article(Article("a", "", text), size=96, overlap=0)
    assert [chunk.text for chunk in chunks] == [text]


def test_no_text_no_chunks():
    assert chunk_article(Article("a", "", ""), size=200, overlap=60) == []


def test_the_samples_are_cut_at_sentences(samples):
    for article in samples:
        chunks = chunk_article(article, size=200, overlap=60)
        assert "".join(dict.fromkeys(chunk.text for chunk in chunks)) != ""
        assert {at for c in chunks for at in range(c.start, c.end)} == set(range(len(article.text)))
