"""Scores by hand, and what a folder may lack."""

import gzip
import json

import pytest

from index.errors import BadOption
from search.evaluation.beir import Dataset, evaluate_folder, load_dataset, measure, run, write_run
from search.models import MODES

CORPUS = [
    {"_id": "a", "title": "灯塔", "text": "海岛上的灯塔亮了。"},
    {"_id": "b", "title": "馒头", "text": "馒头要用酵母。"},
    {"_id": "c", "title": "电梯", "text": ""},
    {"_id": "d", "title": "", "text": "灯塔旧了，要修。"},
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, CORPUS)), "utf-8")
    queries = [("q1", "海岛灯塔"), ("q2", "加装电梯"), ("q3", "没有判断的问题")]
    (tmp_path / "queries.jsonl").write_text("\n".join(json.dumps({"_id": i, "text": t}) for i, t in queries), "utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t1\nq1\td\t1\nq2\tc\t1\n", "utf-8")
    return tmp_path


def test_a_folder_is_read_and_queries_without_judgement_left_out(folder):
    dataset = load_dataset(folder)
    assert dataset.queries == {"q1": "海岛灯塔", "q2": "加装电梯"}
    assert dataset.qrels == {"q1": {"a": 1, "d": 1}, "q2": {"c": 1}}
    assert dataset.ignore == {}


def test_every_document_takes_its_place_even_without_text(folder):
    articles = list(load_dataset(folder).articles())
    assert [item.article_id for item in articles] == ["a", "b", "c", "d"]
    assert articles[2].text == "电梯"


def test_a_packed_corpus_reads_the_same(folder):
    plain = list(load_dataset(folder).articles())
    data = (folder / "corpus.jsonl").read_bytes()
    (folder / "corpus.jsonl").unlink()
    with gzip.open(folder / "corpus.jsonl.gz", "wb") as file:
        file.write(data)
    assert list(load_dataset(folder).articles()) == plain


def test_measures_of_a_known_ranking(folder):
    dataset = load_dataset(folder)
    scores = measure(dataset, {"q1": {"b": 3.0, "a": 2.0, "d": 1.0}, "q2": {}})
    # q1: gains at ranks 2 and 3 over an ideal at 1 and 2; q2 found nothing.
    assert scores["nDCG@10"] == pytest.approx((0.6309 + 0.5) / (1 + 0.6309) / 2, abs=1e-3)
    assert (scores["R@10"], scores["R@100"], scores["RR@10"]) == (0.5, 0.5, 0.25)


def test_all_modes_are_scored_and_runs_written(folder, hash_bundled, tmp_path):
    scores = evaluate_folder(folder, MODES, run_file=tmp_path / "run.txt", index=tmp_path / "kept.index")
    assert set(scores) == set(MODES)
    assert scores["bm25"]["nDCG@10"] == 1.0
    assert all(0 <= value <= 1 for values in scores.values() for value in values.values())
    first = (tmp_path / "run.txt.bm25").read_text("utf-8").splitlines()[0].split()
    assert first[:4] == ["q1", "Q0", "a", "1"]
    assert first[5] == "wensou-bm25"
    assert {path.name for path in tmp_path.glob("run.txt*")} == {f"run.txt.{mode}" for mode in MODES}
    assert (tmp_path / "kept.index" / "CURRENT").exists()


def test_what_is_ignored_is_left_out_of_the_ranking(folder, engine):
    dataset = Dataset(folder, {"q": "年轻干部 电梯"}, {"q": {"train": 1}}, {})
    every = run(engine, dataset, "bm25")["q"]
    without = Dataset(folder, dataset.queries, dataset.qrels, {"q": frozenset(["lift"])})
    assert "lift" in every
    assert list(run(engine, without, "bm25")["q"]) == [one for one in every if one != "lift"]


def test_ignore_tsv_is_read(folder):
    (folder / "ignore.tsv").write_text("query-id\tcorpus-id\nq1\tb\nq1\tc\n", "utf-8")
    assert load_dataset(folder).ignore == {"q1": frozenset({"b", "c"})}


def test_scores_in_a_run_fall_with_the_rank(folder, engine):
    found = run(engine, Dataset(folder, {"q": "电梯 干部 飞机"}, {}, {}), "hybrid")["q"]
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert next(iter(found.values())) == 100


def test_a_run_file_has_six_columns(tmp_path):
    write_run(tmp_path / "run", {"q": {"a": 100.0, "b": 99.0}}, "tag")
    assert (tmp_path / "run").read_text("utf-8") == "q Q0 a 1 100 tag\nq Q0 b 2 99 tag\n"


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels.tsv"])
def test_a_folder_that_lacks_a_file_is_a_bad_option(folder, name, hash_bundled):
    (folder / name).unlink()
    with pytest.raises(BadOption, match=f"no {name} in it"):
        evaluate_folder(folder, ["bm25"])


def test_a_short_row_is_named(folder):
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\n", "utf-8")
    with pytest.raises(BadOption, match=r"qrels\.tsv:2: got 2 columns, want 3"):
        load_dataset(folder)
