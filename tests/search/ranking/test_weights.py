"""The share an index gives BM25: by default, as measured, as tuned."""

import shutil
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.calibration import Measured
from index.connect import open_backend
from index.embedded.commits import set_calibration, writer_lock
from index.errors import WriterBusy
from index.storage.layout import read_manifest
from search.engine import SearchEngine
from search.models import SearchOptions
from search.ranking.fusion import DENSE_Z_SCORE
from search.ranking.weights import (
    DEFAULT_STRENGTH,
    DEFAULT_WEIGHT,
    HEALTH_OF_OTHERS,
    Mix,
    health,
    healthy_weight,
    mix_of,
    z_score_bounds,
)
from tests.conftest import HashEncoder


def test_legs_count_by_their_health():
    words, meaning = DEFAULT_WEIGHT, 1 - DEFAULT_WEIGHT
    assert healthy_weight(0.9, 0.9) == pytest.approx(words)
    assert healthy_weight(0.9, 0.9 * 0.85) == pytest.approx(words / (words + 0.5 * meaning))
    assert healthy_weight(0.9, 0.5) == 1.0
    assert healthy_weight(0.4, 0.9) == 0.0
    assert healthy_weight(0.9, 0.5, least=0.1) == pytest.approx(words / (words + 0.1 * meaning))
    assert healthy_weight(0.4, 0.9, least=0.1) == pytest.approx(0.1 * words / (0.1 * words + meaning))
    assert healthy_weight(0.0, 0.0) == pytest.approx(words)
    assert health(0.5, 0.0) == 1.0
    assert health(0.9 * 0.85, 0.9, HEALTH_OF_OTHERS) > health(0.9 * 0.85, 0.9) > 0
    assert healthy_weight(0.9, 0.4, bounds=HEALTH_OF_OTHERS) == 1.0


@given(st.floats(0.01, 1), st.floats(0, 1), st.floats(0, 1))
def test_a_better_dense_leg_never_counts_less(bm25, one, other):
    low, high = sorted((one, other))
    assert healthy_weight(bm25, high) <= healthy_weight(bm25, low) + 1e-12


def test_what_was_tuned_comes_before_what_was_measured_and_can_be_taken_back(measured_path, index_path, tmp_path):
    assert mix_of(open_backend(index_path)) == Mix(
        DEFAULT_WEIGHT, DEFAULT_STRENGTH, "default", open_backend(index_path).cosine_floor, None, False
    )
    path = tmp_path / "index"
    shutil.copytree(measured_path, path)
    before = mix_of(open_backend(path))
    assert before.origin == "measured"
    commit = set_calibration(path, "tuned", {"weight": 0.25, "encoder": "hash-64"})
    assert mix_of(open_backend(path)) == replace(before, weight=0.25, origin="tuned")
    assert read_manifest(path).commit == commit == read_manifest(measured_path).commit + 1
    set_calibration(path, "tuned", {"weight": 0.25, "encoder": "another"})
    assert mix_of(open_backend(path)) == before
    set_calibration(path, "tuned", None)
    assert mix_of(open_backend(path)) == before
    assert "tuned" not in read_manifest(path).calibration
    with writer_lock(path), pytest.raises(WriterBusy):
        set_calibration(path, "tuned", None)


@pytest.mark.parametrize(("weight", "leg"), [(1.0, "bm25"), (0.0, "dense")])
def test_a_leg_that_is_switched_off_is_not_asked(measured_path, weight, leg, monkeypatch):
    backend = open_backend(measured_path)
    asked = []
    for name in ("lexical", "dense"):
        ask = getattr(backend, name)
        monkeypatch.setattr(backend, name, lambda *a, ask=ask, name=name, **k: asked.append(name) or ask(*a, **k))
    with SearchEngine(backend, HashEncoder(), weight=weight) as engine:
        mixed = engine.search("申请补贴需要什么材料")
        alone = engine.search("申请补贴需要什么材料", SearchOptions(mode=leg))
        assert [(r.article_id, r.score) for r in mixed.results] == [(r.article_id, r.score) for r in alone.results]
        assert set(asked) == {"lexical" if leg == "bm25" else "dense"}


def test_an_explanation_says_where_the_weight_comes_from(measured_engine):
    answer = measured_engine.search("申请补贴需要什么材料", SearchOptions(explain=True))
    why = answer.results[0].explain
    assert why.why.origin == "measured"
    dense = (1 - why.why.corpus) * why.why.dense_z_score * why.why.lexical_spread
    order = why.alignment["weight"]
    share = why.weight * (1 - order) + order
    assert share == pytest.approx(why.why.corpus / (why.why.corpus + dense), abs=1e-3)
    assert answer.to_json()["results"][0]["explain"]["why"]["origin"] == "measured"


def test_what_the_dense_leg_must_stand_out_by_is_the_index_s_own_under_other_encoders(measured_path):
    backend = open_backend(measured_path)
    measured = Measured.from_json(backend.calibration["measured"], backend.encoder_fingerprint)
    narrow = replace(measured, deviations=6.4, chance=replace(measured.chance, deviations=3.0))
    assert z_score_bounds(narrow) == pytest.approx((1.5, 4.8))
    assert z_score_bounds(narrow, bundled=True) == DENSE_Z_SCORE
    assert z_score_bounds(replace(narrow, deviations=20.0)) == pytest.approx((1.5, DENSE_Z_SCORE[1]))
    assert z_score_bounds(replace(narrow, deviations=0.0)) == DENSE_Z_SCORE
    assert mix_of(backend).z_score == z_score_bounds(measured)


def test_constants_fitted_to_the_bundled_encoder_hold_for_it_alone(measured_path, samples_index):
    backend, bundled = open_backend(measured_path), open_backend(samples_index)
    measured = Measured.from_json(backend.calibration["measured"], backend.encoder_fingerprint)
    weak = replace(measured, bm25=0.9, dense=0.9 * 0.75).to_json()
    backend.calibration = {**backend.calibration, "measured": weak}
    bundled.calibration = {**bundled.calibration, "measured": {**weak, "encoder": bundled.encoder_fingerprint}}
    other, own = mix_of(backend), mix_of(bundled)
    assert DEFAULT_WEIGHT < other.weight < 0.6 < 0.8 < own.weight
    assert (other.spread, own.spread, own.z_score) == (False, True, DENSE_Z_SCORE)


def test_how_words_separate_articles_moves_the_weight_under_the_bundled_encoder_alone(
    measured_path, samples_index, monkeypatch
):
    monkeypatch.setattr("search.ranking.ranker.lexical_spread", lambda *_: 0.25)
    with SearchEngine(open_backend(measured_path), HashEncoder()) as other, SearchEngine.open(samples_index) as own:
        spreads = [engine.ranking("申请补贴", SearchOptions()).reason.lexical_spread for engine in (other, own)]
    assert spreads == [1.0, 0.25]
