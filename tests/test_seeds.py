"""Five crawled articles as they are, and five questions with one right answer each."""

import pytest

from index.analysis.fold import fold
from index.builder import build_index
from search.engine import SearchEngine
from search.models import SearchOptions
from tests.conftest import need_bundled_encoder, need_shared

QUESTIONS = [
    ("双导师 年轻干部 曾都", "001", "双导师"),
    ("隨州 干部素質提升 六大行動", "002", "六大行动"),
    ("娄底 杭州 党校 竞学", "003", "竞学"),
    ("医院 沉睡卡 退还资金", "004", "退还资金665万元"),
    ("襄阳 小哥食堂", "000", "小哥食堂"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = need_shared("seeds")
    need_bundled_encoder()
    path = tmp_path_factory.mktemp("seeds") / "index"
    report = build_index([folder], path)
    with SearchEngine.open(path) as engine:
        yield engine, report


@pytest.mark.parametrize("mode", ["hybrid", "bm25"])
@pytest.mark.parametrize(("question", "file", "fact"), QUESTIONS)
def test_the_named_file_is_first_and_its_first_passage_holds_the_fact(built, mode, question, file, fact):
    engine, _ = built
    first = engine.search(question, SearchOptions(mode=mode)).results[0]
    assert first.path.rpartition("/")[2].startswith(f"{file}_")
    assert fact in fold(first.passages[0].text)
    assert first.passages[0].highlights


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
@pytest.mark.parametrize(("question", "file", "fact"), QUESTIONS)
def test_a_simplified_question_finds_the_traditional_file(built, mode, question, file, fact):
    engine, _ = built
    simplified = fold(question)
    first = engine.search(simplified, SearchOptions(mode=mode)).results[0]
    assert first.path.rpartition("/")[2].startswith(f"{file}_")
    assert first.score == pytest.approx(engine.search(question, SearchOptions(mode=mode)).results[0].score)


def test_the_traditional_files_really_are(built):
    engine, _ = built
    for question, file, _ in QUESTIONS[:4]:
        text = engine.article(engine.search(question).results[0].article_id).article.text
        assert sum(a != b for a, b in zip(text, fold(text), strict=True)) > 100, file


def test_all_five_are_read_and_their_annotations_are_gone(built):
    engine, report = built
    assert (report.added, report.skipped) == (5, ())
    assert report.repairs["pinyin_annotations"] >= 790
    for question, _, _ in QUESTIONS:
        text = engine.article(engine.search(question).results[0].article_id).article.text
        assert "(chu" not in text
        assert "ICP" not in text
