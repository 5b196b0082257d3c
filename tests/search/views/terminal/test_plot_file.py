"""A plot as a file is what its ending says."""

import csv
import json
from pathlib import Path

import plotly.graph_objects as go
import pytest

from benchmarks.chromium import BROWSER
from search.errors import KlayerError
from search.views.plots.plot import Plot, Table, drawn
from search.views.terminal.browser import Browser, NoBrowserError
from search.views.terminal.plot_file import write_plot
from tests.chromium import needs_browser

UNUSED = Browser()  # it is started with its first image


@pytest.fixture
def plot() -> Plot:
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], name="a <b> name"))
    return drawn("seen", "Seen <i>so</i>", "It rises.", figure, Table(("x", "y"), [(1, 3), (2, 4)]))


def test_html_needs_no_network(plot: Plot, tmp_path: Path) -> None:
    write_plot(plot, "a <b> search", tmp_path / "seen.html", "light", UNUSED)
    text = (tmp_path / "seen.html").read_text()
    assert "Plotly.newPlot" in text
    assert 'src="http' not in text
    assert "<i>so</i>" not in text
    assert "It rises." in text
    assert "a &lt;b&gt; search" in text


def test_json_is_plotlys(plot: Plot, tmp_path: Path) -> None:
    write_plot(plot, "a <b> search", tmp_path / "seen.json", "dark", UNUSED)
    figure = go.Figure(json.loads((tmp_path / "seen.json").read_text()))
    assert list(figure.data[0].y) == [3, 4]


def test_csv_is_its_table(plot: Plot, tmp_path: Path) -> None:
    write_plot(plot, "a <b> search", tmp_path / "seen.csv", "light", UNUSED)
    with (tmp_path / "seen.csv").open() as file:
        assert list(csv.reader(file)) == [["x", "y"], ["1", "3"], ["2", "4"]]


@needs_browser
def test_an_image_is_drawn_by_a_browser(
    plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", BROWSER or "")
    with Browser() as browser:
        write_plot(plot, "a <b> search", tmp_path / "seen.png", "light", browser)
    assert (tmp_path / "seen.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_browser_nothing_is_written(
    plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with Browser() as browser, pytest.raises(NoBrowserError):
        write_plot(plot, "a <b> search", tmp_path / "seen.png", "light", browser)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["seen", "seen.gif", "seen.PNG"])
def test_another_ending_is_refused(plot: Plot, tmp_path: Path, name: str) -> None:
    with pytest.raises(KlayerError, match=r"give one of \.html"):
        write_plot(plot, "a <b> search", tmp_path / name, "light", UNUSED)


def test_a_folder_that_is_not_there(plot: Plot, tmp_path: Path) -> None:
    with pytest.raises(KlayerError, match="cannot be written: No such file"):
        write_plot(plot, "a <b> search", tmp_path / "none" / "seen.csv", "light", UNUSED)
