"""Whatever is done to an index, in whatever order, it scores as one built at once from what is in it now."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from index.embedded.commits import kept_commits, restore_commit, writer_lock
from index.embedded.reader import EmbeddedIndex
from index.errors import BadOption, IndexMissing, NotFound, WriterBusy
from index.models import Filters
from index.storage.layout import SEGMENTS, damaged_files, read_manifest
from tests.conftest import ROOT, article, open_writer, prepared
from tests.contract.backend_contract import lexical_query, vector_of

QUESTIONS = ("海岛灯塔", "電梯補貼", "馒头酵母 2024年")
PIECES = (
    "海岛上的灯塔亮了。",
    "电梯补贴申报到2024年截止。",
    "馒头要用酵母。",
    "守塔人坐電梯。",
    "酵母放久了，灯塔旧了。",
)
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)
NAMES = st.sampled_from("abcdef")


def answers(index: EmbeddedIndex) -> list[tuple[str, object]]:
    """Names and scores of both legs, and the evidence, for a few questions."""
    out: list[tuple[str, object]] = []
    for question in QUESTIONS:
        query, vector = lexical_query(question), vector_of(question)
        lexical = index.lexical(query, k=999, filters=Filters())
        dense = index.dense(vector, k=999, filters=Filters())
        out += [(hit.chunk_id, hit.score) for hit in (*lexical, *dense)]
        for item in index.evidence(query, vector, sorted(hit.chunk_id for hit in dense), terms=True):
            out += [(item.chunk_id, item.bm25), (item.chunk_id, item.cosine), *sorted(item.terms.items())]
    return out


def assert_same_answers(index: EmbeddedIndex, other: EmbeddedIndex) -> None:
    ours, want = answers(index), answers(other)
    assert [name for name, _ in ours] == [name for name, _ in want]
    assert [value for _, value in ours] == pytest.approx([value for _, value in want], abs=1e-6)


def built(root: Path, articles: dict[str, str]) -> EmbeddedIndex:
    writer = open_writer(root)
    writer.upsert(*prepared([article(name, text) for name, text in sorted(articles.items())]))
    writer.calibrate("tuned", None)  # an empty index is a commit, too
    writer.commit()
    writer.close()
    return EmbeddedIndex.open(root)


class AnyHistory(RuleBasedStateMachine):
    """Adds, changes, deletes, commits, compactions and crashes, in any order."""

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name) / "index"
        self.pending: dict[str, str] = {}
        self.committed: dict[str, str] = {}
        self.commits = 0
        self.checked = -1
        self.writer = open_writer(self.root)

    @rule(articles=st.dictionaries(NAMES, TEXTS, min_size=1, max_size=3))
    def put(self, articles: dict[str, str]) -> None:
        self.writer.upsert(*prepared([article(name, text) for name, text in articles.items()]))
        self.pending |= articles

    @rule(names=st.lists(NAMES, max_size=3, unique=True))
    def delete(self, names: list[str]) -> None:
        there = [name for name in names if name in self.pending]
        assert self.writer.delete(names) == len(there)
        for name in there:
            del self.pending[name]

    @rule(compact=st.booleans())
    def commit(self, compact: bool) -> None:
        if compact:
            self.writer.compact()
        self.writer.commit()
        self.committed = dict(self.pending)
        self.commits += 1
        if compact and self.committed:
            assert len(self.writer.manifest.segments) == 1

    @rule()
    def crash(self) -> None:
        """The process dies with its changes; another writer starts from the last commit."""
        self.writer = open_writer(self.root)
        self.pending = dict(self.committed)

    @invariant()
    def the_last_commit_answers_as_if_built_at_once(self) -> None:
        if not self.commits or self.checked == self.commits or not (self.root / "CURRENT").exists():
            return
        self.checked = self.commits
        index = EmbeddedIndex.open(self.root)
        stats = index.stats()
        assert stats.articles == len(self.committed)
        for name, text in self.committed.items():
            assert index.article(name).article.text == text
        with tempfile.TemporaryDirectory() as folder:
            assert_same_answers(index, built(Path(folder) / "fresh", self.committed))
        assert damaged_files(self.root, index.manifest) == []

    def teardown(self) -> None:
        self.folder.cleanup()


AnyHistory.TestCase.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
TestAnyHistory = AnyHistory.TestCase


@pytest.fixture
def root(tmp_path):
    return tmp_path / "index"


def test_small_segments_are_merged_and_answers_stay(root):
    writer = open_writer(root)
    articles = {}
    counts = []
    for number in range(40):
        articles[f"n{number}"] = PIECES[number % 5] * (1 + number % 3) + f"第{number}号。"
        writer.upsert(*prepared([article(f"n{number}", articles[f"n{number}"])]))
        writer.commit()
        counts.append(len(writer.manifest.segments))
    assert max(counts) <= 3 + 2  # three that wait for a fourth, and one for each time that 8 goes into the rest
    index = EmbeddedIndex.open(root)
    assert_same_answers(index, built(root.with_name("fresh"), articles))


def sizes(writer) -> list[int]:
    return sorted(entry.chunks for entry in writer.manifest.segments)


def put(writer, name: str, chunks: int) -> None:
    """A segment of articles of one chunk each."""
    writer.upsert(*prepared([article(f"{name}.{number}", PIECES[0]) for number in range(chunks)]))


def test_a_large_segment_is_left_alone_until_the_small_ones_together_come_near_it(root):
    writer = open_writer(root)
    put(writer, "large", 60)
    counts = []
    for number in range(6):
        put(writer, f"n{number}", 1)
        writer.commit()
        counts.append(sizes(writer))
    assert counts == [[1, 60], [1, 1, 60], [1, 1, 1, 60], [4, 60], [1, 4, 60], [1, 1, 4, 60]]
    for name, want in (("n6", [7, 60]), ("n7", [1, 7, 60]), ("n8", [9 + 60])):
        put(writer, name, 1)
        writer.commit()
        assert sizes(writer) == want


def test_merging_stops_at_a_size_and_takes_up_what_has_died_by_half(root, monkeypatch):
    monkeypatch.setattr("index.segments.merge.MERGED_CHUNKS", 10)
    writer = open_writer(root)
    for number in range(7):
        put(writer, f"n{number}", 3)
    writer.commit()
    assert sizes(writer) == [3, 9, 9]
    writer.delete([f"n{number}.{at}" for number in range(2) for at in range(3)])  # of one of the nines
    for number in range(7, 9):
        put(writer, f"n{number}", 1)
    writer.commit()
    assert sizes(writer) == [8, 9]
    names = [f"n{number}.{at}" for number in range(2, 7) for at in range(3)] + ["n7.0", "n8.0"]
    assert_same_answers(EmbeddedIndex.open(root), built(root.with_name("fresh"), dict.fromkeys(names, PIECES[0])))


def test_a_build_in_steps_ends_as_one_segment_and_one_commit_beside_those_before_it(root):
    built(root, {"a": PIECES[0]})
    built_before = EmbeddedIndex.open(root)
    writer = open_writer(root)
    for number in range(5):
        put(writer, f"n{number}", 4)
        writer.checkpoint()
        assert EmbeddedIndex.open(root).stats().articles == 1 + 4 * (number + 1)
    put(writer, "last", 2)
    writer.commit()
    assert sizes(writer) == [23]
    assert [path.name for path in sorted(root.glob("commit-*.json"))] == ["commit-000001.json", "commit-000008.json"]
    assert answers(EmbeddedIndex.open(root, 1)) == answers(built_before)
    assert {path.name for path in (root / SEGMENTS).iterdir()} == {
        entry.name for number in (1, 8) for entry in read_manifest(root, number).segments
    }


def test_a_build_is_merged_on_the_way_where_there_is_enough_for_a_whole_segment(root, monkeypatch):
    monkeypatch.setattr("index.segments.merge.MERGED_CHUNKS", 8)
    for fresh in (False, True):
        writer = open_writer(root, fresh=fresh)
        for number in range(4):
            put(writer, f"n{number}", 4)
            writer.checkpoint()
        assert sorted(entry.chunks for entry in writer._pending.entries) == [8, 8]
        writer.commit()
        assert sizes(writer) == [8, 8]


def test_a_merge_that_fails_leaves_the_commit_and_says_so(root, monkeypatch):
    writer = open_writer(root)
    for number in range(4):
        put(writer, f"n{number}", 1)

    def fail(folder: Path, parts: object) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr("index.embedded.writer.merge_segments", fail)
        assert writer.commit() == 1
    assert EmbeddedIndex.open(root).stats().articles == 4
    assert {path.name for path in (root / SEGMENTS).iterdir()} == {entry.name for entry in read_manifest(root).segments}
    (warning,) = writer.warnings
    assert "no space" in warning
    put(writer, "n4", 1)
    assert writer.commit() == 3  # the change, and then the merge
    assert sizes(writer) == [5]
    assert len(writer.warnings) == 1


def test_nothing_shows_before_a_commit(root):
    writer = open_writer(root)
    writer.upsert(*prepared([article("a", PIECES[0])]))
    writer.commit()
    writer.upsert(*prepared([article("b", PIECES[1])]))
    writer.delete(["a"])
    index = EmbeddedIndex.open(root)
    assert index.commit == 1
    assert index.article("a").article.text == PIECES[0]
    with pytest.raises(NotFound):
        index.article("b")


def test_a_commit_without_changes_keeps_its_number(root):
    writer = open_writer(root)
    writer.upsert(*prepared([article("a", PIECES[0])]))
    assert writer.commit() == 1
    assert writer.commit() == 1
    assert writer.delete(["nobody"]) == 0
    assert writer.commit() == 1


def test_hashes_and_paths_follow_what_is_pending(root):
    writer = open_writer(root)
    writer.upsert(*prepared([article("a", PIECES[0], path="/x/a.txt"), article("b", PIECES[1])]))
    first = writer.content_hash("a")
    assert first is not None
    assert writer.paths(["/x", "/y"]) == {"a": "/x/a.txt"}
    writer.upsert(*prepared([article("a", PIECES[2], path="/y/a.txt")]))
    assert writer.content_hash("a") not in (None, first)
    assert writer.paths(["/x", "/y"]) == {"a": "/y/a.txt"}
    writer.delete(["a"])
    assert writer.content_hash("a") is None
    assert writer.paths(["/x", "/y"]) == {}


def test_paths_are_those_of_a_file_or_inside_a_folder(root):
    names = ["/x/a.txt", "/x/b/c.txt", "/x.txt", "/xy/a.txt", "/x/z.zip", "/x/z.zip.txt"]
    writer = open_writer(root)
    writer.upsert(*prepared([article(name, PIECES[0], path=name) for name in names] + [article("none", PIECES[1])]))
    assert set(writer.paths(["/x"])) == {"/x/a.txt", "/x/b/c.txt", "/x/z.zip", "/x/z.zip.txt"}
    assert set(writer.paths(["/x/z.zip"])) == {"/x/z.zip"}
    assert set(writer.paths(["/x.txt", "/x/b"])) == {"/x.txt", "/x/b/c.txt"}
    assert set(writer.paths(["/"])) == set(names)
    assert writer.paths([]) == writer.paths(["/z"]) == {}


def test_of_two_articles_with_one_id_the_later_counts(root):
    writer = open_writer(root)
    writer.upsert(*prepared([article("a", PIECES[0])]))
    writer.commit()
    twice = [article("a", PIECES[1] * 5), article("b", PIECES[4]), article("a", PIECES[2] * 3)]
    writer.upsert(*prepared(twice))
    writer.upsert(*prepared([article("b", PIECES[3])]))
    assert writer.delete(["b", "b"]) == 1
    writer.upsert(*prepared([article("b", PIECES[3])]))
    writer.commit()
    fresh = built(root.with_name("fresh"), {"a": PIECES[2] * 3, "b": PIECES[3]})
    assert_same_answers(EmbeddedIndex.open(root), fresh)


def test_a_segment_that_cannot_be_written_takes_nothing_away(root, monkeypatch):
    writer = open_writer(root)
    writer.upsert(*prepared([article("a", PIECES[0])]))
    writer.commit()
    made = prepared([article("a", PIECES[1])])
    with monkeypatch.context() as patch:
        patch.setattr("index.embedded.writer.write_segment", lambda *_: (_ for _ in ()).throw(OSError("no space")))
        with pytest.raises(OSError, match="no space"):
            writer.upsert(*made)
    assert writer.commit() == 1
    assert EmbeddedIndex.open(root).article("a").article.text == PIECES[0]


def test_what_a_dead_writer_left_is_cleared_by_the_next(root):
    writer = open_writer(root)
    writer.upsert(*prepared([article("a", PIECES[0])]))
    writer.commit()
    writer.upsert(*prepared([article("b", PIECES[1])]))  # and the process dies
    (root / ".CURRENT.123.tmp").write_text("half")
    (root / "commit-000009.json").write_text("{half a manifest")
    assert len(list((root / SEGMENTS).iterdir())) == 2
    open_writer(root)
    assert {path.name for path in (root / SEGMENTS).iterdir()} == {entry.name for entry in read_manifest(root).segments}
    assert sorted(path.name for path in root.iterdir()) == ["CURRENT", "commit-000001.json", "segments"]


def test_an_older_commit_can_be_restored_and_goes_on_as_a_new_one(root):
    writer = open_writer(root)
    for number, text in enumerate(PIECES[:3]):
        writer.upsert(*prepared([article("a", text), article(f"n{number}", text)]))
        writer.commit()
    old = answers(EmbeddedIndex.open(root, 1))
    assert restore_commit(root, 1) == 4
    now = EmbeddedIndex.open(root)
    assert now.commit == 4
    assert answers(now) == old
    assert now.article("a").article.text == PIECES[0]
    writer = open_writer(root)
    writer.upsert(*prepared([article("n2", PIECES[4])]))
    assert writer.commit() == 5
    assert_same_answers(
        EmbeddedIndex.open(root), built(root.with_name("fresh"), {"a": PIECES[0], "n0": PIECES[0], "n2": PIECES[4]})
    )
    assert [one.commit for one in kept_commits(root)] == [2, 3, 4, 5]
    with pytest.raises(BadOption, match=r"commit 77 is not kept") as caught:
        restore_commit(root, 77)
    assert caught.value.hint == "those that are: 2, 3, 4, 5"
    with pytest.raises(IndexMissing):
        restore_commit(root.with_name("nowhere"), 1)
    assert not root.with_name("nowhere").exists()


def test_a_fresh_writer_leaves_the_old_commit_alone_until_it_commits(root):
    built(root, {"a": PIECES[0], "b": PIECES[1]})
    writer = open_writer(root, fresh=True)
    assert writer.content_hash("a") is None
    writer.upsert(*prepared([article("c", PIECES[2])]))
    writer.checkpoint()
    assert EmbeddedIndex.open(root).stats().articles == 2
    assert writer.commit() == 2
    assert EmbeddedIndex.open(root).stats().articles == 1
    assert EmbeddedIndex.open(root, 1).article("a").article.text == PIECES[0]


def test_a_crash_at_any_write_leaves_the_last_commit_whole(root, monkeypatch):
    """Every write is flushed by its own fsync: the process dies at each third of them in turn."""
    old = {"a": PIECES[0], "b": PIECES[1]}
    new = {"a": PIECES[2], "c": PIECES[3]}
    built(root, old)
    crashes = 0
    for last in range(0, 1_000, 3):
        copy = shutil.copytree(root, root.with_name(f"copy{last}"))
        calls = iter(range(1_000))

        def fsync(handle: int, *, calls: Iterator[int] = calls, last: int = last) -> None:
            if next(calls) >= last:
                raise KeyboardInterrupt

        writer = open_writer(copy)
        with monkeypatch.context() as patch:
            patch.setattr("index.storage.layout.os.fsync", fsync)
            try:
                writer.delete(["b"])
                writer.upsert(*prepared([article(name, text) for name, text in new.items()]))
                writer.commit()
            except KeyboardInterrupt:
                crashes += 1
        index = EmbeddedIndex.open(copy)
        assert damaged_files(copy, index.manifest) == []
        want = old if index.commit == 1 else new
        assert {name: index.article(name).article.text for name in want} == want
        assert index.stats().articles == 2
        writer = open_writer(copy)  # and the next writer goes on from there
        writer.upsert(*prepared([article("d", PIECES[4])]))
        assert writer.commit() == index.commit + 1
        if next(calls) <= last:
            break  # it ran through
    assert crashes >= 10
    assert index.commit == 2


def test_tombstones_cost_what_the_change_costs(root):
    built(root, {f"n{number}": PIECES[number % 5] for number in range(9)})
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}
    writer = open_writer(root)
    writer.delete(["n3"])
    writer.commit()
    untouched = {path for path, changed in before.items() if path.exists() and path.stat().st_mtime_ns == changed}
    assert set(before) - untouched == {root / "CURRENT"}
    new = {path.name for path in root.rglob("*") if path.is_file()} - {path.name for path in before}
    assert new == {"commit-000002.json", "tombstones-000002.npz"}


HOLD = """
import sys
from pathlib import Path
from index.embedded.commits import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("end", ["goes", "is killed"])
def test_a_second_process_is_told_who_writes_until_the_first(root, end):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(WriterBusy, match=f"process {other.pid} on "), writer_lock(root):
            pass
        if end == "goes":
            other.communicate()
        else:
            os.kill(other.pid, signal.SIGKILL)
    with writer_lock(root):
        assert f"process {os.getpid()} on " in (root / "writer.lock.owner").read_text("utf-8")
    assert not (root / "writer.lock.owner").exists()


def test_the_lock_is_released_after_an_error(root):
    with pytest.raises(RuntimeError, match="no disk"), writer_lock(root):
        raise RuntimeError("no disk")
    with writer_lock(root):
        assert (root / "writer.lock").exists()


def test_vectors_survive_a_merge_to_the_bit(root):
    writer = open_writer(root)
    for number in range(3):
        writer.upsert(*prepared([article(f"n{number}", PIECES[number])]))
        writer.commit()
    before = np.concatenate([segment.dense.vectors for segment in EmbeddedIndex.open(root).segments])
    writer.compact()
    writer.commit()
    (segment,) = EmbeddedIndex.open(root).segments
    assert np.array_equal(segment.dense.vectors, before)
