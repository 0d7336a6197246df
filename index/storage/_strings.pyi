"""Strings of a sorted table looked up and taken (strings.c), where it was compiled."""

from typing import Any

from numpy.typing import NDArray

def find_all(
    blob: NDArray[Any], ends: NDArray[Any], keys: NDArray[Any], sought: list[bytes], out: NDArray[Any]
) -> None: ...
def take(blob: NDArray[Any], starts: NDArray[Any], ends: NDArray[Any]) -> list[str]: ...
