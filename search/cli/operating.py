"""`wensou backup` and `wensou log`: a copy of a live index, and what its server could not answer."""

from pathlib import Path
from typing import Annotated

import typer

from index.errors import BadOption
from search.cli.console import IndexOption, JsonOption, dump, index_path


def backup(
    index: Annotated[str, typer.Argument(metavar="DIR", help="The index folder, or with --restore the new one.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup: .tar, or .tar.gz to have it packed.")],
    restore: Annotated[bool, typer.Option("--restore", help="Make the folder anew from the file.")] = False,
) -> None:
    """Copy a live index into one file, or make an index from such a file."""
    from search.live import folder_of
    from search.service.backup import back_up, restore_backup

    folder = folder_of(index)
    if folder is None:
        raise BadOption(f"backup: got {index}, want a folder", hint="wensou copy ADDRESS DIR makes one of it")
    commit = restore_backup(file, folder) if restore else back_up(folder, file)
    print(f"commit {commit} is in {index if restore else file}")


def log(
    index: IndexOption = None,
    empty: Annotated[
        bool, typer.Option("--empty", help="Questions that found nothing, the most frequent first.")
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Show what a server has noted of questions."""
    from search.live import folder_of
    from search.service.question_log import unanswered

    if not empty:
        raise BadOption("log: which?", hint="wensou log --empty")
    folder = folder_of(index_path(index))
    if folder is None:
        raise BadOption(f"log: got {index_path(index)}, want a folder: questions are noted in it")
    found = unanswered(folder)
    if json_:
        dump([one._asdict() for one in found])
        return
    for one in found:
        print(f"{one.times:6}  {one.last[:10]}  {one.question}")
