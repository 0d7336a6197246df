"""Where altered bytes make a question fail, say which file it is."""

from collections.abc import Callable
from functools import update_wrapper
from pathlib import Path
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from index.storage.layout import Manifest, corrupt


class _Opened(Protocol):
    @property
    def root(self) -> Path: ...

    @property
    def manifest(self) -> Manifest: ...


P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound=_Opened)


def names_damage(ask: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Make `ask` raise IndexCorrupt with the file's name where its files were altered. Costs nothing while all is well.

    What `ask` raises for another reason is raised as it is.
    """

    def asked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return ask(self, *args, **kwargs)
        except (IndexError, ValueError, KeyError, TypeError, OverflowError, MemoryError, RuntimeError) as error:
            damage = corrupt(self.root, self.manifest, error)
            if damage is None:
                raise
            raise damage from error

    update_wrapper(asked, ask)
    return asked
