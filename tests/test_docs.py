"""What the documentation names exists, and what exists is documented."""

import ast
import re

import pytest
import typer.main

from search.cli import app
from tests.conftest import ROOT

MODULES = sorted((ROOT / "index").rglob("*.py")) + sorted((ROOT / "search").rglob("*.py"))
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
# Those of groups too, such as `keys add`.
PARTS = {
    f"{name} {part}".strip(): inner
    for name, command in COMMANDS.items()
    for part, inner in {"": command, **getattr(command, "commands", {})}.items()
}
FLAGS = {
    (name, flag)
    for name, command in PARTS.items()
    for option in command.params
    for flag in (*option.opts, *option.secondary_opts)
    if flag.startswith("-")
}


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("side", ["index", "search"])
def test_the_layout_names_every_module_and_none_that_is_not_there(side):
    text = (ROOT / side / "README.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+\.py)`", text))
    there = {path.name for path in MODULES if path.relative_to(ROOT).parts[0] == side} - {"__init__.py"}
    assert there - named == set()
    assert named - there == set()


def test_every_path_the_readme_names_is_there(readme):
    named = set(re.findall(r"(?<![\w/.])((?:index|search|scripts|tests)/[\w./-]*[\w/])", readme))
    assert named
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_readme_names_every_command_and_no_other(readme):
    assert {name for name in COMMANDS if not re.search(rf"\bwensou {name}\b", readme)} == set()
    named = set(re.findall(r"(?:^(?:\$ )?|`)(?:\.venv/bin/)?wensou ([a-z-]+)\b", readme, re.M))
    assert named - set(COMMANDS) == set()


def test_the_readme_names_every_flag_and_no_other(readme):
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", readme))
    ours = {flag for _, flag in FLAGS if flag.startswith("--") and not flag.startswith("--no-")}
    assert ours - named == set()
    elsewhere = {"--help", "--upgrade", "--index-url", "--extra-index-url", "--break-system-packages", "--no-deps"}
    scripts = set()
    for path in (ROOT / "scripts").rglob("*"):
        if path.is_file() and path.suffix in ("", ".py"):
            scripts |= set(re.findall(r"--[a-z][a-z0-9-]*", path.read_text("utf-8")))
    assert named - ours - elsewhere - scripts - {flag for _, flag in FLAGS} == set()


@pytest.mark.parametrize("name", sorted(PARTS))
def test_every_command_and_option_has_help(name):
    command = PARTS[name]
    assert command.help
    assert command.help.strip().endswith(".")
    silent = [param.name for param in command.params if param.name != "help" and not getattr(param, "help", None)]
    assert silent == []


def public(tree: ast.AST, prefix: str = "") -> list[tuple[str, ast.AST]]:
    """Public classes, functions and methods, with their dotted names; what lies inside a function is not public."""
    found: list[tuple[str, ast.AST]] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            found.append((prefix + node.name, node))
            if isinstance(node, ast.ClassDef):
                found += public(node, f"{prefix}{node.name}.")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_module_class_and_function_says_what_it_is(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert ast.get_docstring(tree), "the module"
    assert [name for name, node in public(tree) if not ast.get_docstring(node)] == []  # type: ignore[arg-type]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_module_is_longer_than_four_hundred_lines(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400
