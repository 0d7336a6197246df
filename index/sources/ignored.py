"""Which files of a folder are left out: patterns as in `.gitignore`, given by `--exclude` or in `.wensouignore`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from index.errors import BadOption
from index.sources import encodings

IGNORE_FILE = ".wensouignore"


def check_patterns(patterns: Sequence[str]) -> None:
    """Raise BadOption for a pattern that is none."""
    _spec(patterns, "--exclude")


def _spec(lines: Sequence[str], where: str) -> Any:
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise BadOption(
            f"{where}: {error}: wanted patterns as in .gitignore", hint="drafts/, *.bak, !keep.txt, /only/at/the/top"
        ) from error


class Ignored:
    """What is left out below a folder: what was asked for comes first, then the rules of the nearest folder.

    A file below a folder that is left out is left out, whatever else is said of it.
    """

    def __init__(self, folder: Path, patterns: Sequence[str] = ()) -> None:
        """`patterns` are relative to `folder`, the one that was named. Raises BadOption where one is none."""
        self._asked = (folder, _spec(patterns, "--exclude")) if patterns else None
        self._rules: list[tuple[Path, Any]] = []
        self._read(folder)

    def _read(self, folder: Path) -> None:
        try:
            data = (folder / IGNORE_FILE).read_bytes()
        except OSError:
            return
        lines = (encodings.decode(data) or "").splitlines()
        self._rules.append((folder, _spec(lines, str(folder / IGNORE_FILE))))

    def below(self, folder: Path) -> "Ignored":
        """The same for a folder inside, whose own rules are read."""
        inner = Ignored.__new__(Ignored)
        inner._asked, inner._rules = self._asked, list(self._rules)
        inner._read(folder)
        return inner

    def leaves_out(self, path: Path, *, folder: bool) -> bool:
        """Whether `path`, a folder or a file, is left out."""
        for base, spec in ([self._asked] if self._asked else []) + self._rules[::-1]:
            name = path.relative_to(base).as_posix() + ("/" if folder else "")
            said = spec.check_file(name).include
            if said is not None:
                return bool(said)
        return False
