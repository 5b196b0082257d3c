"""Images come from a browser, or one message says why not; one that hangs holds nothing up."""

import time
from collections.abc import Callable
from pathlib import Path

import plotly.graph_objects as go
import psutil
import pytest

from benchmarks.chromium import BROWSER
from search.views.terminal.browser import Browser, NoBrowserError
from tests.chromium import needs_browser

FIGURE = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], name="a <b> name"))

StandIn = Callable[[str], None]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Puts a script in the place of the browser."""

    def put(script: str) -> None:
        path = tmp_path / "browser"
        path.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/started\n{script}")
        path.chmod(0o755)
        monkeypatch.setenv("BROWSER_PATH", str(path))

    return put


@pytest.fixture
def chromium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROWSER_PATH", BROWSER or "")


def children() -> set[int]:
    """Processes below this one that have not ended."""
    alive = psutil.Process().children(recursive=True)
    return {child.pid for child in alive if child.status() != psutil.STATUS_ZOMBIE}


def ended(processes: Callable[[], set[int]]) -> bool:
    """Whether there are none, or soon: who is killed may take a moment."""
    end = time.monotonic() + 30
    while processes():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@needs_browser
@pytest.mark.usefixtures("chromium")
def test_one_browser_draws_all_forms_and_ends_with_the_block() -> None:
    before = children()
    with Browser() as browser:
        images = [browser.draw(FIGURE, form) for form in ("svg", "png", "pdf", "png")]
        shared = children() - before
    assert [image[:4] for image in images] == [b"<svg", b"\x89PNG", b"%PDF", b"\x89PNG"]
    assert images[1] == images[3]
    assert shared
    assert ended(lambda: children() - before)


@pytest.mark.long
@needs_browser
@pytest.mark.usefixtures("chromium")
def test_a_browser_that_ends_between_images_is_replaced() -> None:
    before = children()
    with Browser() as browser:
        first = browser.draw(FIGURE, "svg")
        for process in map(psutil.Process, children() - before):
            if "python" not in process.name():  # which is what waits for the browser
                process.kill()
        assert browser.draw(FIGURE, "svg")[:4] == first[:4]
    assert ended(lambda: children() - before)


@needs_browser
def test_a_second_try_helps(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in(f'[ $(wc -l < {tmp_path}/started) = 1 ] && exit 1\nexec {BROWSER} "$@"\n')
    with Browser() as browser:
        assert browser.draw(FIGURE, "svg").startswith(b"<svg")
    assert len((tmp_path / "started").read_text().split()) == 2


def test_one_that_never_answers_is_ended_with_its_children_and_one_message_says_so(
    stand_in: StandIn, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = children()
    stand_in("setsid sleep 600 &\nsleep 600\n")
    with Browser(limit_seconds=2) as browser:
        with pytest.raises(NoBrowserError) as raised:
            browser.draw(FIGURE, "png")
        assert ended(lambda: children() - before)
    assert "failed 2 times, at last because there was no drawing within 2 s; try" in str(
        raised.value
    )
    assert "BROWSER_PATH, or write .html" in str(raised.value)
    assert len((tmp_path / "started").read_text().split()) == 2
    assert capfd.readouterr() == ("", "")


def test_one_that_does_not_start_is_one_message(
    stand_in: StandIn, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_in("exit 1\n")
    with (
        Browser() as browser,
        pytest.raises(
            NoBrowserError,
            match=r"failed 2 times, at last because The browser seemed to close .*starting; try",
        ),
    ):
        browser.draw(FIGURE, "png")
    assert capfd.readouterr() == ("", "")


def test_where_there_is_none_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with Browser() as browser, pytest.raises(NoBrowserError, match="apt-get install chromium"):
        browser.draw(FIGURE, "png")
