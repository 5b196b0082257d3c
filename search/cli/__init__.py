"""The command line: what each command is called and takes, and how it ends.

Exit status 0 is success, 2 a fault in what was given, 3 a search with failed trials, 130 a command
that was asked to stop, 1 anything else. Everything heavy is imported by the command that needs it,
so that `--help` answers at once.
"""

import os
import sys
from importlib import import_module

import typer

from search.cli import (  # noqa: F401 (each adds commands)
    dashboard,
    plots,
    reproduce,
    searches,
    storage,
    studies,
    workers,
)
from search.cli.app import AskedToStop, app
from search.errors import FailedTrialsError, KlayerError, UnforeseenError
from search.runtime.formatting import harmless
from search.runtime.process_title import hide_passwords
from search.runtime.refusals import refusal
from search.runtime.safe_path import set_safe_path
from search.runtime.streams import checked_streams, ignore_odd_width

OF_ONE_KIND = ("search.objectives.network.commands",)
"""Modules that add commands which only one kind of objective has."""

for _commands in OF_ONE_KIND:
    import_module(_commands)


def main() -> None:
    """Run the command line; every fault in what was given is one message and exit status 2."""
    hide_passwords(sys.orig_argv)
    ignore_odd_width(os.environ)
    set_safe_path(os.environ)  # before any command starts a process
    try:
        with checked_streams():
            app(prog_name="klayer")
    except (AskedToStop, KeyboardInterrupt):
        typer.echo("klayer: stopped", err=True)
        sys.exit(130)
    except KlayerError as error:
        typer.echo(f"klayer: {harmless(str(error))}", err=True)
        sys.exit(_exit_status(error))
    except Exception as error:
        if (refused := refusal(error)) is None:
            raise
        typer.echo(f"klayer: {refused}", err=True)
        sys.exit(1)


def _exit_status(error: KlayerError) -> int:
    from search.ledger.faults import DatabaseFaultError
    from search.workers.pool import InterruptedRunError, WorkersDiedError

    if isinstance(error, InterruptedRunError):
        return 130
    if isinstance(error, FailedTrialsError):
        return 3
    unforeseen = WorkersDiedError | DatabaseFaultError | UnforeseenError
    return 1 if isinstance(error, unforeseen) else 2
