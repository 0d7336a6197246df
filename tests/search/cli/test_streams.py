"""Plain troubles of the system end in one line and an exit code of their own, never in a traceback."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.errors import BadOption
from tests.conftest import ROOT

COMMAND = [sys.executable, "-c", "from search.cli import main; main()"]


def run(*words: object, shell: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own; `shell` is what a shell does with its output."""
    command: object = [*COMMAND, *map(str, words)]
    if shell:
        command = ["sh", "-c", f'exec "$@" {shell}', "sh", *command]  # type: ignore[misc]
    return subprocess.run(
        command,  # type: ignore[arg-type]
        cwd=ROOT,
        capture_output=True,
        env={**os.environ, **environment},
        encoding="utf-8",
        errors="replace",
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", [["analyze", "加裝電梯"], ["--help"], ["analyze", "加裝電梯", "--json"]])
def test_output_that_cannot_be_written_is_exit_code_6(words):
    done = run(*words, shell=">/dev/full")
    assert done.returncode == 6
    assert done.stderr.startswith("wensou: the system refused: ")
    assert done.stderr.count("\n") == 1


def test_a_closed_output_keeps_nothing_and_complains_of_nothing():
    done = run("analyze", "加裝電梯", shell=">&-")
    assert (done.returncode, done.stderr) == (0, "")
    done = run("analyze", "加裝電梯", shell=">&- 2>&-")
    assert done.returncode == 0


def test_a_reader_that_leaves_early_is_no_failure():
    done = run("analyze", "加裝電梯。" * 6_000, "--json", shell="| head -c 20")
    assert done.stderr == ""
    assert done.stdout.startswith("{")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk"])
def test_any_terminal_takes_any_text(encoding):
    done = run("analyze", "加裝電梯𠮷", PYTHONIOENCODING=encoding)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    if encoding == "ascii":
        assert "加裝電梯𠮷" in done.stdout


def test_a_folder_where_nothing_can_be_made_is_exit_code_6(tmp_path):
    (tmp_path / "file").write_text("x")
    done = run("index", ROOT / "scripts" / "samples", "--index", tmp_path / "file" / "index")
    assert done.returncode == 6
    assert "the system refused: Not a directory" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_refusal_names_the_file(wensou, monkeypatch, index_path):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", "/somewhere/index")

    monkeypatch.setattr("index.builder.build_index", refuse)
    code, _, err = wensou("index", "x", "--index", index_path)
    assert (code, err) == (6, "wensou: the system refused: Permission denied: /somewhere/index\n")


def test_a_first_build_that_fails_leaves_nothing_behind(wensou, tmp_path, hash_bundled):
    (tmp_path / "a.txt").write_text("灯塔每天在黄昏点亮。")
    code, _, err = wensou("index", tmp_path / "a.txt", tmp_path / "missing", "--index", tmp_path / "index")
    assert code == 2
    assert BadOption("x").code  # an error of ours, with a hint
    assert "missing" in err
    assert not (tmp_path / "index").exists()


def test_a_build_that_fails_leaves_an_index_that_was_there_alone(wensou, tmp_path, hash_bundled):
    (tmp_path / "a.txt").write_text("灯塔每天在黄昏点亮。")
    assert wensou("index", tmp_path / "a.txt", "--index", tmp_path / "index")[0] == 0
    assert wensou("index", tmp_path / "missing", "--index", tmp_path / "index")[0] == 2
    assert (tmp_path / "index" / "CURRENT").exists()


def test_an_empty_folder_says_so(wensou, tmp_path, hash_bundled):
    (tmp_path / "empty").mkdir()
    code, _, err = wensou("index", tmp_path / "empty", "--index", tmp_path / "index")
    assert code == 0
    assert "nothing to read" in err


def test_thousands_of_skipped_records_are_a_count_and_the_first_ten(wensou, tmp_path, hash_bundled):
    (tmp_path / "a.jsonl").write_text("\n".join(["3"] * 2_000), "utf-8")
    code, _, err = wensou("index", tmp_path / "a.jsonl", "--index", tmp_path / "index")
    assert code == 3
    assert err.count("a.jsonl") == 10
    assert "skipped 2000 in all" in err
    code, out, _ = wensou("index", tmp_path / "a.jsonl", "--index", tmp_path / "index", "--json")
    assert len(json.loads(out)["skipped"]) == 2_000


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs POSIX signals")
@pytest.mark.parametrize("delay", [0.1, 0.2, 0.4, 0.8])
def test_ctrl_c_is_exit_code_130_from_the_start(delay, samples_index):
    # It waits for questions once it is up, so however slow the machine, Ctrl-C finds it still there.
    # Python's own start, some hundredths of a second, is nobody's to catch: begin when ours does.
    code = (  # the handler is set because whoever runs the tests in the background has Ctrl-C ignored
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from search.cli import main\nprint('up', flush=True)\nmain()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "query", "-", "--index", str(samples_index)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    time.sleep(delay * 0.2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err == "wensou: stopped\n"
