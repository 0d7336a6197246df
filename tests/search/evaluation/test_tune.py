"""The share is found with and without judgements, kept in the index, and taken back."""

import json
import shutil

import numpy as np
import pytest

from index.embedded.reader import EmbeddedIndex
from index.errors import BadOption
from index.retrieval.measures import interval, ndcg
from index.storage.layout import read_manifest
from search.engine import SearchEngine
from search.evaluation import tune as tuning
from search.evaluation.trial import Question, Trial
from search.evaluation.tune import WEIGHTS, best_weight, reset, tune
from search.live import LiveEngine
from search.ranking.weights import DEFAULT_WEIGHT


@pytest.fixture
def path(measured_path, tmp_path, hash_bundled, monkeypatch):
    monkeypatch.setattr(tuning, "QUESTIONS", 60)
    shutil.copytree(measured_path, tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture
def folder(path, tmp_path):
    """Judged questions that only words can answer: the numbers of the titles, and some words that are no name."""
    return judged(path, tmp_path / "beir", lambda title: f"{''.join(filter(str.isdigit, title))}，请问{title[1:4]}")


def judged(path, where, question):
    where.mkdir()
    index = EmbeddedIndex.open(path)
    names = [f"p{n}" for n in range(40)]
    lines = [json.dumps({"_id": name, "text": question(index.article(name).article.title)}) for name in names]
    (where / "queries.jsonl").write_text("\n".join(lines), "utf-8")
    rows = "".join(f"{name}\t{name}\t1\n" for name in names)
    (where / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows, "utf-8")
    return where


def test_without_judgements_the_health_of_the_legs_sets_the_weight(path):
    live = LiveEngine(path)
    assert live.engine().mix.origin == "measured"
    found = tune(path)
    assert not found.labelled
    assert found.gain is None
    assert set(found.kinds) == {
        "title", "sentence", "some words left out", "half of its words", "rare words left out"
    }  # fmt: skip
    for scores in found.kinds.values():
        for score in scores.values():
            assert 0 <= score.low <= score.mean <= score.high <= 1
    assert DEFAULT_WEIGHT - 1e-4 <= found.weight <= 1
    assert read_manifest(path).calibration["tuned"]["weight"] == found.weight
    assert live.engine().mix.origin == "tuned"  # a running server has picked it up
    assert live.engine().commit == found.commit
    reset(path)
    assert live.engine().mix.origin == "measured"
    json.dumps(found.to_json())


def test_with_judgements_the_best_weight_wins_and_a_dry_run_stores_nothing(path, folder):
    before = read_manifest(path)
    found = tune(path, folder, store=False)
    assert read_manifest(path) == before
    assert (found.labelled, found.commit, found.questions) == (True, None, 40)
    assert found.weight in WEIGHTS
    curve = list(found.curve.values())
    assert found.curve[f"{found.weight:.2f}"] >= max(curve) - 0.05
    assert found.gain is not None


def test_what_any_weight_finds_by_name_changes_none(path, tmp_path):
    found = tune(path, judged(path, tmp_path / "titles", str), store=False)
    assert len(set(found.curve.values())) == 1
    assert found.weight == found.before


def test_articles_that_are_not_in_the_index_cannot_judge_it(path, folder):
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\np1\tnobody\t1\n", "utf-8")
    with pytest.raises(BadOption, match="none of the articles judged there"):
        tune(path, folder)


def test_too_few_articles_say_so(index_path, hash_bundled):
    with pytest.raises(BadOption, match="got 6 articles, want at least 50"):
        tune(index_path)


def test_a_leg_that_only_harms_is_switched_off():
    falling = np.tile(np.linspace(1.0, 0.2, len(WEIGHTS)), (30, 1))
    assert best_weight(falling) == 0.0
    assert best_weight(falling[:, ::-1]) == 1.0
    hill = np.tile(1 - np.abs(np.asarray(WEIGHTS) - 0.4), (30, 1))
    assert best_weight(hill) == pytest.approx(0.4)


def test_ndcg_and_interval_by_hand():
    assert ndcg(["b", "a"], {"a": 1}) == pytest.approx(1 / np.log2(3))
    assert ndcg(["a", "b"], {"a": 2, "b": 1}) == pytest.approx(1.0)
    assert ndcg([], {"a": 1}) == ndcg(["a"], {}) == 0.0
    low, high = interval(np.asarray([0.0, 1.0] * 50))
    assert 0.35 < low < 0.5 < high < 0.65
    assert interval(np.ones(5)) == (1.0, 1.0)


def test_a_trial_is_what_search_shows_names_and_near_duplicates_too(measured_engine):
    for text in ("申请补贴需要什么材料", "《既有住宅加装电梯办事指引》", "办事指引 OR 材料"):
        question = Question(text, {})
        trial = Trial(measured_engine, question)
        seen = [result.article_id for result in measured_engine.search(text, question.options()).results]
        assert seen
        assert trial.shown() == seen
        assert next(trial.at([measured_engine.mix.weight], adaptive=True)) == seen
    left_out = Trial(measured_engine, question._replace(left_out=frozenset([seen[0]])))
    assert seen[0] not in left_out.shown() + left_out.raw()


def test_a_trial_at_a_weight_is_what_an_engine_of_that_weight_shows(measured_path, measured_engine, hash_bundled):
    question = Question("申请补贴需要什么材料", {})
    trial = Trial(measured_engine, question)
    for weight, shown in zip((0.2, 0.7), trial.at((0.2, 0.7), adaptive=True), strict=True):
        with SearchEngine.open(measured_path, weight=weight) as engine:
            assert [r.article_id for r in engine.search(question.text, question.options()).results] == shown
