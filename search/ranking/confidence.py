"""Whether an answer answers anything. Gibberish and questions about something else have a nearest article too.

Each leg, and both together, have a signal (index.retrieval.signals), and the build measured on this very index what a
question without meaning gets of it by chance and what one gets that has an answer:

    cut-off = .57 * the median by chance + .43 * the least that is known, at most what 95 of 100 stay under by chance

Words alone are judged mildly, for who asks for them wants to see where they stand: by the median by chance. In a small
index nothing competes with a known sentence, so that much less is an answer too: it has one cut-off for both legs, for
the bundled encoder only, set low, where none of the sample questions falls under it. What all this catches and what it
costs, scripts/bench/nothing.py measures.
"""

from collections.abc import Mapping

from index.backend import Backend
from index.calibration import Border, Measured
from index.config import BUNDLED_MODEL
from search.models import Mode

CUT_OFF = 0.3  # of both legs, in a small index
ENOUGH = 1_000  # chunks that make an index no small one
_KNOWN = 0.43


def cut_off(border: Border) -> float:
    """The signal under which there is no answer."""
    return min((1 - _KNOWN) * border.chance + _KNOWN * border.known_low, border.chance_high)


def cut_offs(backend: Backend) -> Mapping[Mode, float]:
    """The cut-off of each mode that has one."""
    measured = Measured.from_json(backend.calibration.get("measured"), backend.encoder_fingerprint)
    if measured is None or measured.chunks < ENOUGH:
        return {"hybrid": CUT_OFF} if backend.stats().encoder == BUNDLED_MODEL else {}
    borders = measured.borders
    return {
        "bm25": borders["bm25"].chance,
        "dense": cut_off(borders["dense"]),
        "hybrid": cut_off(borders["hybrid"]),
    }
