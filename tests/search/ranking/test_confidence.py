"""Gibberish is doubted, and nothing is withheld for it; what was narrowed by hand is not doubted."""

from dataclasses import replace

import pytest

from index.builder import update_index
from index.calibration import Chance
from index.connect import open_backend
from index.models import Article, Filters
from search.engine import SearchEngine
from search.models import SearchOptions
from search.query.parse import parse
from search.ranking.confidence import WEIGHTS, chance_score
from tests.conftest import CORPUS, PLAIN, HashEncoder


def test_what_an_answer_needs_depends_on_how_many_chunks_there_are():
    for weights in WEIGHTS.values():
        for size, score in weights.needed:
            assert weights.threshold(size) == pytest.approx(score)
        assert weights.threshold(1) == weights.threshold(7)
        between = weights.threshold(2_000)
        assert weights.threshold(1_000) < between < weights.threshold(4_000)
        assert weights.threshold(10_000_000) < weights.threshold(1_000_000) < weights.threshold(67_000)


def test_chance_is_mixed_as_scores_are():
    chance = Chance(0.2, 0.3, 0.1, 0.6)
    assert chance_score(chance, 0.4, 3.0) == pytest.approx(0.4 * 0.2 + 0.6 * 0.1)
    assert chance_score(chance, 1.0, 0.5) == 1.0


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    path = tmp_path_factory.mktemp("confidence") / "index"
    update_index(CORPUS, path, PLAIN, encoder=HashEncoder())
    with SearchEngine(open_backend(path), HashEncoder(), threshold=2.0) as engine:
        yield engine


def test_under_the_threshold_the_answer_is_given_and_doubted(strict):
    answer = strict.search("年糕 火星 冰川")
    assert answer.results
    assert not answer.confident
    assert answer.to_json()["confident"] is False


def test_where_there_is_nothing_at_all_it_is_doubted(strict):
    answer = strict.search("qzxv wkjp", SearchOptions(mode="bm25"))
    assert (answer.results, answer.total, answer.confident) == ((), 0, False)


def test_where_no_word_of_a_question_stands_anywhere_vectors_alone_must_be_sure(tmp_path):
    texts = (
        "押金应当在退房后十日内退还。",
        "商品可以在七日内退货。",
        "室内公共场所禁止吸烟。",
        "工资至少每月支付一次。",
    )
    update_index([Article(article_id=str(n), title="", text=text) for n, text in enumerate(texts)], tmp_path / "index")
    with SearchEngine.open(tmp_path / "index") as engine:
        confidence = engine._ranker.confidence
        for question in ("珊瑚驯鹿喇叭", "qzxv wkjp"):
            hybrid, dense = SearchOptions(), SearchOptions(mode="dense")
            ranking = engine.ranking(question, hybrid)
            assert not ranking.candidates.bm25.any()
            over = engine._ranker.score(ranking, hybrid) - confidence.threshold("hybrid")
            alone = engine._ranker.score(engine.ranking(question, dense), dense) - confidence.threshold("dense")
            assert over == pytest.approx(alone)
            assert not engine.search(question).confident


def test_over_it_and_where_it_was_narrowed_there_is_no_doubt(strict):
    assert strict.search("老小区加装电梯须经业主同意").confident
    assert strict.search("检索 火星 冰川", SearchOptions(filters=Filters(source=("码农周刊",)))).confident
    assert strict.search("检索 火星 冰川 source:码农周刊").confident


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
def test_words_judge_a_small_index_whose_encoder_gives_chance_unknown_cosines(index_path, mode):
    options = SearchOptions(mode=mode)
    with SearchEngine(open_backend(index_path), HashEncoder()) as engine:
        confidence = engine._ranker.confidence
        assert confidence.measured is None
        assert confidence.threshold(mode) == WEIGHTS["bm25"].threshold(engine.stats().chunks)
        for text in ("qzxv wkjp 火星", "龘爨齉癵鼃", "贴梯步协江晚"):
            answer = engine.search(text, options)
            assert not answer.confident
            assert answer.results or mode == "bm25"  # nothing is withheld for it
        for text in ("老小区加装电梯怎么补贴", "馒头发不起来怎么办"):
            assert engine.search(text, options).confident, text


def test_under_the_bundled_encoder_every_leg_judges_for_itself(samples_index):
    with SearchEngine.open(samples_index) as engine:
        chunks = engine.stats().chunks
        assert all(engine._ranker.confidence.threshold(mode) == WEIGHTS[mode].threshold(chunks) for mode in WEIGHTS)


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
def test_in_the_samples_what_they_tell_is_trusted_and_what_they_do_not_is_doubted(samples_index, mode):
    options = SearchOptions(mode=mode)
    with SearchEngine.open(samples_index) as engine:
        for text in ("水稻得病打什么药", "坐轮椅怎么坐地铁", "夏天中暑怎么急救", "厨余垃圾怎么堆肥"):
            assert engine.search(text, options).confident
        for text in ("婚姻法司法解释", "股票怎么开户", "龘爨齉癵鼃", "qzxvw", "么地着来行以少生"):
            told = mode == "bm25" and text == "股票怎么开户"  # 怎么开 and 户 are there, and true questions have no more
            assert engine.search(text, options).confident is told


@pytest.fixture
def judged(measured_path):
    """Judged by what was measured, though it is small."""
    with SearchEngine(open_backend(measured_path), HashEncoder()) as engine:
        yield engine


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
def test_titles_are_trusted_and_nonsense_is_doubted_in_every_mode(judged, mode):
    options = SearchOptions(mode=mode)
    assert judged.search("既有住宅加装电梯办事指引", options).confident
    answer = judged.search("龘爨齉癵鼃", options)
    assert not answer.confident
    assert bool(answer.results) == (mode != "bm25")


def test_results_that_chance_would_give_follow_marked_and_are_not_counted(judged, monkeypatch):
    options = SearchOptions(k=1_000)
    ranking = judged.ranking("既有住宅加装电梯办事指引", options)
    assert 0 < ranking.chance < ranking.groups[0][0].score
    for level in (0.0, ranking.groups[3][0].score, 9.0):
        monkeypatch.setattr(judged, "ranking", lambda *_, level=level: replace(ranking, chance=level))
        answer = judged.search("既有住宅加装电梯办事指引", options)
        marks = [result.chance for result in answer.results]
        assert marks == sorted(marks)
        assert marks.count(False) == answer.total >= 1  # the first of an answer that is not doubted is no accident
        assert marks.count(True) == (0 if not level else len(marks) - answer.total)
        assert answer.to_json()["results"][-1]["chance"] is bool(level)


def test_gibberish_is_told_by_what_it_is_made_of(judged):
    confidence, ranker = judged._ranker.confidence, judged._ranker

    def share(text):
        return confidence.gibberish(parse(text, ranker.tokenizer), ranker.document_frequency)

    assert share("既有住宅加装电梯") == 0
    assert share("龘爨齉癵鼃") == 1
    assert share("qzxvw") == 1
    assert 0 < share("电梯龘爨") < 1
