"""Following sources: what is read again of what changed, and what a watch tells of."""

import json
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from index.builder import build_index
from index.connect import open_backend
from index.errors import BadOption
from index.models import SkipReason
from index.watch import Following, Watch
from tests.conftest import PLAIN, ROOT


@pytest.fixture
def folder(tmp_path):
    """A source of three files, one in a folder."""
    source = tmp_path / "source"
    (source / "inner").mkdir(parents=True)
    write(source / "a.txt", "海岛上的灯塔亮了一夜。")
    write(source / "b.txt", "山上的水塔满了。")
    write(source / "inner" / "c.txt", "渡口的木桥修好了。")
    return source


def write(path, text):
    """In one piece, so that no watch finds half of it."""
    aside = path.with_name(f".{path.name}.new")
    aside.write_text(text, "utf-8")
    aside.replace(path)


def lines(path, **texts):
    write(
        path, "".join(json.dumps({"id": name, "text": text}, ensure_ascii=False) + "\n" for name, text in texts.items())
    )


@pytest.fixture
def following(folder, tmp_path, hash_bundled):
    """An index of the source, brought up to date with what changes."""
    build_index([folder], tmp_path / "index", PLAIN)
    return Following(tmp_path / "index", [folder], exclude=["*.bak.txt"])


def texts(tmp_path):
    with closing(open_backend(tmp_path / "index")) as backend:
        return {backend.article(name).article.text for name in backend.article_ids()}


def counts(report):
    return (report.added, report.changed, report.removed)


def test_what_was_saved_renamed_or_deleted_is_read_and_nothing_else(following, folder, tmp_path):
    write(folder / "a.txt", "灯塔灭了。")
    write(folder / "inner" / "c.txt", "木桥又断了。")  # of which nobody tells
    report = following.update([folder / "a.txt"])
    assert (counts(report), report.unchanged) == ((0, 1, 0), 0)
    (folder / "b.txt").rename(folder / "d.txt")
    assert counts(following.update([folder / "b.txt", folder / "d.txt"])) == (1, 0, 1)
    assert texts(tmp_path) == {"灯塔灭了。", "山上的水塔满了。", "渡口的木桥修好了。"}
    (folder / "inner").rename(folder / "moved")
    assert counts(following.update([folder / "inner", folder / "moved"])) == (1, 0, 1)
    shutil.rmtree(folder / "moved")
    assert counts(following.update([folder / "moved"])) == (0, 0, 1)
    assert texts(tmp_path) == {"灯塔灭了。", "山上的水塔满了。"}


def test_what_is_left_out_stays_out(following, folder, tmp_path):
    names = [".hidden.txt", "kept.bak.txt", "inner/drafts/x.txt", ".git/y.txt"]
    write(folder / "inner" / ".wensouignore", "drafts/\n")
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        write(folder / name, f"{name}里的话不该被找到。")
    report = following.update([*(folder / name for name in names), folder / "inner" / "drafts", folder / "inner"])
    assert counts(report) == (0, 0, 0)
    write(folder / ".wensouignore", "b.txt\n")  # now left out: gone, as when all is read again
    assert counts(following.update([folder])) == (0, 0, 1)
    assert "山上的水塔满了。" not in texts(tmp_path)


def test_missing_articles_are_kept_where_that_was_asked_for(folder, tmp_path, hash_bundled):
    build_index([folder], tmp_path / "index", PLAIN)
    (folder / "a.txt").unlink()
    kept = Following(tmp_path / "index", [folder], keep_missing=True).update([folder / "a.txt"])
    assert counts(kept) == (0, 0, 0)
    assert len(texts(tmp_path)) == 3


def test_an_id_that_two_files_have_is_the_first_ones_until_it_is_gone(following, folder, tmp_path):
    lines(folder / "one.jsonl", x="第一个文件说的。")
    following.update([folder / "one.jsonl"])
    lines(folder / "two.jsonl", x="第二个文件说的。", y="只有第二个文件说的。")
    report = following.update([folder / "two.jsonl"])
    assert [one.reason for one in report.skipped] == [SkipReason.DUPLICATE_ID]
    assert {"第一个文件说的。", "只有第二个文件说的。"} <= texts(tmp_path)
    (folder / "one.jsonl").unlink()
    following.update([folder / "one.jsonl"])
    assert "第二个文件说的。" in texts(tmp_path)
    assert "第一个文件说的。" not in texts(tmp_path)


