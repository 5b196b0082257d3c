"""Commands on study files, before anything is searched."""

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
    data: options.DataOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Print what a study would do, before anything runs."""
    from search.views.terminal import plan_view

    outline = plan_view.outline(
        options.load(study, changes, name, data), workers or options.cores()
    )
    if as_json:
        options.print_json(plan_view.to_json(outline))
    else:
        plan_view.show(outline, options.console())
