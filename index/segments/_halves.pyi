"""Half precision made single (halves.c), where it was compiled."""

from typing import Any

from numpy.typing import NDArray

def decode(halves: NDArray[Any], rows: NDArray[Any], into: NDArray[Any]) -> None: ...
