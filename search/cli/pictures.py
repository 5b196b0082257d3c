"""Commands that show a search as pictures: a report, and single figures."""

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
    """Write a search into one HTML file that needs no network: figures, tables, study, versions."""
    from search.ledger.ledger import Ledger
    from search.views.report import write_report

    with Ledger(storage) as ledger:
        size = write_report(ledger, name, output)
    said = f"{output}: the report of {name}, {size / 1e6:.1f} MB"
    options.console().print(said, soft_wrap=True, markup=False)


@app.command()
def plot(
    name: options.NameArgument,
    figure: Annotated[
        str, typer.Argument(metavar="FIGURE", help="Which picture, such as zoom or best.")
    ],
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
    """Write one picture of a search to a file."""
    from search.ledger.ledger import Ledger
    from search.views.plots import catalogue
    from search.views.reading import Digest
    from search.views.terminal.images import Browser
    from search.views.terminal.picture_file import write_picture

    entry = catalogue.find(figure)
    with Ledger(storage) as ledger:
        picture = entry.draw(Digest(ledger, name).data(needs=entry.needs))
    with Browser() as browser:
        write_picture(picture, output, "dark" if dark else "light", browser)
    options.console().print(f"{output}: {picture.says}", soft_wrap=True, markup=False)
