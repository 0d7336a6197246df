"""The index that a request asks, as its key may see it. Routes get their engines here and nowhere else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from index.errors import IndexMissing
from index.models import Filters
from search.api.answers import Refused
from search.api.security import current
from search.engine import SearchEngine
from search.live import LiveEngine
from search.service.journal import Journal
from search.service.keys import KeyRing


@dataclass(frozen=True, slots=True)
class Served:
    """One index that is served."""

    name: str
    live: LiveEngine
    ring: KeyRing
    journal: Journal | None

    def writable(self) -> Journal:
        """Where what is asked to be written goes; Refused for an index that lies in another engine."""
        if self.journal is None:
            raise Refused(403, "a server writes to indexes in folders only", hint="wensou index SOURCE --index ADDRESS")
        return self.journal


def journal_of(live: LiveEngine) -> Journal | None:
    """The journal of an index in a folder."""
    return Journal(live.folder) if live.folder else None


class Asked:
    """What stands behind the routes: which of the indexes is meant, narrowed to what the request's key may see."""

    def __init__(self, indexes: Mapping[str, Served], sources: Sequence[str] = ()) -> None:
        """Served indexes by name, one at least; `sources` are what may be read again."""
        self.indexes, self.sources = indexes, tuple(sources)

    def served(self) -> list[Served]:
        """The index that was named; else all that the key opens."""
        access = current.get()
        names = [access.index] if access.index is not None else [n for n in self.indexes if access.sees(n)]
        return [self.indexes[name] for name in names]

    def one(self) -> Served:
        """The one index meant; Refused where it could be several."""
        found = self.served()
        if len(found) != 1:
            names = ", ".join(f"/i/{one.name}/" for one in found)
            raise Refused(400, "several indexes are served here: say which", hint=f"ask under {names}")
        return found[0]

    def engine(self) -> SearchEngine:
        """The engine of the one index meant."""
        return engine_of(self.one())

    def engines(self) -> dict[str, SearchEngine]:
        """The engines of all that is asked, by name."""
        found = {one.name: engine_of(one) for one in self.served()}
        if not found:
            raise IndexMissing("no index here that this key opens")
        return found

    @staticmethod
    def whole() -> None:
        """Refuse a key that must not see everything, where an answer cannot be narrowed."""
        if current.get().narrowed:
            raise Refused(403, "this tells of all articles, and the key opens some of them only")


def engine_of(served: Served) -> SearchEngine:
    """The engine of `served`, narrowed to what the request's key may see."""
    key = current.get().key(served.name)
    filters = key.narrowed if key else Filters()
    return served.live.engine(filters)
