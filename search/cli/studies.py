"""Commands on study files, before anything is searched."""

from typing import Annotated

import typer

from search.cli import options
from search.cli.app import app


@app.command()
def studies(as_json: options.JsonOption = False) -> None:
    """List the studies that ship with klayer."""
    from rich.markup import escape

    from search.study.reading import shipped

    known = shipped()
    if as_json:
        options.print_json([{"name": one.name, "description": one.description} for one in known])
        return
    console = options.console()
    for one in known:
        console.print(f"[bold]{one.name:<24}[/] {escape(one.description)}", soft_wrap=True)


@app.command()
def plan(
    study: options.StudyArgument,
    changes: options.SetOption = [],  # noqa: B006 (typer copies it)
    name: options.RenameOption = None,
    workers: options.WorkersOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Print what a study would do, before anything runs."""
    from search.views.terminal import plan_view

    outline = plan_view.outline(options.load(study, changes, name), workers or options.cores())
    if as_json:
        options.print_json(plan_view.to_json(outline))
    else:
        plan_view.show(outline, options.console())


@app.command()
def gradcheck(
    study: options.StudyArgument,
    changes: options.SetOption = [],  # noqa: B006
    rows: Annotated[int, typer.Option(min=1, max=10_000, help="Images of the batch.")] = 10,
    inputs: Annotated[
        int | None, typer.Option(min=1, help="Only the first inputs of each image; all of them.")
    ] = None,
    difference: Annotated[
        options.Difference, typer.Option(help="Finite difference to compare with.")
    ] = options.Difference.central,
    step: Annotated[
        float | None,
        typer.Option(min=1e-12, max=1.0, help="Of the difference; 1e-4 central, 1e-6 forward."),
    ] = None,
    data: options.DataOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Compare a study's analytic gradients with finite differences, parameter by parameter."""
    from search.objectives import network as objective
    from search.objectives.network.views import gradcheck_view

    loaded = options.load(study, changes, None)
    checked = objective.check_gradients(
        loaded, objective.open_data(loaded, data), rows, inputs, difference.value, step
    )
    if as_json:
        options.print_json(gradcheck_view.to_json(checked))
    else:
        gradcheck_view.show(loaded, checked, options.console())
