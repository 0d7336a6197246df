"""The two doors say what they give, and give what they say."""

import importlib
import subprocess
import sys

import pytest

from tests.conftest import ROOT

WANTED = {
    "index": {"Article", "Chunk", "Filters", "IndexConfig", "WensouError", "build_index", "open_backend"},
    "search": {"Answer", "SearchEngine", "SearchOptions"},
}


@pytest.mark.parametrize("door", WANTED)
def test_a_door_lists_its_names_in_order_and_gives_each(door):
    module = importlib.import_module(door)
    assert module.__all__ == sorted(module.__all__)
    assert WANTED[door] <= set(module.__all__)
    for name in module.__all__:
        assert getattr(module, name).__name__ == name


@pytest.mark.parametrize("door", WANTED)
def test_a_door_exports_nothing_else(door):
    module = importlib.import_module(door)
    code = (
        f"import types, {door} as door\n"
        "print(*(n for n, v in vars(door).items() if not n.startswith('_') and not isinstance(v, types.ModuleType)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(shown.split()) <= {*module.__all__, "import_module", "TYPE_CHECKING", "Any"}


@pytest.mark.parametrize("door", WANTED)
def test_a_name_that_is_not_there_is_an_attribute_error(door):
    module = importlib.import_module(door)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = module.no_such_name


def test_the_errors_of_the_door_are_one_tree():
    index, errors = importlib.import_module("index"), importlib.import_module("index.errors")
    tree = {name: kind for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert all(issubclass(kind, index.WensouError) for kind in tree.values())
    assert len({kind.code for kind in tree.values()}) == len(tree)
    for name in tree:
        assert name in errors.__doc__
