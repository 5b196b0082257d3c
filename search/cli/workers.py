"""Commands on workers: start them, and see who works."""

from typing import Annotated

import typer

from search.cli import options
from search.cli.app import app
from search.ledger import DEFAULT_STORAGE


@app.command()
def worker(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="The one search to serve; all, unless given."),
    ] = None,
    storage: options.StorageOption = DEFAULT_STORAGE,
    workers: Annotated[
        int, typer.Option("--workers", "-w", min=1, max=1024, help="Worker processes.")
    ] = 1,
    data: options.DataOption = None,
    engine: options.EngineOption = options.EngineName.loky,
    address: options.AddressOption = None,
    gpus: options.GpusOption = "",
) -> None:
    """Work on one search until it is finished; or on all, oldest first, and wait for new ones."""
    from search.workers import service
    from search.workers.engines import open_engine

    console = options.console()
    if workers == 1 and engine == options.EngineName.loky and address is None:
        service.serve_here(name, storage, data, console, options.devices(gpus))
    else:
        service.serve_with(
            name,
            storage,
            data,
            workers,
            lambda: open_engine(engine.value, workers, address),
            console,
            options.devices(gpus),
        )


@app.command()
def workers(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Name of a search; all, unless given.")
    ] = None,
    storage: options.StorageOption = DEFAULT_STORAGE,
    as_json: options.JsonOption = False,
) -> None:
    """Print who works, on what, and since when."""
    from search.ledger.ledger import Ledger
    from search.views.terminal import workers_view

    with Ledger(storage) as ledger:
        search = None if name is None else ledger.read.search(name)
        found, time = ledger.read.workers(search), ledger.read.clock()
    if as_json:
        options.print_json(workers_view.to_json(found))
    else:
        workers_view.show(found, time, name, options.console())
