"""The command line: what each command is called and takes, and how it ends.

Exit status 0 is success, 2 a fault in what was given, 130 a command that was asked to stop, 1
anything else. Everything heavy is imported by the command that needs it, so that `--help` answers
at once.
"""

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from search import blas
from search.errors import KlayerError
from search.ledger import DEFAULT_STORAGE

if TYPE_CHECKING:
    from rich.console import Console

    from search.study.file import Study


class _AskedToStop(Exception):  # noqa: N818 (it is no error)
    """Ctrl-C where nothing has to be handed back."""


class _Commands(TyperGroup):
    """Commands that Ctrl-C ends in klayer's own way; Typer's differs from version to version."""

    def invoke(self, *context: Any) -> Any:
        try:
            return super().invoke(*context)
        except KeyboardInterrupt:
            raise _AskedToStop from None


app = typer.Typer(
    name="klayer",
    cls=_Commands,
    help="Coarse-to-fine hyperparameter search for fully connected k-layer networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data_app = typer.Typer(help="Data sets: fetch them, or clear what was prepared from them.")
app.add_typer(data_app, name="data", no_args_is_help=True)


class Format(StrEnum):
    """What an export is written as."""

    csv = "csv"
    json = "json"


class Difference(StrEnum):
    """Which finite difference a gradient is held against."""

    central = "central"
    forward = "forward"


StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study that ships with klayer, or a TOML file.")
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a recorded search.")]
StorageOption = Annotated[
    str,
    typer.Option(
        "--storage", envvar="KLAYER_STORAGE", metavar="URL", help="Database that keeps the search."
    ),
]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="KLAYER_DATA",
        metavar="FOLDER",
        help="Folder that holds cifar-10-batches-bin/ or cifar-10-batches-py/; "
        "what `klayer data fetch` keeps, unless given.",
    ),
]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key of the study, as in training.batch_size=64; may be given again.",
    ),
]
RenameOption = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Another name for the search.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", "-w", min=1, max=1024, help="Worker processes; one a core."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def main() -> None:
    """Run the command line; every fault in what was given is one message and exit status 2."""
    try:
        app(prog_name="klayer")
    except (_AskedToStop, KeyboardInterrupt):
        typer.echo("klayer: stopped", err=True)
        sys.exit(130)
    except KlayerError as error:
        typer.echo(f"klayer: {error}", err=True)
        sys.exit(_exit_status(error))


def _exit_status(error: KlayerError) -> int:
    from search.launcher import InterruptedRunError, WorkersDiedError
    from search.ledger.database import DatabaseFaultError
    from search.rebuild import NotReproducedError

    if isinstance(error, InterruptedRunError):
        return 130
    unforeseen = WorkersDiedError | DatabaseFaultError | NotReproducedError
    return 1 if isinstance(error, unforeseen) else 2


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


@app.command()
def studies(as_json: JsonOption = False) -> None:
    """List the studies that ship with klayer."""
    from rich.markup import escape

    from search.study.reading import shipped

    known = shipped()
    if as_json:
        _print_json([{"name": one.name, "description": one.description} for one in known])
        return
    console = _console()
    for one in known:
        console.print(f"[bold]{one.name:<24}[/] {escape(one.description)}", soft_wrap=True)


@app.command()
def plan(
    study: StudyArgument,
    changes: SetOption = [],  # noqa: B006 (typer copies it)
    name: RenameOption = None,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what a study would do, before anything runs."""
    from search.show import plan_view

    outline = plan_view.outline(_load(study, changes, name), workers or _cores())
    if as_json:
        _print_json(plan_view.to_json(outline))
    else:
        plan_view.show(outline, _console())


@app.command()
def run(
    study: StudyArgument,
    storage: StorageOption = DEFAULT_STORAGE,
    workers: WorkersOption = None,
    changes: SetOption = [],  # noqa: B006
    name: RenameOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a search, or go on with it where it stopped."""
    from search.runner import run_search
    from search.study import reading

    loaded = _load(study, changes, name)
    console = _console(stderr=as_json)
    summary = run_search(loaded, reading.text(study), storage, data, workers or _cores(), console)
    if as_json:
        _print_json(summary.to_json())


@app.command()
def status(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Name of a search; all, unless given.")
    ] = None,
    storage: StorageOption = DEFAULT_STORAGE,
    as_json: JsonOption = False,
) -> None:
    """Print how recorded searches stand."""
    from search.ledger.ledger import Ledger
    from search.runner import summary_of
    from search.show import status_view, summary

    with Ledger(storage) as ledger:
        names = ledger.read.names() if name is None else [name]
        found = [summary_of(ledger, one) for one in names]
    if as_json:
        documents = [one.to_json() for one in found]
        _print_json(documents if name is None else documents[0])
    elif name is None:
        status_view.show(found, _console())
    else:
        summary.show(found[0], _console())


