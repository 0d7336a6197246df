"""A real, tiny cross-encoder over both legs: its order, its errors, and that a path never asks a hub."""

import json
import socket

import numpy as np
import pytest
from fastapi.testclient import TestClient

from index.connect import open_backend
from index.errors import EncoderUnavailable
from index.models import article_of, ordinal_of
from search.api.app import create_app
from search.engine import SearchEngine
from search.live import LiveEngine
from search.models import SearchOptions
from search.ranking.rerank import CrossEncoderReranker, blend
from tests.conftest import CORPUS, HashEncoder


class Liker:
    """Likes passages that hold a word, and remembers what it was shown."""

    def __init__(self, word):
        self.word = word
        self.shown = []

    def scores(self, question, passages):
        self.shown.append((question, list(passages)))
        return np.array([0.9 if self.word in passage else 0.2 for passage in passages])


@pytest.fixture
def liking(index_path):
    with SearchEngine(open_backend(index_path), HashEncoder(), reranker=Liker("酵母")) as engine:
        yield engine


def ids(answer):
    return [result.article_id for result in answer.results]


def test_what_was_judged_leads_and_the_rest_keeps_its_order_behind():
    assert blend([0.9, 0.8, 0.6, 0.3], np.array([0.2, 0.7])) == pytest.approx([0.2, 0.7, 0.12, 0.06])
    assert blend([0.9, 0.8], np.zeros(0)) == [0.9, 0.8]
    assert blend([], np.zeros(0)) == []


@pytest.mark.parametrize("mode", ["hybrid", "bm25", "dense"])
def test_the_rerankers_favourite_comes_first_in_every_mode(liking, mode):
    question = "电梯 补贴 一点糖"
    plain = liking.search(question, SearchOptions(mode=mode, rerank=False, k=50))
    answer = liking.search(question, SearchOptions(mode=mode, k=50, explain=True))
    assert ids(plain)[0] == "lift"
    assert ids(answer)[0] == "bread"
    assert set(ids(answer)) == set(ids(plain))
    assert answer.results[0].score == answer.results[0].explain.rerank == 0.9
    assert all("rerank" not in (result["explain"]) for result in explained(liking, question, mode))


def explained(engine, question, mode):
    options = SearchOptions(mode=mode, rerank=False, explain=True)
    return engine.search(question, options).to_json()["results"]


def test_it_reads_title_and_passage_of_both_legs_in_one_call(liking):
    liking.search("馒头 酵母 C919")
    ((question, passages),) = liking._ranker._reranker.shown
    assert question == "馒头 酵母 C919"
    lexical = liking.search("馒头 酵母 C919", SearchOptions(mode="bm25", group="chunk", k=100, rerank=False))
    assert len(passages) > lexical.total
    assert any(passage.startswith("馒头为什么发不起来\n馒头发不起来") for passage in passages)


def test_only_the_best_are_read_and_pages_still_fit_together(liking, monkeypatch):
    monkeypatch.setattr("search.ranking.ranker.POOL", 3)
    whole = liking.search("的 一 电梯 馒头 飞机", SearchOptions(k=50))
    assert all(len(passages) == 3 for _, passages in liking._ranker._reranker.shown)
    paged = [
        r
        for i in range(whole.total)
        for r in liking.search("的 一 电梯 馒头 飞机", SearchOptions(k=1, offset=i)).results
    ]
    assert tuple(paged) == whole.results
    assert len({result.article_id for result in whole.results}) == whole.total


def test_recency_counts_after_the_judgement(liking):
    answer = liking.search("馒头 电梯", SearchOptions(recency=1e6, explain=True))
    for result in answer.results:
        why = result.explain
        assert result.score == pytest.approx(why.rerank * why.boosts["recency"], abs=1e-3)


# ---- a real one


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A BERT with one layer and random weights, saved as sentence-transformers saves a CrossEncoder."""
    pytest.importorskip("torch")
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tiny") / "cross"
    folder.mkdir()
    characters = sorted(set("".join(f"{a.title}{a.text}".lower() for a in CORPUS)) - set(" \n"))
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters]
    (folder / "vocab.txt").write_text("\n".join(words), "utf-8")
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        num_labels=1, max_position_embeddings=512,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt"), vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
class TestReal:
    def test_scores_are_shares_one_a_passage_the_same_alone_or_together(self, tiny, no_network):
        model = CrossEncoderReranker(str(tiny))
        passages = [item.text for item in CORPUS]
        together = model.scores("老小区加装电梯", passages)
        assert together.shape == (len(passages),)
        assert ((together > 0) & (together < 1)).all()
        assert len(set(np.round(together, 9))) == len(passages)
        alone = [float(model.scores("老小区加装电梯", [passage])[0]) for passage in passages]
        assert together == pytest.approx(alone, abs=1e-5)
        assert model.scores("电梯", []).tolist() == []

    def test_the_engine_orders_by_it(self, tiny, index_path, hash_bundled, no_network):
        with SearchEngine.open(index_path, rerank=str(tiny)) as engine:
            answer = engine.search("加装电梯", SearchOptions(group="chunk", k=100))
            model = CrossEncoderReranker(str(tiny))
            titles = {item.article_id: item.title for item in CORPUS}
            shown = [result.passages[0].chunk_id for result in answer.results]
            stored = open_backend(index_path).articles([article_of(chunk_id) for chunk_id in shown])
            chunks = [one.chunk(ordinal_of(chunk_id)) for one, chunk_id in zip(stored, shown, strict=True)]
            want = model.scores("加装电梯", [f"{titles[c.article_id]}\n{c.text}" for c in chunks])
            assert [result.score for result in answer.results] == pytest.approx(want.tolist(), abs=1e-5)
            assert len(answer.results) == answer.total > 4

    def test_the_server_and_the_command_line_take_its_name(self, tiny, index_path, hash_bundled, wensou):
        with SearchEngine.open(index_path, rerank=str(tiny)) as engine:
            want = ids(engine.search("加装电梯"))
        with TestClient(create_app(LiveEngine(index_path, rerank=str(tiny)))) as client:
            body = client.get("/search", params={"q": "加装电梯"}).json()
            plain = client.get("/search", params={"q": "加装电梯", "rerank": False}).json()
        assert [result["article_id"] for result in body["results"]] == want
        assert [result["article_id"] for result in plain["results"]] != want or plain["results"] != body["results"]
        code, out, _ = wensou("query", "加装电梯", "--index", index_path, "--rerank", tiny, "--json")
        assert code == 0
        assert [result["article_id"] for result in json.loads(out)["results"]] == want


@pytest.mark.parametrize("name", ["/no/such/folder", "./missing", "~/missing", "a/b/c", "", "/"])
def test_a_path_that_is_none_is_an_error_without_asking_a_hub(name, no_network):
    with pytest.raises(EncoderUnavailable, match=r"cannot be loaded: (that is no folder|no config)"):
        CrossEncoderReranker(name)


def test_a_folder_that_holds_no_model_is_an_error(tmp_path, no_network):
    with pytest.raises(EncoderUnavailable, match=r"no config\.json"):
        CrossEncoderReranker(str(tmp_path))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EncoderUnavailable, match="cannot be loaded"):
        CrossEncoderReranker(str(tmp_path))
