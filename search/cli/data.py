"""Commands on data sets."""

import sys
from typing import Annotated

import typer

from search.cli.app import app
from search.errors import KlayerError

data_app = typer.Typer(help="Data sets: fetch them, or clear what was prepared from them.")
app.add_typer(data_app, name="data", no_args_is_help=True)


@data_app.command("fetch")
def data_fetch(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="cifar10")],
) -> None:
    """Download a data set from its official address into the user's cache; 170 MB."""
    if dataset != "cifar10":
        raise KlayerError(f"{dataset}: no data set of this name can be fetched; there is cifar10")
    from search.objectives import network as objective
    from search.objectives.network.fetch import CIFAR10, fetch

    folder = fetch(CIFAR10, objective.cache_folder() / "cifar10", progress=sys.stderr.isatty())
    typer.echo(str(folder))


@data_app.command("clear")
def data_clear() -> None:
    """Remove standardised images from the cache; runs make them again when they need them."""
    from search.objectives import network as objective

    typer.echo(f"{objective.clear_prepared() / 1e6:,.0f} MB freed")
