"""The command that serves what a browser shows of searches."""

from typing import Annotated

import typer

from search.cli import options
from search.cli.app import app
from search.ledger import DEFAULT_STORAGE


@app.command()
def dashboard(
    storage: options.StorageOption = DEFAULT_STORAGE,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="HOST",
            help="Where to listen; where others reach it, a password is needed.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Likewise; 0 for any that is free.")
    ] = 8080,
    allowed_host: Annotated[
        list[str],
        typer.Option(
            "--allowed-host",
            metavar="NAME",
            help="Another name under which it answers, as of a proxy; may be given again.",
        ),
    ] = [],  # noqa: B006
    allow_edit: Annotated[
        bool,
        typer.Option("--allow-edit", help="Let Optuna's dashboard change and delete studies."),
    ] = False,
) -> None:
    """Show searches in a browser, until Ctrl-C: klayer's own pages, and Optuna's dashboard."""
    from search.views.dashboard.dashboard import Settings, run_dashboard

    settings = Settings(storage, host, port, tuple(allowed_host), allow_edit)
    run_dashboard(settings, lambda address: typer.echo(f"dashboard: {address} (Ctrl-C ends it)"))
