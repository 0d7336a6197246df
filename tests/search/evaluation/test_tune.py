"""The share is found with and without judgements, kept in the index, and taken back."""

import json
import shutil

import numpy as np
import pytest

from index.errors import BadOption
from index.retrieval.measures import interval, ndcg
from index.storage.layout import read_manifest
from search.evaluation import tune as tuning
from search.evaluation.trial import Question, articles_at
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
    """Judged questions that only words can answer: the numbered titles."""
    where = tmp_path / "beir"
    where.mkdir()
    from index.embedded.reader import EmbeddedIndex

    index = EmbeddedIndex.open(path)
    names = [f"p{n}" for n in range(40)]
    lines = [json.dumps({"_id": name, "text": index.article(name).article.title}) for name in names]
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


def test_a_trial_at_the_engines_own_weight_is_what_the_engine_answers(measured_engine):
    question = Question("申请补贴需要什么材料", {})
    ranking = measured_engine.ranking(question.text, question.options())
    own = [group[0].article_id for group in ranking.groups][:10]
    assert articles_at(ranking, measured_engine.mix.weight, adaptive=True) == own
    assert own[0] not in articles_at(ranking, 0.5, adaptive=True, left_out=frozenset([own[0]]))
