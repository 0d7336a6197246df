"""Which tests `scripts/test --quick` leaves out: what starts processes, browsers or torch, and what takes long.

Each gets the mark `heavy`. A test without it that starts a process or loads torch fails, so that the list stays true.
"""

import multiprocessing.process
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

STARTS_PROCESSES = (
    "tests/contract/test_milvus_killed.py",
    "tests/contract/test_milvus_server.py",
    "tests/index/analysis/test_tokenizer.py",
    "tests/index/embedded/test_writer.py",
    "tests/index/encoders/test_static.py",
    "tests/index/milvus/",
    "tests/index/sources/test_formats.py",
    "tests/index/test_concurrency.py",
    "tests/index/test_faults.py",
    "tests/index/test_pipeline.py",
    "tests/index/test_slow_encoder.py",
    "tests/index/test_watch.py",
    "tests/search/api/",
    "tests/search/cli/",
    "tests/search/integrations/",
    "tests/search/mcp/",
    "tests/search/service/",
    "tests/search/web/",
    "tests/test_exports.py",
    "tests/test_layering.py",
)
LOADS_TORCH = ("tests/index/encoders/test_onnx.py", "tests/index/training/", "tests/search/ranking/test_rerank.py")
TAKES_LONG = (
    "tests/contract/test_milvus_lite.py",
    "tests/index/checks/",
    "tests/index/embedded/",
    "tests/index/encoders/test_e5.py",
    "tests/index/encoders/test_unigram.py",
    "tests/index/retrieval/test_conditions.py",
    "tests/index/retrieval/test_segment_scorer.py",
    "tests/index/storage/test_layout.py",
    "tests/index/storage/test_system.py",
    "tests/index/test_builder.py",
    "tests/index/test_copy.py",
    "tests/index/test_hostile.py",
    "tests/search/evaluation/",
    "tests/search/suggest/",
    "tests/search/test_live.py",
    "tests/search/test_overview.py",
    "tests/test_samples.py",
    "tests/test_seeds.py",
)
HEAVY = (*STARTS_PROCESSES, *LOADS_TORCH, *TAKES_LONG)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where the heavy ones are not wanted, not to read their files either spares what these import."""
    if config.option.markexpr != "not heavy":
        return None
    path = collection_path.relative_to(config.rootpath).as_posix()
    return f"{path}{'/' * collection_path.is_dir()}".startswith(HEAVY) or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is heavy."""
    for item in items:
        if item.nodeid.startswith(HEAVY):
            item.add_marker(pytest.mark.heavy)


@pytest.fixture(autouse=True)
def light(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test without the mark that starts a process or loads torch."""
    if request.node.get_closest_marker("heavy"):
        yield
        return

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("starts a process: name it in tests/heavy.py")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr(multiprocessing.process.BaseProcess, "start", refuse)
    loaded = "torch" in sys.modules
    yield
    assert loaded or "torch" not in sys.modules, "loads torch: name it in tests/heavy.py"
