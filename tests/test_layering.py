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
    "sklearn",
}
MODULES = sorted((ROOT / "index").rglob("*.py")) + sorted((ROOT / "search").rglob("*.py"))


# A folder or file imports only those before it. Nouns come first, what everything meets in comes last.
ORDER = {
    "index": (
        "errors models candidates config calibration drawing storage analysis backend encoders encode_module sources "
        "cleaning segments retrieval training checks embedded milvus prepare pipeline batches connect rebuild copy "
        "builder watch"
    ).split(),
    "search": (
        "models settings query ranking suggest passages highlight facets citation export script engine labels overview "
        "live mcp evaluation service api client integrations cli"
    ).split(),
}


def module_names(side: str) -> dict[str, Path]:
    """Dotted names of a package's modules, but for its door."""
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in MODULES}
    return {name: path for name, path in names.items() if name.startswith(f"{side}.")}


def graph_of(side: str) -> dict[str, set[str]]:
    """Each module of a package with those of the same package that it imports."""
    names = module_names(side)
    found = {}
    for name, path in names.items():
        others = imported(path)
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):  # `from index.sources import markup` is an import of a module
            if isinstance(node, ast.ImportFrom):
                others |= {f"{node.module}.{alias.name}" for alias in node.names}
        found[name] = {other for other in others if other in names} - {name}
        if path.name == "__init__.py":  # a folder's door gives what lies in it
            continue
        folder = name.rpartition(".")[0]
        found[name] -= {folder}
    return found


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


def room_of(name: str) -> str:
    """The folder, or the file beside the folders, that a module lies in: `index.segments.store` -> `index.segments`."""
    return ".".join(name.split(".")[:2])


@pytest.mark.parametrize("side", ORDER)
def test_a_room_imports_only_rooms_before_it(side):
    """Every import counts, those inside functions too."""
    order = [f"{side}.{room}" for room in ORDER[side]]
    rooms = {room_of(name) for name in module_names(side)}
    assert rooms == set(order), "name a new folder here, where it belongs"
    wrong = [
        f"{name} imports {other}"
        for name, others in graph_of(side).items()
        for other in others
        if order.index(room_of(other)) > order.index(room_of(name))
    ]
    assert wrong == []


@pytest.mark.parametrize("side", ORDER)
def test_no_module_imports_another_in_a_circle(side):
    graph = graph_of(side)
    done: list[str] = []
    while graph:
        leaves = sorted(name for name, needs in graph.items() if not needs & set(graph))
        assert leaves, f"these import each other: {sorted(graph)}"
        done += leaves
        for name in leaves:
            del graph[name]
    assert f"{side}.models" in done


def test_the_rooms_of_index_lie_on_nine_floors_at_most():
    needs: dict[str, set[str]] = {}
    for name, others in graph_of("index").items():
        needs.setdefault(room_of(name), set()).update(map(room_of, others))
    floor: dict[str, int] = {}
    for room in [f"index.{name}" for name in ORDER["index"]]:
        floor[room] = 1 + max((floor[other] for other in needs.get(room, set()) - {room}), default=0)
    assert max(floor.values()) <= 9, floor


def test_only_the_door_to_engines_and_the_engines_know_which_there_are():
    engines = {f"index.{room}" for room in ("embedded", "milvus")}
    wrong = []
    for path in MODULES:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if room_of(name) not in engines | {"index.connect"}:
            wrong += [f"{name} imports {other}" for other in imported(path) if room_of(other) in engines]
    assert wrong == []


def test_only_the_settings_read_the_environment():
    readers = {path: path.read_text("utf-8") for path in MODULES}
    readers = {path: text for path, text in readers.items() if "environ" in text or "getenv" in text}
    assert ROOT / "search" / "settings.py" in readers
    del readers[ROOT / "search" / "settings.py"]
    # Of others, not settings of ours.
    switches = {
        "HF_HUB_OFFLINE",
        "TOKENIZERS_PARALLELISM",
        "XDG_CACHE_HOME",
        "PROMETHEUS_MULTIPROC_DIR",
        "GRPC_VERBOSITY",
    }
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
    # Whoever imports one of these has its framework already; an extra brings the packages.
    extras = {"search.mcp.server", *(f"search.integrations.{name}" for name in ("haystack", "langchain", "llamaindex"))}
    names = [name for name in names if name not in extras]
    assert {"index.analysis.tokenizer", "index.segments.vector_index", "search.engine", "search.cli.commands"} <= set(
        names
    )
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


def test_a_function_is_sixty_lines_or_says_why_not():
    found = []
    for path in MODULES:
        lines = path.read_text("utf-8").splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno > 60:
                found += [f"{path.name}: {node.name}"] * ("#" not in lines[node.lineno - 1])
    assert not found, "a comment behind `def` says why it is longer"