def test_a_source_that_is_not_there_loses_nothing(following, folder, tmp_path):
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    report = following.update([folder])  # empty, as where a disk is to be mounted
    assert counts(report) == (0, 0, 0)
    assert "is kept" in report.warnings[0]
    folder.rmdir()
    assert counts(following.update([folder, folder / "a.txt"])) == (0, 0, 0)
    assert len(texts(tmp_path)) == 3
    folder.mkdir()
    assert counts(following.update([folder / "a.txt", folder / "b.txt", folder / "inner"])) == (0, 0, 3)  # told each


def test_an_index_that_was_taken_away_is_made_again_whole(following, folder, tmp_path):
    shutil.rmtree(tmp_path / "index")
    write(folder / "a.txt", "灯塔灭了。")
    assert counts(following.update([folder / "a.txt"])) == (3, 0, 0)


def test_any_changes_end_where_a_whole_reading_would(following, folder, tmp_path):
    """The same steps, once followed and once read whole at the end."""
    write(folder / "e.md", "# 题目\n\n码头的吊车停了。")
    lines(folder / "f.jsonl", p="第一条。", q="第二条。")
    following.update([folder / "e.md", folder / "f.jsonl"])
    lines(folder / "f.jsonl", q="第二条改了。", r="第三条。")
    (folder / "e.md").rename(folder / "inner" / "e.md")
    following.update([folder / "f.jsonl", folder / "e.md", folder / "inner" / "e.md"])
    followed = texts(tmp_path)
    report = build_index([folder], tmp_path / "index")
    assert counts(report) == (0, 0, 0)
    assert followed == texts(tmp_path)


def test_an_index_inside_its_source_is_no_source(folder, hash_bundled):
    inside = folder / "my.index"
    for _ in range(2):
        report = build_index([folder], inside, PLAIN)
        assert report.skipped == ()
    assert report.unchanged == 3


# ---- the watch itself


@pytest.fixture
def watching(folder):
    """A watch of the source and what it said; a minute after the start it ends, so that no test waits for ever."""
    said, stop = [], threading.Event()
    watch = Watch([folder], exclude=["*.bak.txt"], say=said.append)
    clock = threading.Timer(60, stop.set)
    clock.start()
    with closing(watch.batches(stop)) as batches:
        assert next(batches) == [folder]
        yield batches, said
    clock.cancel()


def seen_until(batches, *paths):
    """All that is told of until `paths` are among it."""
    found = set()
    while not set(paths) <= found:
        found |= set(next(batches))
    return found


def test_a_watch_tells_of_what_was_saved_renamed_and_deleted(watching, folder):
    batches, _ = watching
    write(folder / ".swap", "~")
    write(folder / "x.bak.txt", "~")
    write(folder / "new.txt", "码头的吊车停了。")
    found = seen_until(batches, folder / "new.txt")
    (folder / "new.txt").rename(folder / "other.txt")
    found |= seen_until(batches, folder / "new.txt", folder / "other.txt")
    (folder / "a.txt").unlink()
    found |= seen_until(batches, folder / "a.txt")
    write(folder / "inner" / ".wensouignore", "c.txt\n")
    found |= seen_until(batches, folder / "inner")
    assert found == {folder / "new.txt", folder / "other.txt", folder / "a.txt", folder / "inner"}


def test_a_source_that_is_gone_is_not_changed_until_it_is_back(watching, folder):
    batches, said = watching
    away = folder.with_name("away")
    folder.rename(away)
    folder.mkdir()  # as where a disk was mounted

    def back():
        while not said:
            time.sleep(0.01)
        folder.rmdir()
        away.rename(folder)

    thread = threading.Thread(target=back)
    thread.start()
    assert next(batches) == [folder]
    thread.join()
    assert len(said) == 1
    assert "kept until it is back" in said[0]


def test_what_cannot_be_followed_is_refused(tmp_path):
    for sources in (["-"], [tmp_path, "-"], [tmp_path / "nowhere"]):
        with pytest.raises(BadOption):
            Watch(sources, say=print)


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="needs POSIX signals")
def test_the_command_follows_until_ctrl_c(folder, tmp_path):
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"  # background jobs ignore it
        "from search.cli import main; main()"
    )
    words = ["index", str(folder), "--index", str(tmp_path / "index"), "--watch", "--json"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert "following" in process.stderr.readline()
    write(folder / "new.txt", "码头的吊车停了。")
    reports = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [one["added"] for one in reports] == [3, 1]
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err == "wensou: stopped; the last commit stands\n"
