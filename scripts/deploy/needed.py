"""The packages that a server without torch needs, a line each: those of a pyproject.toml and of extras of it.

python scripts/deploy/needed.py pyproject.toml formats,mcp
"""

import sys
import tomllib
from pathlib import Path

WITH_TORCH = ("sentence-transformers",)  # only models other than the bundled one and e5-small need it


def needed(project: Path, extras: str) -> list[str]:
    """Requirements; KeyError for an extra that there is not."""
    told = tomllib.loads(project.read_text("utf-8"))["project"]
    found = list(told["dependencies"])
    for extra in filter(None, (one.strip() for one in extras.split(","))):
        found += told["optional-dependencies"][extra]
    return [one for one in found if not one.startswith(WITH_TORCH)]


if __name__ == "__main__":
    print("\n".join(needed(Path(sys.argv[1]), sys.argv[2])))
