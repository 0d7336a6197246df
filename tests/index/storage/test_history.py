"""What the last runs of the builder did is kept for people, and missed by nobody."""

from index.builder import update_index
from index.models import BuildReport, Change, Skipped, SkipReason
from index.storage.history import HISTORY, history, remember
from tests.conftest import CORPUS, PLAIN, HashEncoder


def test_a_run_is_remembered_with_what_it_skipped_and_cleaned(tmp_path):
    skipped = [Skipped(f"夹/{n}.bin", SkipReason.BINARY, "头四字节") for n in range(300)]
    update_index([*CORPUS[:2], *skipped], tmp_path, PLAIN, encoder=HashEncoder())
    update_index(CORPUS[:3], tmp_path, encoder=HashEncoder())
    newest, first = history(tmp_path)
    assert (newest["commit"], newest["added"], newest["unchanged"], newest["skipped"]) == (2, 1, 2, 0)
    assert (first["commit"], first["added"], first["skipped"]) == (1, 2, 300)
    assert first["skipped_by_reason"] == {"it is not text": 300}
    assert len(first["skipped_first"]) == 200
    assert first["skipped_first"][0] == {"where": "夹/0.bin", "reason": "it is not text", "detail": "头四字节"}


def test_only_the_last_runs_are_kept_and_damage_is_passed_over(tmp_path):
    for n in range(30):
        remember(tmp_path, BuildReport(commit=n, examples=(Change("步", "前", "后"),), repairs={"步": 1}))
    found = history(tmp_path)
    assert [run["commit"] for run in found] == list(range(29, 9, -1))
    assert found[0]["examples"] == [{"step": "步", "before": "前", "after": "后"}]
    path = tmp_path / HISTORY
    path.write_bytes(b"\xff\xfe{not json\n7\n" + path.read_bytes())
    assert len(history(tmp_path)) == 20
    remember(tmp_path / "nowhere", BuildReport())  # a folder that cannot be written: the run is done all the same
    assert history(tmp_path / "nowhere") == []
