"""The command `klayer` itself, to which the files beside this one add their commands."""

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from search.runtime import blas


class AskedToStop(Exception):  # noqa: N818 (it is no error)
    """Ctrl-C where nothing has to be handed back."""


# As one meets them, from a study to its winner; the help lists them so.
ORDER = (
    "studies",
    "init",
    "plan",
    "run",
    "submit",
    "worker",
    "stop",
    "delete",
    "retry",
    "extend",
    "status",
    "workers",
    "dashboard",
    "report",
    "plot",
    "export",
    "model",
    "predict",
    "gradcheck",
    "reproduce",
    "data",
    "storage",
    "doctor",
)


class _Commands(TyperGroup):
    """Commands in their order, that Ctrl-C ends in klayer's own way.

    Typer's differs from version to version.
    """

    def list_commands(self, _: Any) -> list[str]:
        return sorted(self.commands, key=ORDER.index)

    def invoke(self, *context: Any) -> Any:
        try:
            return super().invoke(*context)
        except KeyboardInterrupt:
            raise AskedToStop from None


app = typer.Typer(
    name="klayer",
    cls=_Commands,
    help="Coarse-to-fine hyperparameter search: of a k-layer network, or any training of yours.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"klayer {version('klayer')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    del version
    blas.set_kernels(os.environ)  # before any command imports NumPy
