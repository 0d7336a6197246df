"""What may happen to a disk and to a process: the last commit answers as it did, or the damage is named."""

import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
from unittest.mock import patch

import numpy as np
import pytest

from index.builder import update_index
from index.embedded.reader import EmbeddedIndex
from index.errors import IndexCorrupt, NotFound, WensouError
from index.segments import vector_index
from index.storage.layout import damaged_files, read_manifest
from tests.conftest import CORPUS, PLAIN, ROOT, HashEncoder, article, open_writer, prepared
from tests.index.embedded.test_writer import answers, assert_same_answers, built

LONG = bool(os.environ.get("WENSOU_LONG"))
PIECES = ("海岛上的灯塔亮了。", "电梯补贴到年底截止。", "馒头要用酵母。")


@pytest.mark.parametrize("seed", range(4 if LONG else 1))
def test_a_writer_killed_at_any_instant_leaves_a_whole_commit(tmp_path, seed):
    """The script does the killing in a process of its own: a fork of the test's would have half its threads."""
    kills = 50 if LONG else 12
    command = [sys.executable, str(ROOT / "scripts/bench/faults.py"), "--kills", str(kills), "--seed", str(seed)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "out.json")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert result["kills"] == sum(result["while"].values()) == kills
    assert result["lives_that_committed"] >= 1


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two segments, one with tombstones and vector codes: every kind of file there is."""
    root = tmp_path_factory.mktemp("faults") / "index"
    writer = open_writer(root)
    more = [article(f"n{number}", PIECES[number % 3] * (1 + number % 4), path=f"/x/{number}") for number in range(16)]
    with patch.object(vector_index, "INDEX_FROM", 16):
        writer.upsert(*prepared([*CORPUS[:4], *more]))
    writer.commit()
    writer.upsert(*prepared(CORPUS[3:]))
    writer.commit()
    kinds = {name.rpartition("/")[2] for name, _ in read_manifest(root).files()}
    assert {"dense.faiss", "tombstones-000002.npz", "articles.jsonl", "bigrams.terms.keys.npy"} <= kinds
    return root


def how_it_answers(root):
    """Everything the index says, or the error it names; NotFound where a name it gave itself leads nowhere."""
    names = [item.article_id for item in CORPUS]
    try:
        index = EmbeddedIndex.open(root)
        return answers(index), index.articles(names)
    except (IndexCorrupt, NotFound) as error:
        return error


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # altered vectors hold infinities
@pytest.mark.parametrize("large", [False, True], ids=["as it is", "as in files too large to check at opening"])
def test_altered_bytes_in_any_file_change_nothing_or_are_named(made, tmp_path, monkeypatch, large):
    """Sixteen bytes overwritten in turn in each file: no failure but one that names the file, or --verify does."""
    if large:
        monkeypatch.setattr("index.storage.layout.FILE_ALWAYS_CHECKED", 0)
        monkeypatch.setattr("index.storage.layout.COMMIT_CHECKED_WHOLE", 0)
    want = how_it_answers(made)
    rng = random.Random(7)
    named = silent = 0
    files = [name for name, entry in read_manifest(made).files() if entry.bytes]
    for number, name in enumerate(files):
        root = shutil.copytree(made, tmp_path / str(number))
        data = bytearray((root / name).read_bytes())
        at = rng.randrange(max(1, len(data) - 16))
        data[at : at + 16] = rng.randbytes(min(16, len(data) - at))
        (root / name).write_bytes(data)
        said = how_it_answers(root)
        if isinstance(said, IndexCorrupt):
            assert name in said.message
            named += 1
        elif said != want:  # other bytes of the right kind: only the checksum knows
            silent += 1
        assert damaged_files(root, read_manifest(root)) == [name]
        shutil.rmtree(root)
    assert len(files) > 40
    if large:
        assert named >= 10
        assert silent <= named
    else:
        assert (named, silent) == (len(files), 0)


@pytest.mark.parametrize("damage", ["gone", "cut", "emptied", "grown"])
def test_a_file_of_another_size_is_named_at_once(made, tmp_path, damage):
    """Each file in turn; and the last commit is whole again once the file is."""
    root = shutil.copytree(made, tmp_path / "index")
    want = how_it_answers(made)
    for name, entry in read_manifest(made).files():
        path = root / name
        data = path.read_bytes()
        if damage == "gone":
            path.unlink()
        else:
            path.write_bytes({"cut": data[: len(data) // 2], "emptied": b"", "grown": data + b"0"}[damage])
        if entry.bytes or damage in ("gone", "grown"):
            with pytest.raises(IndexCorrupt, match=re.escape(name)):
                EmbeddedIndex.open(root)
            assert damaged_files(root, read_manifest(root)) == [name]
        path.write_bytes(data)
    assert how_it_answers(root) == want


@pytest.mark.parametrize("name", ["CURRENT", "commit-000002.json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "altered"])
def test_damage_to_pointer_or_manifest_is_named(made, tmp_path, name, damage):
    root = shutil.copytree(made, tmp_path / "index")
    path = root / name
    data = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data[:9] + b"\xff" + data[10:])
    with pytest.raises(WensouError, match=name if name == "commit-000002.json" else "CURRENT|commit-") as caught:
        EmbeddedIndex.open(root)
    assert caught.value.code == "index_corrupt"


def test_verify_names_every_damaged_file(made, tmp_path, wensou):
    root = shutil.copytree(made, tmp_path / "index")
    assert wensou("stats", "--index", root, "--verify")[0] == 0
    name = next(name for name, _ in read_manifest(root).files() if name.endswith("words.tfs.npy"))
    data = bytearray((root / name).read_bytes())
    data[-1] ^= 1
    (root / name).write_bytes(data)
    code, out, err = wensou("stats", "--index", root, "--verify", "--json")
    assert code == 4
    assert json.loads(out)["damaged"] == [name]
    assert name in err


def long_article(number):
    """Enough words to fill a small disk soon."""
    rng = random.Random(number)
    return article(f"n{number}", "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(3_000)))


def fill(root):
    """Add articles until the disk says no; returns what was committed before."""
    written = {}
    for number in range(500):
        item = long_article(number)
        try:
            update_index([item], root, PLAIN, encoder=HashEncoder())
        except OSError:
            return written
        written[item.article_id] = item.text
    raise AssertionError("the disk did not fill up")


def assert_nothing_is_lost(root, written):
    index = EmbeddedIndex.open(root)
    assert index.stats().articles == len(written)
    assert {name: index.article(name).article.text for name in written} == written
    assert damaged_files(root, index.manifest) == []


def upsert_and_commit(writer, made):
    writer.upsert(*made)
    writer.commit()


@pytest.mark.parametrize("limit", [100, 3_000, 9_000, 20_000])
def test_files_that_cannot_grow_lose_nothing(tmp_path, limit):
    """A limit on a file's size fails a write as a full disk does, in the middle of whichever file is too large."""
    root = tmp_path / "index"
    old = {"a": PIECES[0], "b": PIECES[1]}
    before = answers(built(root, old))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    writer = open_writer(root)
    made = prepared([long_article(1), article("a", PIECES[2])])
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OSError, match=r"File too large|requested and|written"):
            upsert_and_commit(writer, made)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert answers(EmbeddedIndex.open(root)) == before
    writer = open_writer(root)
    writer.upsert(*prepared([article("c", PIECES[2])]))
    writer.commit()
    assert_same_answers(EmbeddedIndex.open(root), built(tmp_path / "fresh", {**old, "c": PIECES[2]}))


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 3 MB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_and_the_next_writer_goes_on_when_there_is_room(small_disk):
    root = small_disk / "index"
    (small_disk / "ballast").write_bytes(bytes(500_000))
    written = fill(root)
    assert len(written) >= 2
    assert_nothing_is_lost(root, written)
    (small_disk / "ballast").unlink()
    report = update_index([article("small", PIECES[0])], root, PLAIN, encoder=HashEncoder())
    assert report.added == 1
    assert_nothing_is_lost(root, written | {"small": PIECES[0]})


def test_altered_postings_that_point_outside_the_texts_are_named(made, tmp_path):
    root = shutil.copytree(made, tmp_path / "index")
    for name in [name for name, _ in read_manifest(root).files() if name.endswith("words.docs.npy")]:
        docs = np.load(root / name)
        np.save(root / name, np.full_like(docs, 99_999))
    with pytest.raises(IndexCorrupt, match=r"words\.docs\.npy"):
        answers(EmbeddedIndex.open(root))
