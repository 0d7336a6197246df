"""What the documentation names exists, and what exists is documented."""

import ast
import re

import pytest
import typer.main

from scripts.tables import TABLES, renewed
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


DOCUMENTS = ("README.md", "index/README.md", "search/README.md", "scripts/bench/README.md", ".github/CONTRIBUTING.md")
TEXTS = {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}
ALL = "\n".join(TEXTS.values())


def test_the_readme_is_read_in_one_sitting():
    assert len(TEXTS["README.md"].splitlines()) <= 200


@pytest.mark.parametrize("document", TABLES)
def test_tables_say_what_the_code_says(document):
    assert TEXTS[document] == renewed(document), "run: python scripts/tables.py"


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_and_link_is_there(document):
    text = TEXTS[document]
    named = set(re.findall(r"(?<![\w/.])((?:index|search|scripts|tests)/[\w./-]*[\w/])", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()
    links = {link for link in re.findall(r"\]\(([^)#\s]+)\)", text) if "://" not in link}
    assert {link for link in links if not (ROOT / document).parent.joinpath(link).exists()} == set()


def test_the_readme_names_every_command_and_no_other():
    assert {name for name in COMMANDS if not re.search(rf"\bwensou {name}\b", TEXTS["README.md"])} == set()
    named = set(re.findall(r"(?:^(?:\$ )?|`)(?:\.venv/bin/)?wensou ([a-z-]+)\b", ALL, re.M))
    assert named - set(COMMANDS) == set()


def test_the_documents_name_every_flag_and_no_other():
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", ALL))
    ours = {flag for _, flag in FLAGS if flag.startswith("--")}
    assert ours - named == set()
    elsewhere = {"--help", "--upgrade", "--index-url", "--extra-index-url", "--break-system-packages", "--no-deps"}
    scripts = set()
    for path in (ROOT / "scripts").rglob("*"):
        if path.is_file() and path.suffix in ("", ".py"):
            scripts |= set(re.findall(r"--[a-z][a-z0-9-]*", path.read_text("utf-8")))
    assert named - ours - elsewhere - scripts == set()


def test_the_documents_name_every_setting_and_no_other():
    read = set(re.findall(r"WENSOU_[A-Z_]+", (ROOT / "search" / "settings.py").read_text("utf-8")))
    table = TEXTS["search/README.md"].partition("## Settings")[2].partition("## ")[0]
    assert set(re.findall(r"`(WENSOU_[A-Z_]+)`", table)) == read


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
