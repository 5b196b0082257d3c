"""Commands that only networks have: their data sets, their gradients, the winner as a file."""

import shlex
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from search.cli import options
from search.cli.app import app
from search.errors import KlayerError
from search.ledger import DEFAULT_STORAGE


class Difference(StrEnum):
    """Which finite difference a gradient is held against."""

    central = "central"
    forward = "forward"


data_app = typer.Typer(help="Data: fetch and show them, list and clear what was prepared.")
app.add_typer(data_app, name="data", no_args_is_help=True)


@data_app.command("fetch")
def data_fetch(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="cifar10")],
) -> None:
    """Download a data set from its official address into the user's cache; 170 MB."""
    if dataset != "cifar10":
        raise KlayerError(f"{dataset}: no data set of this name can be fetched; there is cifar10")
    from search.objectives.network.fetch import CIFAR10, fetch
    from search.runtime.cache import cache_folder

    folder = fetch(CIFAR10, cache_folder() / "cifar10", progress=sys.stderr.isatty())
    typer.echo(str(folder))


@data_app.command("list")
def data_list(as_json: options.JsonOption = False) -> None:
    """List the prepared data that the cache holds, those used last first."""
    from search.objectives.network.data import list_prepared
    from search.objectives.network.views.data_view import kept_json, show_kept

    kept = list_prepared()
    if as_json:
        options.print_json([kept_json(one) for one in kept])
    else:
        show_kept(kept, options.console())


@data_app.command("show")
def data_show(
    study: options.StudyArgument,
    changes: options.SetOption = [],  # noqa: B006
    data: options.DataOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Show what a search would know of a study's data: rows, inputs, task, classes, fingerprint."""
    from search.ledger.opening import card_of
    from search.objectives.network.views.data_view import show_card

    card = card_of(options.load(study, changes, None, data), data)
    if as_json:
        options.print_json(card.plain())
    else:
        show_card(card, options.console())


@data_app.command("clear")
def data_clear(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Only of these data; all, unless given."),
    ] = None,
) -> None:
    """Remove prepared data from the cache; runs make them again when they need them."""
    from search.objectives.network.data import clear_prepared

    typer.echo(f"{clear_prepared(name) / 1e6:,.0f} MB freed")


@app.command()
def gradcheck(
    study: options.StudyArgument,
    changes: options.SetOption = [],  # noqa: B006
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="Rows of the batch.")] = 10,
    inputs: Annotated[
        int | None, typer.Option(min=1, help="Only the first inputs of each row; all of them.")
    ] = None,
    difference: Annotated[
        Difference, typer.Option(help="Finite difference to compare with.")
    ] = Difference.central,
    step: Annotated[
        float | None,
        typer.Option(min=1e-12, max=1.0, help="Of the difference; 1e-4 central, 1e-6 forward."),
    ] = None,
    data: options.DataOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Compare a study's analytic gradients with finite differences, parameter by parameter."""
    from search.objectives.network.data import open_data
    from search.objectives.network.measuring import check_gradients
    from search.objectives.network.views.gradcheck_view import show, to_json

    loaded = options.load(study, changes, None, data)
    network = loaded.objective
    if network.kind != "network":
        raise KlayerError(
            f"{loaded.name}: trains a {network.kind} of your own, whose gradients are not "
            "klayer's to check"
        )
    opened = open_data(network, loaded.seed, data)
    checked = check_gradients(network, loaded.seed, opened, rows, inputs, difference.value, step)
    if as_json:
        options.print_json(to_json(checked))
    else:
        show(loaded, checked, options.console())


@app.command()
def model(
    name: options.NameArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to; such as winner.npz.")
    ],
    storage: options.StorageOption = DEFAULT_STORAGE,
    data: options.DataOption = None,
    finalists: Annotated[
        bool,
        typer.Option("--finalists", help="Write the other finalists too, which vote with it."),
    ] = False,
    as_json: options.JsonOption = False,
) -> None:
    """Train the winner of a finished search again, as recorded, and write it to a file."""
    from search.ledger.ledger import Ledger
    from search.objectives.network.rebuild import rebuild
    from search.objectives.network.views.model_view import EpochsView, show, to_json

    with (
        Ledger(storage) as ledger,
        EpochsView(options.console(stderr=True), name, finalists=finalists) as view,
    ):
        rebuilt = rebuild(ledger, name, data, output, view, finalists=finalists)
    if as_json:
        options.print_json(to_json(rebuilt))
    else:
        show(rebuilt, options.console())


@app.command()
def predict(
    model_file: Annotated[
        Path, typer.Argument(metavar="MODEL", help="What `klayer model` wrote, such as winner.npz.")
    ],
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Rows as those trained on: a table with the same columns, a .npy, .npz or IDX "
            "file, a folder of images, or an image.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to; such as out.csv.")
    ],
    vote: Annotated[
        bool | None,
        typer.Option(
            "--vote/--no-vote",
            help="Let all finalists in the file vote, or the winner's snapshots; or ask the winner "
            "alone. Finalists vote unless said, snapshots do not.",
        ),
    ] = None,
) -> None:
    """Predict the target of each row with a winner that was trained on your own data."""
    from search.objectives.network.views.predicting import listed
    from search.objectives.network.views.predicting import predict as predict_rows
    from search.runtime.formatting import plural

    done = predict_rows(model_file, data, output, vote=vote)
    for line in done.notes:
        typer.echo(f"klayer: {line}", err=True)
    typer.echo(f"{output}: {plural(done.rows, 'row')}, {listed(done.columns)}")


@app.command()
def init(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="A table (CSV, TSV, Parquet), arrays (.npy, .npz, IDX) or a folder of images of "
            "your own; or iris, wine, breast_cancer or diabetes.",
        ),
    ],
    target: Annotated[
        list[str],
        typer.Option(
            "--target",
            "-t",
            metavar="COLUMN",
            help="The column to predict, may be repeated; of arrays the file of the labels.",
        ),
    ] = [],  # noqa: B006
    exclude: Annotated[
        list[str],
        typer.Option(
            "--exclude", metavar="COLUMN", help="A column that is no input; may be repeated."
        ),
    ] = [],  # noqa: B006
    changes: Annotated[
        list[str],
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Another key of \\[data], as in data.task=regression; may be given again.",
        ),
    ] = [],  # noqa: B006
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The study file; DATA.toml here."),
    ] = None,
) -> None:
    """Write a study file for data of your own: its task, and ranges of its size."""
    from search.objectives.network.views.starting import write_study

    done = write_study(data, target, exclude, output, changes)
    for line in done.remarks:
        typer.echo(f"klayer: {line}", err=True)
    typer.echo(f"{done.file}: run it with `klayer run {shlex.quote(str(done.file))}`")
