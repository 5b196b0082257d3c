"""Commands on the database itself."""

from pathlib import Path
from typing import Annotated

import typer

from search.cli import options
from search.cli.app import app
from search.ledger import DEFAULT_STORAGE
from search.runtime.formatting import in_bytes, plural

storage_app = typer.Typer(help="The database: make its tables, copy it, or bring them up to date.")
app.add_typer(storage_app, name="storage", no_args_is_help=True)


@storage_app.command("create")
def storage_create(storage: options.StorageOption = DEFAULT_STORAGE) -> None:
    """Make the tables that searches are kept in, where there are none; again does no harm."""
    from search.ledger.ledger import Ledger

    with Ledger(storage, create=True) as ledger:
        typer.echo(f"{ledger.database.shown}: its tables are there")


@storage_app.command("backup")
def storage_backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file for the copy.")],
    storage: options.StorageOption = DEFAULT_STORAGE,
) -> None:
    """Copy a SQLite database into a new file, also while searches run."""
    import sqlite3

    from search.errors import KlayerError
    from search.ledger import sqlite
    from search.ledger.ledger import Ledger
    from search.ledger.location import locate

    if locate(storage).kind != "sqlite":
        raise KlayerError(
            f"{locate(storage).shown}: `klayer storage backup` copies SQLite databases; of "
            "PostgreSQL take a dump with pg_dump, which workers need not be stopped for either"
        )
    with Ledger(storage) as ledger:
        try:
            sqlite.back_up(ledger.database.engine, file)
        except FileExistsError:
            raise KlayerError(f"{file}: is there already; name a new file") from None
        except OSError as error:
            raise KlayerError(f"{file}: cannot be written: {error.strerror}") from None
        except sqlite3.Error as error:
            raise KlayerError(f"{file}: the copy cannot be made: {error}") from None
        searches = len(ledger.read.names())
    typer.echo(f"{file}: {plural(searches, 'search')} of {ledger.database.shown}")


@storage_app.command("upgrade")
def storage_upgrade(storage: options.StorageOption = DEFAULT_STORAGE) -> None:
    """Bring the tables of an older klayer up to date; keep a copy of the database before."""
    from search.ledger.location import locate
    from search.ledger.schema import upgrade

    found, now = upgrade(storage)
    shown = locate(storage).shown
    if found == now:
        typer.echo(f"{shown}: its tables are of revision {now} already")
    else:
        typer.echo(f"{shown}: its tables were of revision {found}, and are of revision {now} now")


@app.command()
def doctor(storage: options.StorageOption = DEFAULT_STORAGE) -> None:
    """Say what may hold searches up in a database, and what to do about it."""
    from search.ledger.checkup import checkup
    from search.ledger.ledger import Ledger
    from search.runtime.cache import cache_folder, size

    with Ledger(storage) as ledger:
        found = checkup(ledger.database)
        shown = ledger.database.shown
    for line in found.faults or [f"{shown}: nothing was found that holds searches up."]:
        typer.echo(line)
    for line in found.remarks:
        typer.echo(line)
    if held := size():
        said = (
            f"The cache holds {in_bytes(held)} in {cache_folder()}; `klayer data list` shows what "
        )
        typer.echo(f"{said}is prepared in it, and `klayer data clear` removes that.")
    if found.faults:
        raise typer.Exit(1)
