"""Write the tables of the documents anew from the code: modules, commands and their options.

    python scripts/tables.py            after a module, a command or an option has come, gone or changed its words

`tests/test_docs.py` fails while a table says anything else.
"""

import ast
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import typer.main  # noqa: E402

from search.cli import app  # noqa: E402
from tests.test_layering import ORDER  # noqa: E402


def caption(path: Path) -> str:
    """The first paragraph of a module's docstring, as one line."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split()).replace("|", "\\|")


def modules(side: str) -> str:
    """Every folder and file of a package in the order in which one may import the other."""
    parts = []
    for name in ORDER[side]:
        folder, file = ROOT / side / name, ROOT / side / f"{name}.py"
        if file.exists():
            parts.append(f"`{name}.py`: {caption(file)}")
            continue
        rows = [
            f"| `{path.relative_to(folder).as_posix()}` | {caption(path)} |"
            for path in sorted(folder.rglob("*.py"))
            if path.name != "__init__.py"
        ]
        title = f"### `{name}/`: {caption(folder / '__init__.py')}"
        parts.append("\n".join([title, "", "| module | holds |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _default(option: Any) -> str:
    value = getattr(option, "default", None)
    if getattr(option, "is_flag", False) or value in (None, False, ()):
        return ""
    return f" Default: {getattr(value, 'value', value)}."


def commands() -> str:
    """Every command with its arguments and options, as `--help` says them; those of a group one by one."""
    parts = []
    waiting = list(typer.main.get_command(app).commands.items())  # type: ignore[attr-defined]
    while waiting:
        name, command = waiting.pop(0)
        if own := getattr(command, "commands", None):
            waiting[:0] = [(f"{name} {part}", one) for part, one in own.items()]
        else:
            parts.append(_command(name, command))
    return "\n\n".join(parts)


def _command(name: str, command: Any) -> str:
    named = [one for one in command.params if one.param_type_name == "argument"]
    title = " ".join(["### `wensou", name, *(str(one.metavar or one.name).upper() for one in named)]) + "`"
    rows = []
    for one in command.params:
        if one.param_type_name == "option" and one.name != "help":
            flags = ", ".join(f"`{flag}`" for flag in (*one.opts, *one.secondary_opts))
            text = " ".join((one.help or "").split()) + _default(one)
            rows.append(f"| {flags} | {text} |".replace("*", "\\*"))
    table = ["", "| option | does |", "|---|---|", *rows] if rows else []
    return "\n".join([title, "", " ".join((command.help or "").split()), *table])


TABLES = {
    "index/README.md": {"modules": lambda: modules("index")},
    "search/README.md": {"modules": lambda: modules("search"), "commands": commands},
}


def renewed(document: str) -> str:
    """A document's text with its tables as the code has them now."""
    text = (ROOT / document).read_text("utf-8")
    for name, table in TABLES[document].items():
        begin, end = f"<!-- {name}: python scripts/tables.py -->", f"<!-- end of {name} -->"
        pattern = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.S)
        if not pattern.search(text):
            raise SystemExit(f"{document}: the marks {begin} and {end} are missing")
        made = f"{begin}\n\n{table()}\n\n{end}"
        text = pattern.sub(lambda _, made=made: made, text)  # type: ignore[misc]
    return text


def main() -> None:
    """Renew every table."""
    for document in TABLES:
        (ROOT / document).write_text(renewed(document), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
