"""The command that runs the published experiments again, and puts their figures side by side."""

from pathlib import Path
from typing import Annotated

import typer

from search.cli import options
from search.cli.app import app
from search.ledger import DEFAULT_STORAGE


@app.command()
def reproduce(
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Experiments, such as B1 C4; all, unless given."),
    ] = None,
    seeds: Annotated[
        int,
        typer.Option("--seeds", min=1, max=100, help="Run each study with so many seeds."),
    ] = 1,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Rehearse all on the embedded digits, in a minute or two."),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Markdown page that takes the tables as well."
        ),
    ] = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            "--pictures", metavar="FOLDER", help="Where pictures of the experiments go to."
        ),
    ] = None,
    storage: options.StorageOption = DEFAULT_STORAGE,
    workers: options.WorkersOption = None,
    data: options.DataOption = None,
) -> None:
    """Run the published experiments, and put their figures beside the published ones."""
    from search.reproduce.reproduce import Request
    from search.reproduce.reproduce import reproduce as run
    from search.workers.engines import open_engine

    count = workers or options.cores()
    request = Request(tuple(ids or ()), seeds, quick, storage, data, count, output, pictures)
    run(request, lambda: open_engine("loky", count), options.console())
