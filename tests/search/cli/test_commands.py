"""The command line: exit codes, one clear line for each trouble, and the same JSON as the API."""

import io
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from fastapi.testclient import TestClient

from index.builder import update_index
from index.config import Bm25Options
from index.embedded.commits import writer_lock
from index.embedded.reader import EmbeddedIndex
from index.storage.layout import read_manifest
from search.api.app import create_app
from search.live import LiveEngine
from tests.conftest import CORPUS, PLAIN, ROOT, HashEncoder

pytestmark = pytest.mark.usefixtures("hash_bundled")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "灯塔.txt").write_text("海岛上的灯塔\n\n灯塔建在最高处，守塔人每天上去点灯。", "utf-8")
    (folder / "馒头.txt").write_text("蒸馒头\n\n酵母要用温水化开，面团要发到两倍大。", "utf-8")
    return folder


@pytest.fixture
def own(tmp_path):
    """An index that a test may break."""
    root = tmp_path / "own.index"
    update_index(CORPUS, root, PLAIN, encoder=HashEncoder())
    return root


def typed(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode("utf-8")), encoding="utf-8"))


# ---- index


def test_index_reports_what_it_did(wensou, folder, tmp_path):
    code, out, err = wensou("index", folder, "--index", tmp_path / "x")
    assert (code, err) == (0, "")
    assert out.startswith("commit 1: 2 added, 0 changed, 0 unchanged, 0 removed; 2 chunks in ")
    code, out, _ = wensou("index", folder, "--index", tmp_path / "x")
    assert code == 0
    assert "0 added, 0 changed, 2 unchanged" in out


