"""Commands on the database itself."""

import typer

from search.cli import options
from search.cli.app import app
from search.ledger import DEFAULT_STORAGE

storage_app = typer.Typer(help="The database: make its tables, or bring them up to date.")
app.add_typer(storage_app, name="storage", no_args_is_help=True)


@storage_app.command("create")
def storage_create(storage: options.StorageOption = DEFAULT_STORAGE) -> None:
    """Make the tables that searches are kept in, where there are none; again does no harm."""
    from search.ledger.ledger import Ledger

    with Ledger(storage, create=True) as ledger:
        typer.echo(f"{ledger.database.shown}: its tables are there")


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
