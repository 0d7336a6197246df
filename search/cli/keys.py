"""`wensou keys`: add, list and revoke the keys of an index's API."""

from pathlib import Path
from typing import Annotated

import typer

from index.errors import BadOption
from search.cli.console import IndexOption, JsonOption, dump, index_path

keys = typer.Typer(no_args_is_help=True, help="Add, list and revoke the keys of the API.")


@keys.command()
def add(
    index: IndexOption = None,
    role: Annotated[str, typer.Option(help="read, write or admin.")] = "read",
    filter_: Annotated[
        list[str] | None,
        typer.Option("--filter", metavar="NAME=VALUE", help="All that a read key may see; may be repeated."),
    ] = None,
    expires: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The last day it holds.")] = None,
    json_: JsonOption = False,
) -> None:
    """Make a key and show it, once."""
    from search.service.keys import add_key

    key, token = add_key(_folder(index), role, filter_ or (), expires)
    if json_:
        dump({**key.shown(), "key": token})
        return
    print(token)
    typer.echo(f"key {key.key_id}, role {key.role}: it is shown only now", err=True)


@keys.command(name="list")
def list_(index: IndexOption = None, json_: JsonOption = False) -> None:
    """List the keys of an index; the keys themselves are not kept."""
    from search.service.keys import read_keys

    found = [key.shown() for key in read_keys(_folder(index))]
    if json_:
        dump(found)
        return
    for key in found:
        until = "expired" if key["expired"] else f"until {key['expires']}" if key["expires"] else "does not expire"
        print("  ".join([key["key_id"], f"{key['role']:5}", key["created"], until, *key["filters"]]))


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="As the list names it.")],
    index: IndexOption = None,
) -> None:
    """Take a key away; running servers refuse it at once."""
    from search.service.keys import revoke_key

    revoke_key(_folder(index), key_id)
    print(f"key {key_id} is revoked")


def _folder(index: str | None) -> Path:
    path = index_path(index)
    if "://" in path:
        raise BadOption(
            f"keys: got {path}, want a folder: keys are kept in it",
            hint="the server of an index elsewhere has one key, WENSOU_KEY, for all that it holds",
        )
    return Path(path)