def test_index_reports_in_json(wensou, folder, tmp_path):
    code, out, _ = wensou("index", folder, "--index", tmp_path / "x", "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["added"], report["chunks"], report["commit"], report["skipped"]) == (2, 2, 1, [])


def test_skipped_files_are_named_with_their_reason_and_exit_code_3(wensou, folder, tmp_path):
    (folder / "空.txt").write_bytes(b"")
    (folder / "图.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0")
    (folder / "断.txt").symlink_to(folder / "nowhere")
    (folder / "表.xyz").write_text("不认识", "utf-8")
    code, out, err = wensou("index", folder, "--index", tmp_path / "x")
    assert code == 3
    assert "2 added" in out
    lines = {re.sub(r".*/", "", line) for line in err.splitlines()}
    assert len(lines) == 4
    assert "空.txt: there is no text in it" in lines
    assert "图.txt: it is not text" in lines
    assert any(line.startswith("断.txt: the file could not be opened") for line in lines)
    assert any(line.startswith("表.xyz: this kind of file is not read") for line in lines)
    code, out, _ = wensou("index", folder, "--index", tmp_path / "x", "--json")
    assert code == 3
    assert len(json.loads(out)["skipped"]) == 4


def test_index_reads_jsonl_from_stdin(wensou, monkeypatch, tmp_path):
    typed(monkeypatch, '{"id": "a", "text": "海岛上的灯塔。"}\nnot json\n{"id": "b", "text": "馒头要用酵母。"}\n')
    code, out, err = wensou("index", "-", "--index", tmp_path / "x")
    assert code == 3
    assert "2 added" in out
    assert err.startswith("skipped -:2: the record is not what was expected")


def test_missing_files_are_dropped_unless_kept(wensou, folder, tmp_path):
    wensou("index", folder, "--index", tmp_path / "x")
    (folder / "灯塔.txt").unlink()
    assert "0 removed" in wensou("index", folder, "--index", tmp_path / "x", "--keep-missing")[1]
    assert "1 removed" in wensou("index", folder, "--index", tmp_path / "x")[1]


def test_a_busy_index_is_exit_code_5(wensou, folder, own):
    with writer_lock(own):
        code, out, err = wensou("index", folder, "--index", own)
    assert (code, out) == (5, "")
    assert re.match(rf"wensou: index .*: process {os.getpid()} on .* is writing to it\n  -> wait", err)


def test_other_options_are_exit_code_4_until_rebuilt(wensou, folder, own):
    code, _, err = wensou("index", folder, "--index", own, "--chunk-chars", 90)
    assert code == 4
    assert "built with fingerprint" in err
    assert "--rebuild" in err
    assert wensou("index", folder, "--index", own, "--chunk-chars", 90, "--rebuild")[0] == 0
    assert (
        json.loads(wensou("stats", "--index", own, "--json")[1])["articles"] == len(CORPUS) + 2
    )  # those of other sources are kept


def test_word_lists_and_compaction(wensou, folder, tmp_path):
    (tmp_path / "words.txt").write_text("守塔人\n", "utf-8")
    (tmp_path / "synonyms.txt").write_text("灯塔,航标\n", "utf-8")
    code, _, _ = wensou("index", folder, "--index", tmp_path / "x", "--user-dict", tmp_path / "words.txt",
                        "--synonyms", tmp_path / "synonyms.txt", "--compact")  # fmt: skip
    assert code == 0
    out = wensou("query", "航标", "--index", tmp_path / "x", "--mode", "bm25", "--json")[1]
    assert json.loads(out)["total"] == 1
    tokens = json.loads(wensou("analyze", "守塔人", "--index", tmp_path / "x", "--json")[1])["tokens"]
    assert [token["term"] for token in tokens] == ["守塔人"]


def test_a_word_that_a_question_leaves_out_is_no_option(wensou, index_path):
    both = ("query", "-干部", "馒头", "-酵母", "--index", index_path, "--json", "-k", 3)
    asked = json.loads(wensou(*both)[1])
    assert asked["query"] == "馒头 -干部 -酵母"
    assert asked["k"] == 3
    code, _, err = wensou("query", "馒头", "-x", "--index", index_path)
    assert code == 2
    assert "No such option: -x" in err


def test_bm25_is_the_indexs_own_and_may_change_without_a_rebuild(wensou, folder, tmp_path):
    root = tmp_path / "index"
    assert wensou("index", folder, "--index", root, "--bm25", "plus", "--k1", 0.9)[0] == 0
    assert EmbeddedIndex.open(root).config.bm25 == Bm25Options("plus", k1=0.9)
    assert wensou("index", folder, "--index", root, "--b", 0.5)[0] == 0
    assert EmbeddedIndex.open(root).config.bm25 == Bm25Options("plus", k1=0.9, b=0.5)
    assert EmbeddedIndex.open(root).commit == 2
    code, _, err = wensou("index", folder, "--index", root, "--bm25", "tfidf")
    assert code == 2
    assert "want one of lucene, okapi, plus, l" in err


def test_an_earlier_commit_is_listed_and_restored(wensou, folder, tmp_path):
    root = tmp_path / "index"
    wensou("index", folder, "--index", root)
    (folder / "馒头.txt").unlink()
    wensou("index", folder, "--index", root)
    lines = wensou("restore", "--index", root)[1].splitlines()
    assert [(line.split()[0], "2 articles" in line) for line in lines] == [("1", True), ("2", False)]
    assert wensou("restore", 1, "--index", root) == (0, "commit 3 is what commit 1 was\n", "")
    assert "蒸【馒头】" in wensou("query", "馒头", "--index", root)[1]
    assert json.loads(wensou("restore", 2, "--index", root, "--json")[1]) == [{"commit": 4, "restored": 2}]
    assert [one["articles"] for one in json.loads(wensou("restore", "--index", root, "--json")[1])] == [2, 1, 2, 1]
    code, _, err = wensou("restore", 9, "--index", root)
    assert code == 2
    assert "commit 9 is not kept" in err


# ---- query


@pytest.mark.parametrize("more", [(), ("--explain",), ("--mode", "bm25", "-k", "2"), ("--group", "chunk"),
                                  ("--source", "汉东日报", "--after", "2025-06-01"), ("--offset", "1"),
                                  ("--facets",), ("--meta", "city=江州")])  # fmt: skip
def test_the_json_of_a_query_is_the_apis(wensou, index_path, more):
    code, out, err = wensou("query", "年轻干部 双导师", "--index", index_path, "--json", *more)
    assert (code, err) == (0, "")
    assert "\\u" not in out
    names = {"-k": "k"}
    params = {"q": "年轻干部 双导师"}
    words = iter(more)
    for word in words:
        params[names.get(word, word[2:])] = "true" if word in ("--explain", "--facets") else next(words)
    with TestClient(create_app(LiveEngine(index_path))) as client:
        want = client.get("/search", params=params).json()
    got = json.loads(out)
    assert {k: v for k, v in got.items() if k != "took_ms"} == {k: v for k, v in want.items() if k != "took_ms"}
    assert got["results"] or more[0] in ("--offset", "--meta")


def test_a_query_for_people_shows_title_source_and_marks(wensou, index_path):
    code, out, _ = wensou("query", "馒头 酵母", "--index", index_path, "-k", 1)
    assert code == 0
    assert out.startswith("1. 馒头为什么发不起来\n")
    assert "【馒头】" in out
    assert re.search(r"1-1 / \d+ · [\d.]+ ms · hybrid", out)
    assert "bm25" in wensou("query", "馒头", "--index", index_path, "--explain")[1]


def test_an_explanation_draws_both_legs_and_says_where_the_weight_comes_from(wensou, measured_path):
    out = wensou("query", "住宅加装电梯", "--index", measured_path, "-k", 1, "--explain", "--recency", 30)[1]
    assert re.search(r"^   bm25 .*× 0\.\d\d  █+$", out, re.MULTILINE)
    assert re.search(r"^   weight 0\.\d\d of bm25: 0\.\d\d measured on this index", out, re.MULTILINE)
    assert "recency × " in out
    assert re.search(r"^   terms .*电梯 [\d.]+", out, re.MULTILINE)


def test_context_passages_and_diversity_are_options(wensou, index_path):
    words = ("query", "补贴 申报", "--index", index_path, "-k", 1, "--mode", "bm25", "--json")
    plain = json.loads(wensou(*words)[1])["results"][0]
    wide = json.loads(wensou(*words, "--context", 1, "--passages", 1, "--diversity", 0.3)[1])["results"][0]
    assert "before" not in plain["passages"][0]
    passage = wide["passages"][0]
    assert len(wide["passages"]) == 1
    assert passage["before"] + passage["after"]
    text = json.loads(wensou("show", wide["article_id"], "--index", index_path, "--json")[1])["text"]
    assert passage["before"] + passage["text"] + passage["after"] in text
    assert passage["before"] in wensou(*words[:-1], "--context", 1)[1]
    for option in ("--context", "--passages"):
        code, _, err = wensou(*words, option, 99)
        assert (code, err.split(":")[1].strip()) == (2, option.strip("-"))


def test_tune_prints_the_health_of_both_legs_and_is_taken_back(wensou, measured_path, tmp_path, monkeypatch):
    monkeypatch.setattr("search.evaluation.tune.QUESTIONS", 30)
    shutil.copytree(measured_path, tmp_path / "x")
    code, out, _ = wensou("tune", "--index", tmp_path / "x", "--dry-run")
    assert code == 0
    assert re.search(r"^sentence +30( +0?1?\.\d+ \(\d\.\d+-\d\.\d+\)){3}$", out, re.MULTILINE)
    assert "health: bm25 " in out
    assert "nothing stored" in out
    found = json.loads(wensou("tune", "--index", tmp_path / "x", "--json")[1])
    assert read_manifest(tmp_path / "x").calibration["tuned"]["weight"] == found["weight"]
    assert "set by wensou tune" in wensou("query", "住宅电梯", "--index", tmp_path / "x", "--explain")[1]
    assert "as the build measured it" in wensou("tune", "--index", tmp_path / "x", "--reset")[1]
    assert "tuned" not in read_manifest(tmp_path / "x").calibration
    assert wensou("tune", "--index", tmp_path / "none", "--reset")[0] == 2
    assert not (tmp_path / "none").exists()


def test_facets_are_shown_where_asked_for(wensou, index_path):
    out = wensou("query", "馒头 干部 电梯", "--index", index_path, "--facets")[1]
    assert re.search(r"^source: .*汉东日报 \d", out, re.MULTILINE)
    assert re.search(r"^month: .*\d{4}-\d\d \d", out, re.MULTILINE)
    assert "source:" not in wensou("query", "馒头 干部 电梯", "--index", index_path)[1]


def test_nothing_found_says_so(wensou, index_path):
    code, out, _ = wensou("query", "量子纠缠", "--index", index_path, "--mode", "bm25")
    assert (code, out) == (0, "没有找到相关的文章\n")


def test_questions_from_stdin_give_a_line_each_bad_ones_too(wensou, monkeypatch, index_path):
    typed(monkeypatch, "馒头\n\n" + "长" * 1_001 + "\nC919\n")
    code, out, _ = wensou("query", "-", "--index", index_path, "-k", 1)
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(lines) == 3
    assert [line.get("results", [{}])[0].get("article_id") for line in lines] == ["bread", None, "plane"]
    assert lines[1]["error"]["code"] == "bad_query"
    assert set(lines[1]["error"]) == {"code", "message", "hint"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("",), "the query is empty"),
        (("  ",), "the query is empty"),
        (("文" * 10_000,), "got 10000 characters, want at most 1000"),
        (("馒头", "-k", "0"), "k: got 0, want 1..1000"),
        (("馒头", "-k", "1000000"), "k: got 1000000"),
        (("馒头", "--offset", "-1"), "offset: got -1"),
        (("馒头", "--mode", "magic"), "mode: got 'magic', want one of hybrid, bm25, dense"),
        (("馒头", "--group", "day"), "group: got 'day'"),
        (("馒头", "--after", "昨天"), "after: got '昨天', want a day such as 2025-01-31"),
        (("馒头", "--before", "2025-02-30"), "before: got '2025-02-30'"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_2(wensou, index_path, words, message):
    code, out, err = wensou("query", *words, "--index", index_path)
    assert (code, out) == (2, "")
    first, *hint = err.splitlines()
    assert first.startswith("wensou: ")
    assert message in first
    assert len(hint) <= 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words", [("query",), ("query", "馒头", "-k", "ten"), ("nonsense",), ("query", "a", "--no-such")]
)
def test_usage_errors_are_exit_code_2(wensou, words):
    code, _, err = wensou(*words)
    assert code == 2
    assert "Usage" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", [("query", "馒头"), ("stats",), ("show", "train"), ("serve",)])
def test_without_an_index_every_command_says_how_to_name_one(wensou, command):
    code, _, err = wensou(*command)
    assert code == 2
    assert err == "wensou: no index given\n  -> name it with --index DIR, or set WENSOU_INDEX\n"


@pytest.mark.parametrize("command", [("query", "馒头"), ("stats",), ("show", "train"), ("serve",), ("analyze", "馒头")])
def test_an_index_that_is_not_there_is_exit_code_2(wensou, command, tmp_path):
    code, _, err = wensou(*command, "--index", tmp_path / "nowhere")
    assert code == 2
    assert err.startswith(f"wensou: no index at {tmp_path / 'nowhere'}\n  -> ")
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("command", [("query", "馒头"), ("stats",), ("show", "train"), ("serve",)])
def test_a_half_deleted_index_is_exit_code_4_and_the_file_named(wensou, own, command):
    name = next(name for name, _ in read_manifest(own).files() if name.endswith("words.docs.npy"))
    (own / name).unlink()
    code, out, err = wensou(*command, "--index", own)
    assert (code, out) == (4, "")
    assert f"the file {name} is missing" in err
    assert "--rebuild" in err
    shutil.rmtree(own / "segments")
    assert wensou(*command, "--index", own)[0] == 4
    (own / "commit-000002.json").write_text("{}", "utf-8")  # a first manifest alone is a commit that was never made
    (own / "CURRENT").unlink()
    assert wensou(*command, "--index", own)[0] == 4


def test_an_index_on_a_half_deleted_folder_is_exit_code_4_and_rebuild_repairs_it(wensou, own, folder):
    shutil.rmtree(own / "segments")
    assert wensou("index", folder, "--index", own)[0] == 4
    assert wensou("index", folder, "--index", own, "--rebuild")[0] == 0
    assert "灯塔" in wensou("query", "灯塔", "--index", own)[1]


def test_the_environment_names_the_index(wensou, index_path, monkeypatch):
    monkeypatch.setenv("WENSOU_INDEX", str(index_path))
    assert json.loads(wensou("query", "馒头", "--json")[1])["results"][0]["article_id"] == "bread"


# ---- the others


def test_show_prints_an_article(wensou, index_path):
    code, out, _ = wensou("show", "lift", "--index", index_path)
    assert code == 0
    assert "title: 加裝電梯的規定\n" in out
    assert out.endswith(f"\n{CORPUS[1].text}\n")
    with TestClient(create_app(LiveEngine(index_path))) as client:
        want = client.get("/articles/lift").json()
    assert json.loads(wensou("show", "lift", "--index", index_path, "--json")[1]) == want


def test_an_unknown_article_is_exit_code_2(wensou, index_path):
    code, out, err = wensou("show", "nobody", "--index", index_path)
    assert (code, out) == (2, "")
    assert err.startswith("wensou: no article 'nobody' in this index")


def test_stats_for_people_and_programs(wensou, index_path):
    code, out, _ = wensou("stats", "--index", index_path, "--json")
    stats = json.loads(out)
    assert code == 0
    assert (stats["articles"], stats["segments"], stats["commit"], stats["state"]) == (len(CORPUS), 2, 2, "equal")
    assert "damaged" not in stats
    assert re.search(rf"^articles +{len(CORPUS)}$", wensou("stats", "--index", index_path)[1], re.M)


def test_verify_finds_a_flipped_byte(wensou, own):
    code, out, _ = wensou("stats", "--index", own, "--verify", "--json")
    assert (code, json.loads(out)["damaged"]) == (0, [])
    name = next(name for name, _ in read_manifest(own).files() if name.endswith("articles.jsonl"))
    data = bytearray((own / name).read_bytes())
    data[10] ^= 1
    (own / name).write_bytes(data)
    assert wensou("stats", "--index", own)[0] == 4  # a small file is checked at opening
    code, out, err = wensou("stats", "--index", own, "--verify", "--json")
    assert (code, json.loads(out)["damaged"]) == (4, [name])
    assert f"1 damaged file(s): {name}" in err


def test_analyze_shows_text_and_tokens(wensou):
    code, out, _ = wensou("analyze", "創(chuàng)新動(dòng)力", "--json")
    found = json.loads(out)
    assert code == 0
    assert [found["text"][token["start"] : token["end"]] for token in found["tokens"]] != []
    assert "tokens: " in wensou("analyze", "加裝電梯")[1]
    assert "电梯" in wensou("analyze", "加裝電梯")[1]


def test_analyze_a_file_that_is_no_text_is_exit_code_2(wensou, tmp_path):
    (tmp_path / "图.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0")
    code, _, err = wensou("analyze", tmp_path / "图.txt")
    assert code == 2
    assert "it is not text" in err


def test_serving_beyond_this_machine_needs_a_key(wensou, index_path):
    code, _, err = wensou("serve", "--index", index_path, "--host", "0.0.0.0")
    assert code == 2
    assert "needs a key" in err


def test_serve_binds_where_it_is_told(wensou, index_path, monkeypatch):
    asked = []
    monkeypatch.setattr("search.api.workers.serve", lambda plan, say: (asked.append(plan), say("http://x/")))
    monkeypatch.setenv("WENSOU_PORT", "8123")
    code, _, err = wensou("serve", "--index", index_path)
    assert (code, asked[0].host, asked[0].port) == (0, "127.0.0.1", 8123)
    assert err == "http://x/\n"
    wensou("serve", "--index", index_path, "--port", 0, "--allow-host", "Wen.example", "--workers", 2)
    assert (asked[1].port, asked[1].workers) == (0, 2)
    assert asked[1].options.names == {"127.0.0.1", "::1", "localhost", "wen.example"}
    wensou("serve", "--index", f"a={index_path}", "--index", f"b={index_path}")
    assert [name for name, _ in asked[2].indexes] == ["a", "b"]
    address = "milvus+lite:///some/file.db?name=one"
    for given, want in ((address, ("index", address)), (f"a={address}", ("a", address))):
        wensou("serve", "--index", given)
        assert asked[-1].indexes == (want,)
    code, _, err = wensou("serve", "--index", f"a={index_path}", "--index", index_path)
    assert code == 2
    assert "NAME=DIR" in err


def test_without_words_it_says_what_there_is(wensou):
    _, out, err = wensou()
    for command in ("index", "query", "show", "serve", "stats", "analyze", "eval"):
        assert command in out + err


def test_eval_scores_a_folder(wensou, tmp_path):
    (tmp_path / "corpus.jsonl").write_text(
        '{"_id": "a", "title": "", "text": "海岛灯塔"}\n{"_id": "b", "text": "馒头酵母"}\n', "utf-8"
    )
    (tmp_path / "queries.jsonl").write_text('{"_id": "q", "text": "灯塔"}\n', "utf-8")
    (tmp_path / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\nq\ta\t1\n", "utf-8")
    code, out, _ = wensou("eval", tmp_path, "--mode", "bm25", "--json", "--run", tmp_path / "run.txt")
    assert code == 0
    assert json.loads(out)["scores"] == {"bm25": {"nDCG@10": 1.0, "R@10": 1.0, "R@100": 1.0, "RR@10": 1.0}}
    assert (tmp_path / "run.txt").read_text() == "q Q0 a 1 100 wensou-bm25\n"
    assert "nDCG@10" in wensou("eval", tmp_path)[1]
    assert wensou("eval", tmp_path / "nowhere")[0] == 2


def test_reindex_is_index_for_cron(folder, tmp_path, samples_index):
    """As cron runs it: from another folder, with the bundled encoder, in a process of its own."""
    script = ROOT / "scripts" / "reindex.py"
    (folder / "空.txt").write_bytes(b"")

    def run(*words):
        made = subprocess.run(
            [sys.executable, script, *map(str, words)], cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        return made.returncode, made.stdout

    code, out = run(folder, "--index", tmp_path / "x", "--json")
    assert (code, json.loads(out)["added"]) == (3, 2)
    (folder / "空.txt").unlink()
    assert run(folder, "--index", tmp_path / "x")[0] == 0
    assert run(tmp_path / "nowhere", "--index", tmp_path / "x")[0] == 2
    with writer_lock(tmp_path / "x"):
        assert run(folder, "--index", tmp_path / "x")[0] == 5
    shutil.rmtree(tmp_path / "x" / "segments")
    assert run(folder, "--index", tmp_path / "x")[0] == 4


def test_a_real_query_in_a_process_of_its_own(samples_index):
    code = "from search.cli import main; main()"
    made = subprocess.run(
        [sys.executable, "-c", code, "query", "加装电梯需要多少业主同意", "--json", "--index", str(samples_index)],
        cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")
    assert json.loads(made.stdout)["results"][0]["path"].endswith("notice-elevator.txt")


def test_train_encoder_gives_its_verdict_in_words_or_json(wensou, folder, tmp_path, monkeypatch):
    from index.training import adapt

    code, out, err = wensou("train-encoder", "--corpus", folder, "--out", tmp_path / "encoder")
    assert (code, out) == (2, "")
    assert "too few articles to train on: got 2, wanted 100" in err
    figure = adapt.Figure(50, 0.5, 0.6, 0.02, 0.18)
    found = adapt.Adapted(200, 0, 50, 900, 12, 3.2, figure, figure, None, helps=True)
    asked = []
    monkeypatch.setattr(adapt, "adapt", lambda *words, **options: (asked.append((words, options["steps"])), found)[1])
    words = ("train-encoder", "--corpus", folder, "--corpus", "more", "--out", tmp_path / "encoder", "--steps", "12")
    code, out, _ = wensou(*words)
    assert asked == [(([str(folder), "more"], tmp_path / "encoder"), 12)]
    assert code == 0
    assert "titles        50 questions  bundled 0.500  adapted 0.600  difference +0.100 [+0.020, +0.180]" in out
    assert json.loads(wensou(*words, "--json")[1])["all"]["after"] == 0.6
