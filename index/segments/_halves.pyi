"""Half precision made single, and inner products (halves.c), where it was compiled."""

from typing import Any

from numpy.typing import NDArray

def decode(halves: NDArray[Any], rows: NDArray[Any], into: NDArray[Any]) -> None: ...
def products(halves: NDArray[Any], rows: NDArray[Any], vector: NDArray[Any], out: NDArray[Any]) -> None: ...
