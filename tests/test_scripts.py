"""The scripts people start with: one environment for all of them, on any system, made once."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import environment


@pytest.fixture
def calls(tmp_path, monkeypatch):
    """A project in an empty folder, in which nothing is run but noted."""
    made = []

    def note(command, **_):
        made.append([str(part) for part in command])
        return subprocess.CompletedProcess(command, 0)

    (tmp_path / "pyproject.toml").write_text("", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(subprocess, "run", note)
    return made


@pytest.mark.parametrize("name", ["start", "test", "setup"])
def test_scripts_are_python_and_can_be_started_as_they_are(name):
    path = ROOT / "scripts" / name
    text = path.read_text("utf-8")
    assert text.startswith("#!/usr/bin/env python3\n")
    compile(text, str(path), "exec")
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize(("system", "want"), [("posix", ".venv/bin/wensou"), ("nt", ".venv/Scripts/wensou.exe")])
def test_programs_lie_where_the_system_keeps_them(monkeypatch, system, want):
    root = environment.ROOT
    monkeypatch.setattr(environment, "os", SimpleNamespace(name=system))
    assert environment.program("wensou").relative_to(root).as_posix() == want


@pytest.mark.parametrize(("compiling", "flags"), [(None, ["--no-compile"]), ("1", [])])
def test_the_environment_is_made_once_and_again_only_when_the_project_asks_for_more(
    tmp_path, calls, monkeypatch, compiling, flags
):
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    if compiling:
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", compiling)
    (tmp_path / ".venv").mkdir()
    environment.setup("test")
    installs = [call[call.index("--quiet") + 1 :] for call in calls if "install" in call]
    assert all(call[: len(flags)] == flags for call in installs)
    installs = [call[len(flags) :] for call in installs]
    assert installs == [[environment.TORCH], ["--editable", ".[test]"]]
    assert any(call[1:3] == ["-m", "venv"] for call in calls)
    (tmp_path / ".venv" / "bin").mkdir()
    environment.program("python").touch()
    calls.clear()
    environment.setup("test")
    assert calls == []
    later = (tmp_path / ".venv" / ".wensou-test").stat().st_mtime + 5
    os.utime(tmp_path / "pyproject.toml", (later, later))
    environment.setup("test")
    assert len(calls) == 2


def test_a_python_that_is_too_old_is_said(monkeypatch):
    monkeypatch.setattr(environment, "_is_new_enough", lambda python: False)
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer"):
        environment.find_python()