@app.command()
def export(
    name: NameArgument,
    form: Annotated[Format, typer.Option("--format", help="What to write.")] = Format.csv,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; standard output."),
    ] = None,
    epochs: Annotated[
        bool, typer.Option("--epochs", help="CSV: a row an epoch rather than a row a trial.")
    ] = False,
    storage: StorageOption = DEFAULT_STORAGE,
) -> None:
    """Write every trial of a search: parameters, values, and with JSON or --epochs the curves."""
    import io

    from search.ledger.ledger import Ledger
    from search.show import export as exports

    with Ledger(storage) as ledger:
        search = ledger.read.search(name)
        trials, curves = ledger.read.trials(search), ledger.read.curves(search)
        stages = ledger.read.stages(search)
    text = io.StringIO()
    if form == Format.json:
        exports.write_json(exports.as_json(search, stages, trials, curves), text)
    else:
        exports.write_csv(trials, curves, text, epochs=epochs)
    if output is None:
        typer.echo(text.getvalue(), nl=False)
        return
    try:
        output.write_text(text.getvalue(), encoding="utf-8")
    except OSError as error:
        raise KlayerError(f"--output: {output}: cannot be written: {error.strerror}") from error


@app.command()
def model(
    name: NameArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to; such as winner.npz.")
    ],
    storage: StorageOption = DEFAULT_STORAGE,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train the winner of a finished search again, as recorded, and write it to a file."""
    from search.ledger.ledger import Ledger
    from search.rebuild import rebuild
    from search.show import model_view

    with Ledger(storage) as ledger, model_view.EpochsView(_console(stderr=True), name) as view:
        rebuilt = rebuild(ledger, name, data, output, view)
    if as_json:
        _print_json(model_view.to_json(rebuilt))
    else:
        model_view.show(rebuilt, _console())


@app.command()
def gradcheck(
    study: StudyArgument,
    changes: SetOption = [],  # noqa: B006
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="Images of the batch.")] = 10,
    inputs: Annotated[
        int | None, typer.Option(min=1, help="Only the first inputs of each image; all of them.")
    ] = None,
    difference: Annotated[
        Difference, typer.Option(help="Finite difference to compare with.")
    ] = Difference.central,
    step: Annotated[
        float | None,
        typer.Option(min=1e-12, max=1.0, help="Of the difference; 1e-4 central, 1e-6 forward."),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a study's analytic gradients with finite differences, parameter by parameter."""
    from search import objective
    from search.show import gradcheck_view

    loaded = _load(study, changes, None)
    checked = objective.check_gradients(
        loaded, objective.open_data(loaded, data), rows, inputs, difference.value, step
    )
    if as_json:
        _print_json(gradcheck_view.to_json(checked))
    else:
        gradcheck_view.show(loaded, checked, _console())


@data_app.command("fetch")
def data_fetch(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="cifar10")],
) -> None:
    """Download a data set from its official address into the user's cache; 170 MB."""
    if dataset != "cifar10":
        raise KlayerError(f"{dataset}: no data set of this name can be fetched; there is cifar10")
    from search import objective
    from search.fetch import CIFAR10, fetch

    folder = fetch(CIFAR10, objective.cache_folder() / "cifar10", _console(stderr=True))
    typer.echo(str(folder))


@data_app.command("clear")
def data_clear() -> None:
    """Remove standardised images from the cache; runs make them again when they need them."""
    from search import objective

    typer.echo(f"{objective.clear_prepared() / 1e6:,.0f} MB freed")


def _load(reference: str, changes: list[str], name: str | None) -> "Study":
    from search.study.reading import load

    return load(reference, changes, name)


def _cores() -> int:
    import joblib

    return int(joblib.cpu_count())


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
