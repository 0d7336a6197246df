"""Common subsequences by their weight (align.c), where it was compiled."""

from typing import Any

from numpy.typing import NDArray

def in_order(
    texts: NDArray[Any], ends: NDArray[Any], asked: NDArray[Any], weights: NDArray[Any], out: NDArray[Any]
) -> None: ...
