"""The virtual environment `.venv` of this folder, by the standard library alone: what start, test and setup share."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH = "torch==2.13.0"  # left to sentence-transformers, pip may fetch a build with gigabytes of GPU libraries
OLDEST = (3, 11)


def program(name: str) -> Path:
    """Where a program of the environment lies, on Windows and elsewhere."""
    if os.name == "nt":
        return ROOT / ".venv" / "Scripts" / f"{name}.exe"
    return ROOT / ".venv" / "bin" / name


def find_python() -> str:
    """A Python that is new enough: the one named by PYTHON, the one that runs, or one on the path; exits without."""
    named = os.environ.get("PYTHON")
    newest_first = [f"python3.{minor}" for minor in range(14, OLDEST[1] - 1, -1)]
    for name in [named, sys.executable, *newest_first, "python3", "python"]:
        found = shutil.which(name) if name else None
        if found and _is_new_enough(found):
            return found
    sys.exit(f"wensou needs Python {OLDEST[0]}.{OLDEST[1]} or newer; found none. Set PYTHON to the path of one.")


def _is_new_enough(python: str) -> bool:
    code = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.run([python, "-c", code], check=False, capture_output=True).returncode == 0


def setup(extra: str = "") -> None:
    """Make `.venv` with what the project needs, and the extra `extra`; again only when pyproject.toml or what is
    compiled has changed.
    """
    os.chdir(ROOT)
    python = program("python")
    if not python.exists():
        subprocess.run([find_python(), "-m", "venv", str(ROOT / ".venv")], check=True)
    stamp = ROOT / ".venv" / (f".wensou-{extra}" if extra else ".wensou")
    made_from = ROOT / "pyproject.toml", *ROOT.glob("*/*/*.c")
    if stamp.exists() and stamp.stat().st_mtime >= max(path.stat().st_mtime for path in made_from):
        return
    print("setting up .venv (once, a minute or two) ...", file=sys.stderr, flush=True)
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    if "PYTHONDONTWRITEBYTECODE" not in os.environ:
        pip.append("--no-compile")  # Python compiles what it loads, once; all of it beforehand takes most of a minute
    subprocess.run([*pip, TORCH], check=True)
    subprocess.run([*pip, "--editable", f".[{extra}]" if extra else "."], check=True)
    stamp.touch()


def run(name: str, *arguments: str) -> int:
    """Run a program of the environment in the project's folder; its exit code."""
    return subprocess.run([str(program(name)), *arguments], cwd=ROOT, check=False).returncode


def become(name: str, *arguments: str) -> None:
    """Run a program of the environment in place of this one, so that signals reach it; on Windows, beside this one."""
    sys.stdout.flush()
    if os.name == "nt":
        sys.exit(run(name, *arguments))
    os.chdir(ROOT)
    os.execv(program(name), [str(program(name)), *arguments])
