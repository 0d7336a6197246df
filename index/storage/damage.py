"""Where altered bytes make a question fail, say which file it is."""

from collections.abc import Callable, Iterator
from functools import update_wrapper
from inspect import isgeneratorfunction
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from index.errors import IndexCorrupt
from index.storage.layout import Manifest, corrupt


class _Opened(Protocol):
    @property
    def root(self) -> Path: ...

    @property
    def manifest(self) -> Manifest: ...
    @property
    def damage(self) -> IndexCorrupt | None: ...


P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=_Opened)


# What reading altered bytes ends in.
_SYMPTOMS = (IndexError, ValueError, KeyError, TypeError, OverflowError, MemoryError, RuntimeError)


def names_damage(ask: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Make `ask` raise IndexCorrupt with the file's name where its files were altered. Costs nothing while all is well.

    What `ask` raises for another reason is raised as it is. Of a generator every step is watched.
    Damage that was found meanwhile (`damage`) is raised before anything is asked.
    """
    if isgeneratorfunction(ask):

        def listed(self: S, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[object]:
            if self.damage is not None:
                raise self.damage
            try:
                yield from ask(self, *args, **kwargs)
            except _SYMPTOMS as error:
                raise corrupt(self.root, self.manifest, error) or error from error

        update_wrapper(listed, ask)
        return cast(Callable[Concatenate[S, P], R], listed)

    def asked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if self.damage is not None:
            raise self.damage
        try:
            return ask(self, *args, **kwargs)
        except _SYMPTOMS as error:
            damage = corrupt(self.root, self.manifest, error)
            if damage is None:
                raise
            raise damage from error

    update_wrapper(asked, ask)
    return asked
