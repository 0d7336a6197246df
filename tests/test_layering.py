"""The import direction is search -> index, never back, and nothing heavy is loaded before it is needed."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, need_bundled_encoder

HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "jieba",
    "rjieba",
    "faiss",
    "opencc",
    "trafilatura",
    "pypinyin",
}
MODULES = sorted((ROOT / "index").rglob("*.py")) + sorted((ROOT / "search").rglob("*.py"))


def imported(path: Path, *, at_import: bool = False) -> set[str]:
    """Dotted names that a file imports; with `at_import`, only those outside functions."""
    tree = ast.parse(path.read_text("utf-8"))
    inner = {
        id(node)
        for function in ast.walk(tree)
        if at_import and isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    names = set()
    for node in ast.walk(tree):
        if id(node) in inner:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: imports are absolute here"
            names.add(node.module or "")
    return names


def roots(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", sorted((ROOT / "index").rglob("*.py")), ids=lambda path: path.name)
def test_index_knows_nothing_of_search_and_its_faces(path):
    assert not roots(imported(path)) & {"search", "fastapi", "starlette", "pydantic", "uvicorn", "typer", "scripts"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_module_imports_scripts_or_tests_or_pickle(path):
    assert not roots(imported(path)) & {"scripts", "tests", "pickle", "shelve", "joblib", "dill"}


@pytest.mark.parametrize("name", ["models.py", "errors.py"])
def test_the_leaves_import_nothing_of_ours(name):
    assert not roots(imported(ROOT / "index" / name)) & {"index", "search"}


def test_modules_of_index_do_not_import_each_other_in_a_circle():
    graph = {
        f"index.{path.stem}": {name for name in imported(path, at_import=True) if name.startswith("index.")}
        for path in (ROOT / "index").glob("*.py")
        if path.stem != "__init__"
    }
    done: list[str] = []
    while graph:
        leaves = sorted(name for name, needs in graph.items() if not needs & set(graph))
        assert leaves, f"these import each other: {sorted(graph)}"
        done += leaves
        for name in leaves:
            del graph[name]
    assert {"index.models", "index.errors"} <= set(done[:10])
    assert done.index("index.lexical") < done.index("index.embedded") < done.index("index.builder")


def test_only_the_settings_read_the_environment():
    readers = {path: path.read_text("utf-8") for path in MODULES}
    readers = {path: text for path, text in readers.items() if "environ" in text or "getenv" in text}
    assert ROOT / "search" / "settings.py" in readers
    del readers[ROOT / "search" / "settings.py"]
    switches = {"HF_HUB_OFFLINE", "TOKENIZERS_PARALLELISM"}  # other libraries' own, not settings of ours
    for path, text in readers.items():
        assert set(re.findall(r"(?:environ|getenv)\W+(?:get\W+)?(\w*)", text)) <= switches, path.name


def run(code: str, *words: str) -> dict[str, object]:
    """Run `code` in a new process; what it prints last is JSON."""
    made = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    loaded: dict[str, object] = json.loads(made.stdout.splitlines()[-1])
    return loaded


def test_importing_any_module_loads_nothing_heavy():
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES]
    names = [name.removesuffix(".__init__") for name in names]
    assert {"index.tokens", "index.dense", "search.engine", "search.cli"} <= set(names)
    code = (
        "import importlib, json, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(json.dumps(sorted(set(sys.modules) & {HEAVY!r})))"
    )
    assert run(code) == []


def test_a_query_on_the_command_line_never_imports_torch(samples_index):
    need_bundled_encoder()
    code = (
        "import json, sys\n"
        "sys.argv[0] = 'wensou'\n"
        "from search.cli import main\n"
        "try: main()\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "print(json.dumps(sorted(name for name in sys.modules if '.' not in name)))"
    )
    loaded = set(run(code, "query", "加装电梯", "--json", "--index", str(samples_index)))
    assert "faiss" in loaded
    assert not loaded & {"torch", "transformers", "sentence_transformers", "tensorflow", "fastapi", "trafilatura"}
    assert not loaded & {"jieba", "rjieba"}  # no dictionary for one question
