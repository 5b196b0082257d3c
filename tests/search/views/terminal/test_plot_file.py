"""A plot as a file is what its ending says."""

import csv
import json
from pathlib import Path

import plotly.graph_objects as go
import pytest

from benchmarks.chromium import BROWSER
from search.errors import KlayerError
from search.views.plots.plot import Plot, Table, drawn
from search.views.terminal.plot_file import one_browser, write_plot
from tests.chromium import needs_browser

UNUSED = Browser()  # it is started with its first image


@pytest.fixture
def plot() -> Plot:
    figure = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], name="a <b> name"))
    return drawn("seen", "Seen <i>so</i>", "It rises.", figure, Table(("x", "y"), [(1, 3), (2, 4)]))


def test_html_needs_no_network(plot: Plot, tmp_path: Path) -> None:
    write_plot(plot, tmp_path / "seen.html", "light")
    text = (tmp_path / "seen.html").read_text()
    assert "Plotly.newPlot" in text
    assert 'src="http' not in text
    assert "<i>so</i>" not in text


def test_json_is_plotlys(plot: Plot, tmp_path: Path) -> None:
    write_plot(plot, tmp_path / "seen.json", "dark")
    figure = go.Figure(json.loads((tmp_path / "seen.json").read_text()))
    assert list(figure.data[0].y) == [3, 4]


def test_csv_is_its_table(plot: Plot, tmp_path: Path) -> None:
    write_plot(plot, tmp_path / "seen.csv", "light")
    with (tmp_path / "seen.csv").open() as file:
        assert list(csv.reader(file)) == [["x", "y"], ["1", "3"], ["2", "4"]]


@needs_browser
@pytest.mark.parametrize(("ending", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_images_are_drawn_by_a_browser(
    plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, begins: bytes
) -> None:
    monkeypatch.setenv("BROWSER_PATH", BROWSER or "")
    write_plot(plot, tmp_path / f"seen.{ending}", "light")
    assert (tmp_path / f"seen.{ending}").read_bytes().startswith(begins)


@needs_browser
def test_images_may_share_a_browser(
    plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", BROWSER or "")
    with one_browser():
        for name in ("one.png", "two.png"):
            write_plot(plot, tmp_path / name, "light")
    alone = tmp_path / "alone.png"
    write_plot(plot, alone, "light")
    assert [(tmp_path / name).read_bytes() for name in ("one.png", "two.png")] == (
        2 * [alone.read_bytes()]
    )


def test_where_there_is_none_to_share_drawing_says_so_and_does_not_hang(
    plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with one_browser():
        write_plot(plot, tmp_path / "seen.html", "light")
        with pytest.raises(KlayerError, match="apt-get install chromium"):
            write_plot(plot, tmp_path / "seen.png", "light")


def test_without_a_browser_it_says_what_to_install(
    plot: Plot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(KlayerError, match="apt-get install chromium"):
        write_plot(plot, tmp_path / "seen.png", "light")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["seen", "seen.gif", "seen.PNG"])
def test_another_ending_is_refused(plot: Plot, tmp_path: Path, name: str) -> None:
    with pytest.raises(KlayerError, match=r"give one of \.html"):
        write_plot(plot, tmp_path / name, "light")


def test_a_folder_that_is_not_there(plot: Plot, tmp_path: Path) -> None:
    with pytest.raises(KlayerError, match="cannot be written: No such file"):
        write_plot(plot, tmp_path / "none" / "seen.csv", "light")
