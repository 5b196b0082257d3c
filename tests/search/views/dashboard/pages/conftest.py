"""A finished search in either database, the dashboard that shows it, and a browser."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.chromium import SOON_SECONDS, Chromium
from tests.postgresql import Server

SEEN = """\
# <script>window.hit = 1</script> what a study file says is text
name = "{name}"
description = "<img src=x onerror='window.hit = 1'> <a href='javascript:window.hit=1'>x</a>"

[data]
source = "digits"

[network]
widths = [8]

[training]
schedule = {{kind = "constant", epochs = 4}}

[[stages]]
name = "coarse"
trials = 12
sampler = "random"
halving = {{keep = 0.5, at = [2]}}
[stages.box]
learning_rate = {{low = 1e-3, high = 1.0}}
weight_decay = {{low = 1e-6, high = 1e-2}}
width_1 = {{low = 4, high = 12, step = 4}}

[[stages]]
name = "fine"
trials = 6
zoom = {{rule = "decades", decades = 0.5}}

[final]
finalists = 2
seeds = 2
"""

Klayer = Callable[..., subprocess.CompletedProcess[str]]


@dataclass(frozen=True)
class Shown:
    """A database with two finished searches, "seen" and "seen-too", and who shows them.

    Attributes:
        storage: The database.
        address: Of the dashboard, without a slash at its end.
        folder: With seen.toml.
    """

    storage: str
    address: str
    folder: Path


@contextmanager
def dashboard(storage: str, *options: str, password: str | None = None) -> Iterator[str]:
    """The command, in a process of its own; its address."""
    script = "from search.cli import main; main()"
    root = Path(__file__).parents[5]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KLAYER_")}
    if password is not None:
        environment["KLAYER_DASHBOARD_PASSWORD"] = password
    process = subprocess.Popen(
        [sys.executable, "-c", script, "dashboard", "--storage", storage, "--port", "0", *options],
        env=environment | {"PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert said.startswith("dashboard: http://"), said
        yield said.split()[1].rstrip("/")
    finally:
        process.terminate()
        status = process.wait(timeout=SOON_SECONDS)
        process.stdout.close()
    assert status == 0


@contextmanager
def seen(klayer: Klayer, folder: Path, storage: str) -> Iterator[Shown]:
    """Both searches run, and shown."""
    for name in ("seen", "seen-too"):
        (folder / f"{name}.toml").write_text(SEEN.format(name=name))
        done = klayer("run", f"{name}.toml", "--workers", "1", "--storage", storage, cwd=folder)
        assert done.returncode == 0, done.stderr
    with dashboard(storage) as address:
        yield Shown(storage, address, folder)


@pytest.fixture(scope="session")
def shown(klayer: Klayer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """In SQLite."""
    folder = tmp_path_factory.mktemp("seen")
    with seen(klayer, folder, f"sqlite:///{folder}/seen.db") as found:
        yield found


@pytest.fixture(scope="session")
def shown_in_postgresql(
    klayer: Klayer, postgresql: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shown]:
    with seen(klayer, tmp_path_factory.mktemp("seen"), postgresql.new_database()) as found:
        yield found


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def _browser(downloads: Path) -> Iterator[Chromium]:
    browser = Chromium(downloads)
    yield browser
    browser.close()


def as_it_begins(browser: Chromium) -> Chromium:
    """The browser made wide and light, without anything stored."""
    browser.open("about:blank")
    browser.resize(1280)
    browser.prefer("light")
    browser.driver.execute_cdp_cmd(
        "Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"}
    )
    return browser


@pytest.fixture
def browser(_browser: Chromium) -> Chromium:
    """The one browser, as it begins."""
    return as_it_begins(_browser)
