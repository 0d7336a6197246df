"""Legs are measured on the corpus's own sentences: the same each time, and a leg that is damaged shows it."""

import json
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

from index.analysis.tokenizer import Tokenizer
from index.builder import update_index
from index.calibration import Chance, Measured
from index.checks import calibrate
from index.checks.calibrate import MIN_ARTICLES, gain, known_items, meaningless, measure, question_count, shortened
from index.embedded.reader import EmbeddedIndex
from index.storage.layout import read_manifest
from search.engine import SearchEngine
from search.models import SearchOptions
from tests.conftest import CORPUS, PLAIN, HashEncoder, article

TOKENIZER = Tokenizer()


class Blind(HashEncoder):
    """Knows passages as HashEncoder does, and hears noise in every question."""

    def queries(self, texts):
        noise = np.random.default_rng(0).standard_normal((len(texts), self.dim)).astype(np.float32)
        return noise / np.linalg.norm(noise, axis=1, keepdims=True)


def test_a_build_measures_and_keeps_it_in_the_manifest(measured_path):
    manifest = read_manifest(measured_path)
    found = Measured.from_json(json.loads(json.dumps(manifest.calibration["measured"])), "hash-64")
    assert found is not None
    assert found.chunks == sum(entry.chunks for entry in manifest.segments)
    assert found.bm25 > 0.8
    assert found.dense > 0.5
    assert 1 < found.strength < 6
    chance = found.chance
    assert 0 < chance.nearest <= chance.dense < chance.dense_high
    assert 0 < chance.strength < found.strength


def test_the_same_index_measures_the_same(measured_path):
    index = EmbeddedIndex.open(measured_path)
    one, other = (measure(index, TOKENIZER, HashEncoder()) for _ in range(2))
    assert one == other
    assert one.to_json() == index.calibration["measured"]


def test_a_leg_that_understands_nothing_is_found_out(measured_path):
    index = EmbeddedIndex.open(measured_path)
    found = measure(index, TOKENIZER, Blind())
    assert found.dense < 0.3 < 0.8 < found.bm25


def test_a_small_index_is_not_measured(index_path):
    assert len(CORPUS) < MIN_ARTICLES
    assert read_manifest(index_path).calibration["measured"] is None
    assert measure(EmbeddedIndex.open(index_path), TOKENIZER, HashEncoder()) is None


def test_it_is_measured_again_only_when_the_index_has_changed_much(measured_path, tmp_path, monkeypatch):
    path = tmp_path / "index"
    shutil.copytree(measured_path, path)
    asked = []
    monkeypatch.setattr("index.checks.calibrate.measure", lambda *args: asked.append(args) or measure(*args))
    assert update_index([], path, encoder=HashEncoder()).commit == 1  # nothing new, nothing measured
    update_index([article("new", "江边新修了一条步道。")], path, encoder=HashEncoder())
    assert asked == []
    more = [article(f"m{n}", f"第{n}号渡口今早恢复通航，乘客{n}人。" * 4) for n in range(200)]
    update_index(more, path, encoder=HashEncoder())
    assert len(asked) == 1
    manifest = read_manifest(path)
    assert manifest.calibration["measured"]["chunks"] == sum(e.chunks - e.dead_chunks for e in manifest.segments)


def test_what_was_measured_otherwise_does_not_count():
    found = Measured(calibrate.VERSION, "hash-64", 100, 1, 0.9, 0.8, 3.0, Chance(0.2, 0.3, 0.1, 0.7))
    assert Measured.from_json(found.to_json(), "hash-64") == found
    assert Measured.from_json(found.to_json(), "another") is None
    assert Measured.from_json(replace(found, version=0).to_json(), "hash-64") is None
    assert Measured.from_json(None, "hash-64") is None
    assert found.fits(80)
    assert not found.fits(130)


def test_known_items_are_sentences_of_their_articles(measured_path):
    index = EmbeddedIndex.open(measured_path)
    items = known_items(index, 40)
    assert len({article_id for article_id, _ in items}) == len(items) == 40
    assert all(text in index.article(article_id).article.text for article_id, text in items)


def test_dead_articles_are_no_known_items(measured_path, tmp_path):
    path = tmp_path / "index"
    shutil.copytree(measured_path, path)
    gone = {f"p{n}" for n in range(0, 120, 2)}
    update_index([], path, delete=sorted(gone), encoder=HashEncoder())
    found = {article_id for article_id, _ in known_items(EmbeddedIndex.open(path), 100)}
    assert found
    assert not found & gone


def test_words_are_left_out_in_order_and_one_stays():
    text = "老旧小区加装电梯须经业主同意"
    short = shortened(text, TOKENIZER, 0.5, random.Random(0))
    assert 0 < len(short) < len(text)
    rest = iter(text)
    assert all(char in rest for char in short)
    assert shortened(text, TOKENIZER, 1.0, random.Random(0)) == text
    assert shortened("电梯", TOKENIZER, 0.1, random.Random(0)) == "电梯"


def test_questions_without_meaning_are_made_of_the_corpus():
    made = meaningless(["电梯，补贴。"], 20, random.Random(0))
    assert len(made) == 20
    assert {char for text in made for char in text} <= set("电梯补贴")
    assert meaningless(["，。"], 3, random.Random(0)) == []


def test_a_gain_is_that_of_its_rank():
    assert gain(["a", "b"], "a") == 1.0
    assert gain(["a", "b", "c"], "c") == pytest.approx(0.5)
    assert gain(["a"] * 10 + ["b"], "b") == gain([], "a") == 0.0


def test_a_big_index_is_asked_less():
    assert question_count(1_000) == question_count(50_000) == 150
    assert question_count(100_000) == 75
    assert question_count(10_000_000) == 60


class Aside(HashEncoder):
    """Questions keep apart from passages, as under models that put different words before the two."""

    def queries(self, texts):
        vectors = super().queries(texts) + self._side
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def passages(self, texts):
        vectors = super().queries(texts) - self._side
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    @property
    def _side(self):
        return np.eye(1, self.dim, dtype=np.float32)


def test_the_floor_is_what_questions_and_passages_have_in_common_in_this_index(sample_passages, tmp_path):
    encoder = Aside()
    items = [article(f"p{n}", text, title=f"{text[:6]}{n}") for n, text in enumerate(sample_passages[:120])]
    update_index(items, tmp_path, PLAIN, encoder=encoder)
    index = EmbeddedIndex.open(tmp_path)
    found = Measured.from_json(index.calibration["measured"], encoder.fingerprint)
    passages = encoder.passages(sample_passages[:50])
    among_passages = float((passages @ passages.T).mean())
    assert found.floor < among_passages / 2  # which is what a question never has with a passage here
    with SearchEngine(index, encoder) as engine:
        assert engine.mix.floor == found.floor
        answer = engine.search(sample_passages[60][:20], SearchOptions(mode="dense", k=30))
        assert len(answer.results) == 30
        assert answer.results[0].article_id == "p60"


def test_under_any_floor_no_candidate_is_dropped(index_path):
    backend = EmbeddedIndex.open(index_path)
    backend.cosine_floor = 0.99
    with SearchEngine(backend, HashEncoder()) as engine:
        answer = engine.search("电梯补贴多少", SearchOptions(mode="dense", k=50))
        assert len(answer.results) == len(CORPUS)
        scores = [result.score for result in answer.results]
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] > 0
