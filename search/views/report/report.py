"""Writes a search into one HTML file: the plots and tables of its page, and Plotly itself.

Nothing in the file is fetched, and nothing of what a study file says is run: texts are escaped, and
figures lie in it as JSON that the file's own script reads.
"""

import gzip
import json
from base64 import b64encode
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from search.errors import KlayerError
from search.ledger.ledger import Ledger
from search.runtime.formatting import (
    ago,
    capital,
    duration,
    in_pieces,
    instant,
    parameters,
    shortened,
)
from search.runtime.output import check, replace
from search.views.plots import standing
from search.views.plots.catalogue import entries
from search.views.plots.data import SearchData
from search.views.plots.plot import Plot
from search.views.plots.theme import TONES, template
from search.views.reading.digest import Digest
from search.views.reading.overview import Overview, overview, tiles
from search.views.reading.recorded import recorded
from search.views.reading.spread import value_text
from search.views.terminal.card_rows import CLASS_COLUMNS, card_rows, class_rows
from search.views.terminal.verdict import verdict, where

BEST = 20  # trials in the table
_PICTURE = Path(__file__).parents[1] / "dashboard" / "pages" / "assets" / "picture.js"


def write_report(ledger: Ledger, name: str, output: Path) -> int:
    """Write the report of a search.

    Args:
        ledger: Its database.
        name: Which search.
        output: The file; what stands there is replaced, once the new one is whole.

    Returns:
        The file's size in bytes.

    Raises:
        KlayerError: There is no such search, or the file cannot be written.
    """
    if output.is_dir() or not output.name:
        raise KlayerError(f"--output: {output}: is a folder; give a file, such as report.html")
    data = Digest(ledger, name).data()
    check(output, data.objective.reads)
    workers = ledger.read.workers(data.search)
    stands = overview(data.search, data.stages, standing.best(data), workers, data.time)
    at = where(ledger.database.shown)
    told = verdict(data.search, data.stages, data.trials, stands.best, data.time, at)
    text = html(data, stands, ledger.read.text(data.search), told)
    replace(output, text, data.objective.reads)
    return len(text.encode())


def html(
    data: SearchData, stands: Overview, study: str, told: Sequence[tuple[str, str]] = ()
) -> str:
    """The report as HTML.

    Args:
        data: The search.
        stands: How it stands.
        study: Its study file as it was read.
        told: Three questions on it, with their answers.
    """
    environment = Environment(
        loader=PackageLoader("search.views.report", "."), autoescape=True, undefined=StrictUndefined
    )
    environment.filters |= {
        "capital": capital,
        "duration": duration,
        "ago": ago,
        "parameters": parameters,
        "cell": _cell,
        "in_pieces": in_pieces,
    }
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    drawn = [entry.draw(data) for entry in entries(data.objective)]
    return environment.get_template("report.html.jinja").render(
        data=data,
        stands=stands,
        tiles=tiles(stands),
        study=study,
        verdict=told,
        searched=json.dumps(data.search.study.canonical(), indent=1, ensure_ascii=False),
        plots=drawn,
        figures={one.key: _figure(one) for one in drawn},
        tables={one.key: _packed(one.table.csv()) for one in drawn},
        stage_value=lambda stage: standing.stage_value(data, stage),
        value_of=lambda one: value_text(data.objective, one.value, data.curves.get(one.id, ())),
        card=card_rows(data.search.data),
        classes=class_rows(data.search.data),
        class_columns=CLASS_COLUMNS,
        best=data.ranking.ranked(standing.comparable(data))[:BEST],
        tones=TONES,
        templates={mode: template(mode).to_plotly_json() for mode in TONES},
        plotly=get_plotlyjs(),
        picture=_PICTURE.read_text(encoding="utf-8"),
        version=version("klayer"),
        recorded=recorded(data.search),
        begun=instant(data.search.created_at),
        written=instant(data.time),
    )


def _cell(value: object) -> str:
    """A value of a table: names are cut, and shares have three digits."""
    if isinstance(value, float):
        return f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) else shortened(str(value))


def _packed(text: str) -> str:
    """A text as base64 of gzip, which browsers unpack: tables of all trials are long, and alike."""
    return b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")


def _figure(plot: Plot) -> dict[str, Any]:
    figure: dict[str, Any] = json.loads(plot.figure.to_json())
    figure["layout"].pop("title", None)  # which stands above it
    return figure
