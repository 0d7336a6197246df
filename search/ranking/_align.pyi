"""Common subsequences by their weight (align.c), where it was compiled."""

from typing import Any

from numpy.typing import NDArray

def weigh(
    said: NDArray[Any], asked: NDArray[Any], weights: NDArray[Any], room: NDArray[Any], out: NDArray[Any]
) -> None: ...
