"""The report: one file that shows a search anywhere, and runs nothing of what a study file says."""

import gzip
import json
import os
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.chromium import SOON_SECONDS, Chromium
from benchmarks.large_search import filling
from search.errors import KlayerError, LedgerError
from search.ledger.ledger import Ledger
from search.objective.data_card import DataCard
from search.objectives.network.portrait import Portrait, to_bytes
from search.study.reading import load
from search.views.plots.catalogue import entries
from search.views.reading.digest import Digest
from search.views.reading.overview import Overviews
from search.views.report.report import html, write_report
from tests.chromium import needs_browser

CATALOGUE = entries(load("digits").objective)

HOSTILE = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'>"


@pytest.fixture
def finished(ledger: Ledger) -> Ledger:
    for _ in filling(ledger, 60, 8):
        pass
    return ledger


def held(text: str, name: str) -> dict[str, object]:
    """What a report holds for its script."""
    found = re.search(rf'<script id="{name}" type="application/json">(.*?)</script>', text)
    assert found is not None
    assert "<" not in found[1], "what would end the script, or begin a comment in it, is escaped"
    value: dict[str, object] = json.loads(found[1])
    return value


def test_it_has_every_plot_with_its_data(finished: Ledger, tmp_path: Path) -> None:
    size = write_report(finished, "large", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert size == len(text.encode())
    figures, tables = held(text, "figures"), held(text, "tables")
    keys = [entry.key for entry in CATALOGUE]
    assert list(figures) == keys
    assert list(tables) == keys
    zoom = gzip.decompress(b64decode(str(tables["zoom"]))).decode()
    assert len(zoom.splitlines()) == 61
    for entry in CATALOGUE:
        assert f'<section id="{entry.key}">' in text
    data = Digest(finished, "large").data()
    for stage in data.stages:
        assert stage.explanation.splitlines()[0].split("→")[0][:40] in text
    assert '<span class="whole">1e-06</span>' in text


def test_nothing_is_fetched(finished: Ledger, tmp_path: Path) -> None:
    write_report(finished, "large", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    page = text.replace(re.search(r"<script>/\*\*.*?</script>", text, re.S)[0], "")  # type: ignore[index]
    assert not re.findall(r'(?:src|href)="http', page)
    assert "default-src 'none'" in page


def test_the_table_of_the_classes_is_shown_too(finished: Ledger) -> None:
    data = Digest(finished, "large").data()
    (stands,) = Overviews(finished).all()
    final = next(trial for trial in data.trials if trial.stage == "final" and trial.number == 0)
    counts = np.array([[3, 1], [0, 5_000]])
    kept = Portrait(np.zeros((1, 1), int), np.zeros((1, 2)), None, ("<b>", "yes"), counts)
    text = html(replace(data, attachments={final.id: to_bytes(kept)}), stands, "")
    for row in (("&lt;b&gt;", "4", "1.000", "0.750", "0.857"), ("yes", "5,000", "1.000")):
        assert "".join(f"<td>{cell}</td>" for cell in row) in text


def test_before_there_is_anything_it_says_so(ledger: Ledger, tmp_path: Path) -> None:
    next(filling(ledger, 60, 8))
    write_report(ledger, "large", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "not planned yet" in text
    assert "no trial is at its end yet" in text


def test_what_was_there_stays_until_the_new_one_is_whole(
    finished: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "report.html"
    output.write_text("before")

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(KlayerError, match="cannot be written: No space left"):
        write_report(finished, "large", output)
    assert output.read_bytes() == b"before"
    assert [one.name for one in tmp_path.glob("*.part")] == []


def test_a_search_that_is_not_there(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="none: no search of this name"):
        write_report(ledger, "none", tmp_path / "report.html")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    opened = Chromium(tmp_path_factory.mktemp("downloads"))
    opened.offline()
    yield opened
    opened.close()


@needs_browser
@pytest.mark.timeout(3 * SOON_SECONDS)
def test_it_is_drawn_without_a_network_and_without_a_fault_at_both_widths(
    finished: Ledger, tmp_path: Path, browser: Chromium
) -> None:
    search = finished.read.search("large")
    data = Digest(finished, "large").data()
    study = search.study.model_copy(update={"description": HOSTILE})
    card = DataCard(HOSTILE, "f" * 64, 9, 2, classes=(HOSTILE,), missing=((HOSTILE, 1),))
    hostile = replace(data, search=replace(search, study=study, data=card))
    (stands,) = Overviews(finished).all()
    (tmp_path / "report.html").write_text(html(hostile, stands, HOSTILE))
    browser.resize(400)
    browser.open(f"file://{tmp_path}/report.html")
    browser.until(
        lambda: browser.run(
            "const all = [...document.querySelectorAll('.plot-frame')];"
            "return all.length > 5 && all.every(e => e.querySelector('.main-svg'))"
        )
    )
    assert browser.run("return window.hit") is None
    for width in (400, 1280):
        browser.resize(width)
        browser.until(
            lambda: browser.run("return document.documentElement.scrollWidth") <= width  # noqa: B023
        )
    told = browser.run("return [...document.querySelectorAll('td')].map(e => e.textContent)")
    assert HOSTILE[:31] + "…" in told
    assert HOSTILE in browser.run("return document.querySelector('pre').textContent")
    assert browser.faults() == []


@pytest.mark.long
@needs_browser
@pytest.mark.timeout(3 * SOON_SECONDS)
def test_it_prints(finished: Ledger, tmp_path: Path, browser: Chromium) -> None:
    write_report(finished, "large", tmp_path / "report.html")
    browser.open(f"file://{tmp_path}/report.html")
    browser.until(lambda: browser.run("return document.querySelectorAll('.main-svg').length > 5"))
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
    assert b64decode(printed["data"]).startswith(b"%PDF")


def test_it_answers_the_three_questions(ledger: Ledger, tmp_path: Path) -> None:
    for _ in filling(ledger, 40, 5):
        pass
    write_report(ledger, "large", tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    section = text[text.index('<section id="verdict">') :].split("</section>")[0]
    assert "two standard" in section
    assert "was set by" in section
    assert "klayer report large" in section
