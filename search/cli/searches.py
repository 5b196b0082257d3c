"""Commands on searches: begin, go on, stop, delete, retry, look, take away."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search.cli import options
from search.cli.app import AskedToStop, app
from search.errors import KlayerError
from search.ledger import DEFAULT_STORAGE

if TYPE_CHECKING:
    from search.views.terminal.runner import Beside


@app.command()
def run(
    study: options.StudyOrNameArgument,
    storage: options.StorageOption = DEFAULT_STORAGE,
    workers: options.WorkersOption = None,
    changes: options.SetOption = [],  # noqa: B006
    name: options.RenameOption = None,
    data: options.DataOption = None,
    engine: options.EngineOption = options.EngineName.loky,
    address: options.AddressOption = None,
    dashboard: Annotated[
        bool,
        typer.Option("--dashboard", help="Show it in a browser as well, as long as it runs."),
    ] = False,
    gpus: options.GpusOption = "",
    as_json: options.JsonOption = False,
) -> None:
    """Run a search, or go on with it where it stopped."""
    from search.views.terminal.runner import check_result, run_search
    from search.workers.engines import open_engine

    loaded, text = options.load_or_recorded(study, changes, name, data, storage)
    console, count = options.console(stderr=as_json), workers or options.cores()
    summary = run_search(
        loaded,
        text,
        storage,
        data,
        count,
        lambda: open_engine(engine.value, count, address),
        console,
        **({"beside": _dashboard_of(storage)} if dashboard else {}),
        devices=options.devices(gpus),
    )
    if as_json:
        options.print_json(summary.to_json())
    check_result(summary, storage)


def _dashboard_of(storage: str) -> "Beside":
    """A dashboard to stand beside a run.

    Raises:
        KlayerError: Its libraries are not installed.
    """
    from contextlib import closing

    from search.views.dashboard import beside
    from search.views.dashboard.dashboard import Settings, check_installed

    check_installed()
    return lambda say: closing(beside.Beside(Settings(storage), say))


@app.command()
def submit(
    study: options.StudyOrNameArgument,
    storage: options.StorageOption = DEFAULT_STORAGE,
    changes: options.SetOption = [],  # noqa: B006
    name: options.RenameOption = None,
    data: options.DataOption = None,
) -> None:
    """Record a search for workers that serve all, or let a stopped one go on; and return."""
    from search.views.terminal.runner import submit_search

    loaded, text = options.load_or_recorded(study, changes, name, data, storage)
    submit_search(loaded, text, storage, data, options.console())


@app.command()
def stop(name: options.NameArgument, storage: options.StorageOption = DEFAULT_STORAGE) -> None:
    """Stop a search: workers release their trials; `run` or `submit` goes on with it."""
    from search.views.terminal.runner import stop_search

    stop_search(name, storage, options.console())


@app.command()
def delete(
    name: options.NameArgument,
    storage: options.StorageOption = DEFAULT_STORAGE,
    yes: options.YesOption = False,
) -> None:
    """Delete a search: its trials, curves, checkpoints, attachments and Optuna studies."""
    from search.ledger.ledger import PATIENCE_SECONDS, Ledger
    from search.runtime.formatting import plural

    with Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        search = ledger.read.search(name)
        done = sum(stage.finished for stage in ledger.read.stages(search))
        what = f"{name} with {plural(done, 'finished trial')}"
        if not yes:
            _ask(f"Delete {what} from {ledger.database.shown}? It cannot be undone.", name)
        ledger.delete(search)
    typer.echo(f"{what}: deleted")


def _ask(question: str, name: str) -> None:
    """Go on if that is what a person wants.

    Raises:
        KlayerError: Nobody can be asked, or the answer is no.
    """
    if not sys.stdin.isatty():
        raise KlayerError(f"{name}: nothing was done: nobody can be asked here; give --yes")
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        raise AskedToStop from None
    if not agreed:
        raise KlayerError(f"{name}: nothing was done")


@app.command()
def retry(
    name: options.NameArgument,
    storage: options.StorageOption = DEFAULT_STORAGE,
    yes: options.YesOption = False,
) -> None:
    """Let the failed trials of a search be trained again; `run` or `submit` goes on with it."""
    from search.ledger.ledger import PATIENCE_SECONDS, Ledger
    from search.ledger.retrying import retry_of
    from search.runtime.formatting import plural

    with Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        search = ledger.read.search(name)
        found = retry_of(search, ledger.read.stages(search))
        drops = f"{plural(found.dropped, 'finished trial')} that followed without them"
        failed = plural(found.failed, "failed trial")
        if found.dropped and not yes:
            _ask(
                f"Train {failed} of {found.step.name} again, and drop {drops}, planned anew?", name
            )
        ledger.retry(search, found)
    said = f"{name}: {failed} of {found.step.name} to be trained again"
    typer.echo(f"{said}, and {drops} planned anew" if found.dropped else said)


@app.command()
def extend(
    name: options.NameArgument,
    stages: Annotated[
        str | None,
        typer.Option(
            "--stages",
            metavar="FILE",
            help="The study file as it is now; what is planned already must be as it was.",
        ),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="A stage more like the last, with N trials."),
    ] = None,
    storage: options.StorageOption = DEFAULT_STORAGE,
    changes: options.SetOption = [],  # noqa: B006
    data: options.DataOption = None,
    yes: options.YesOption = False,
) -> None:
    """Let a search grow: change what is not planned yet; `run` or `submit` goes on with it."""
    from search.ledger.extending import extension_of
    from search.ledger.ledger import PATIENCE_SECONDS, Ledger
    from search.runtime.formatting import plural
    from search.study import reading
    from search.study.extension import with_more_trials

    if (stages is None) == (trials is None):
        raise KlayerError(f"{name}: give either --stages FILE or --trials N")
    if trials is not None and changes:
        raise KlayerError(f"{name}: found --set with --trials; give it with --stages FILE")
    with Ledger(storage, patience_seconds=PATIENCE_SECONDS) as ledger:
        search = ledger.read.search(name)
        if stages is not None:
            study, text = options.load(stages, changes, name, data), reading.text(stages)
        else:
            study = with_more_trials(search.study, trials or 1)
            text = f"{ledger.read.text(search)}\n# klayer extend {name} --trials {trials}\n"
        extension = extension_of(search, study, ledger.read.stages(search))
        drops = f"{plural(extension.dropped, 'finished trial')} of {extension.anew}"
        if extension.dropped and not yes:
            _ask(f"Extend {name}, and drop {drops}, planned anew?", name)
        ledger.extend(search, extension, text, options.user())
    typer.echo("\n  ".join((f"{name}: extended", *extension.changes)))
    if extension.dropped:
        again = "" if search.result is None else "; the test rows are read once more for them"
        typer.echo(f"{drops} dropped{again}")


@app.command()
def status(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Name of a search; all, unless given.")
    ] = None,
    storage: options.StorageOption = DEFAULT_STORAGE,
    as_json: options.JsonOption = False,
) -> None:
    """Print how recorded searches stand."""
    from search.ledger.ledger import Ledger
    from search.views.terminal import status_view, summary
    from search.views.terminal.runner import summary_of

    with Ledger(storage) as ledger:
        names = ledger.read.names() if name is None else [name]
        found = [summary_of(ledger, one, strays=name is not None) for one in names]
    if as_json:
        documents = [one.to_json() for one in found]
        options.print_json(documents if name is None else documents[0])
    elif name is None:
        status_view.show(found, options.console())
    else:
        summary.show(found[0], options.console())


@app.command()
def export(
    name: options.NameArgument,
    form: Annotated[
        options.Format, typer.Option("--format", help="What to write.")
    ] = options.Format.csv,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to; standard output."),
    ] = None,
    steps: Annotated[
        bool, typer.Option("--steps", help="CSV: a row a step rather than a row a trial.")
    ] = False,
    storage: options.StorageOption = DEFAULT_STORAGE,
) -> None:
    """Write every trial of a search: parameters, values, and with JSON or --steps the curves."""
    import io

    from search.ledger.ledger import Ledger
    from search.runtime.output import replace
    from search.views.terminal import export as exports

    with Ledger(storage) as ledger:
        search = ledger.read.search(name)
        trials, curves = ledger.read.trials(search), ledger.read.curves(search)
        stages = ledger.read.stages(search)
    text = io.StringIO()
    if form == options.Format.json:
        exports.write_json(exports.as_json(search, stages, trials, curves), text)
    else:
        exports.write_csv(search.study.objective, trials, curves, text, steps=steps)
    if output is None:
        options.print_text(text.getvalue())
        return
    replace(output, text.getvalue(), search.study.objective.reads)
