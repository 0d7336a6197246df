"""Strings looked up in a sorted table (strings.c), where it was compiled."""

from typing import Any

from numpy.typing import NDArray

def find_all(
    blob: NDArray[Any], ends: NDArray[Any], keys: NDArray[Any], sought: list[bytes], out: NDArray[Any]
) -> None: ...
