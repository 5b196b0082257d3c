"""Commands that show a search as plots: a report, and single ones."""

from pathlib import Path
from typing import Annotated

import typer

from search.cli import options
from search.cli.app import app
from search.ledger import DEFAULT_STORAGE


@app.command()
def report(
    name: options.NameArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where to; such as report.html.")
    ],
    storage: options.StorageOption = DEFAULT_STORAGE,
) -> None:
    """Write a search into one HTML file that needs no network: plots, tables, study, versions."""
    from search.ledger.ledger import Ledger
    from search.views.report import write_report

    with Ledger(storage) as ledger:
        size = write_report(ledger, name, output)
    said = f"{output}: the report of {name}, {size / 1e6:.1f} MB"
    options.console().print(said, soft_wrap=True, markup=False)


@app.command()
def plot(
    name: options.NameArgument,
    plot: Annotated[str, typer.Argument(metavar="PLOT", help="Which plot, such as zoom or best.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to; its ending says as what: .html, .svg, .png, .pdf, .json or .csv.",
        ),
    ],
    dark: Annotated[bool, typer.Option("--dark", help="On a dark ground.")] = False,
    storage: options.StorageOption = DEFAULT_STORAGE,
) -> None:
    """Write one plot of a search to a file."""
    from search.ledger.ledger import Ledger
    from search.views.plots import catalogue
    from search.views.reading.digest import Digest
    from search.views.terminal.browser import Browser
    from search.views.terminal.plot_file import write_plot

    with Ledger(storage) as ledger:
        digest = Digest(ledger, name)
        objective = digest.outline().objective
        entry = catalogue.find(objective, plot)
        drawn = entry.draw(digest.data(needs=entry.needs))
    with Browser() as browser:
        write_plot(drawn, name, output, "dark" if dark else "light", browser, objective.reads)
    options.console().print(f"{output}: {drawn.caption}", soft_wrap=True, markup=False)
