"""The compiled kernel (kernel.c), where it was built; see SegmentScorer for what both do."""

from typing import Any

from numpy.typing import NDArray

VERSION: int

Field = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any], bool]
Formula = tuple[bool, float, float, float]

def best(
    fields: tuple[Field, ...],
    formula: Formula,
    chunk_starts: NDArray[Any],
    term_fields: NDArray[Any],
    numbers: NDArray[Any],
    weights: NDArray[Any],
    k: int,
    floor: float,
    allowed: NDArray[Any] | None,
) -> bytes: ...
def parts(
    fields: tuple[Field, ...],
    formula: Formula,
    chunk_articles: NDArray[Any],
    term_fields: NDArray[Any],
    numbers: NDArray[Any],
    weights: NDArray[Any],
    rows: NDArray[Any],
    into: NDArray[Any],
) -> None: ...
