"""The pictures as files, and the page that shows them."""

from dataclasses import replace
from pathlib import Path

import pytest

from search.errors import KlayerError
from search.reproduce import album
from search.reproduce.album import Chapter, Shown, index, write_album
from search.reproduce.measures import Measured
from search.reproduce.rows import Row
from search.views.plots.data import SearchData
from search.views.terminal.browser import NoBrowserError
from tests.search.reproduce.conftest import Rowed
from tests.search.views.plots.made import build


def no_browser(*_: object) -> None:
    raise NoBrowserError("plots are drawn with Chrome or Chromium, which is not found")


@pytest.fixture
def data() -> SearchData:
    return build((3, 3, 3))


def test_without_a_browser_pages_are_written_and_it_is_said_once(
    data: SearchData, published: Rowed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(album, "write_plot", no_browser)
    said: list[str] = []
    row = Row(published(), (Measured(51.5, 10),), 1.0, comparable=True)
    count = write_album(tmp_path / "album", [Chapter(data, (row,))], ["all of it"], said.append)
    pages = sorted(path.name for path in (tmp_path / "album" / "digits").iterdir())
    assert len(pages) == count
    assert {Path(name).suffix for name in pages} == {".html"}
    assert len(said) == 1
    assert "no PNG" in said[0]
    page = (tmp_path / "album" / "digits" / pages[0]).read_text("utf-8")
    assert 'src="../plotly.min.js"' in page
    assert "http" not in page.partition("<body>")[0]
    written = (tmp_path / "album" / "index.html").read_text("utf-8")
    assert written.count("<iframe") == count
    assert '<p class="quiet">all of it</p>' in written
    for name in pages:
        assert f'src="digits/{name}"' in written


def test_the_index_shows_images_by_experiment_with_their_figures(
    data: SearchData, published: Rowed
) -> None:
    row = Row(published(), (Measured(51.5, 10),), 1.0, comparable=True)
    shown = Shown("Curves", "What is seen.", "digits/curves.html", "digits/curves.png")
    text = index([(Chapter(data, (row,)), [shown])])
    assert '<a href="digits/curves.html"><img src="digits/curves.png"' in text
    assert "<iframe" not in text
    for told in ("E3: digits", "test accuracy", "50.00", "51.50", "+1.50", "What is seen."):
        assert told in text


def test_texts_of_studies_are_shown_as_they_are(data: SearchData, published: Rowed) -> None:
    row = Row(published(setting="<script>alert(1)</script>"), (), None, comparable=True)
    text = index([(Chapter(data, (row,)), [])])
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_a_folder_that_cannot_be_made_is_one_message(data: SearchData, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KlayerError, match=r"--pictures: .*file: cannot be written"):
        write_album(tmp_path / "file", [Chapter(replace(data, curves={}), ())], (), print)
