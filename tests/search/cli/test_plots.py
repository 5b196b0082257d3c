"""`klayer report` and `klayer plot`, on a search that was really run."""

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.search.conftest import TinyRun

Here = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(tiny_run: TinyRun, tmp_path: Path) -> Path:
    shutil.copy(tiny_run.folder / "klayer.db", tmp_path)
    return tmp_path


@pytest.mark.long
def test_a_report(klayer_here: Here, folder: Path) -> None:
    status, out, err = klayer_here("report", "tiny", "--output", "report.html")
    assert (status, err) == (0, "")
    assert out.startswith("report.html: the report of tiny, ")
    assert "<title>tiny – klayer</title>" in (folder / "report.html").read_text()


def test_a_link_and_a_mode_stay(klayer_here: Here, folder: Path) -> None:
    (folder / "real.csv").write_text("")
    (folder / "real.csv").chmod(0o600)
    (folder / "link.csv").symlink_to("real.csv")
    for command in (("export", "tiny"), ("plot", "tiny", "best")):
        assert klayer_here(*command, "-o", "link.csv")[0] == 0
        assert (folder / "link.csv").is_symlink()
        assert stat.S_IMODE((folder / "real.csv").stat().st_mode) == 0o600
        assert len((folder / "real.csv").read_text().splitlines()) > 5


def test_a_name_is_written_as_it_is(klayer_here: Here, folder: Path) -> None:
    status, out, _ = klayer_here("report", "tiny", "--output", "[bold]a[")
    assert status == 0
    assert out.startswith("[bold]a[: the report")


def test_one_plot(klayer_here: Here, folder: Path) -> None:
    status, out, err = klayer_here("plot", "tiny", "best", "--output", "best.csv")
    assert (status, err) == (0, "")
    assert out.startswith("best.csv: ")
    assert len((folder / "best.csv").read_text().splitlines()) == 7


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plot", "tiny", "nothing", "-o", "x.csv"), "there is no plot of this name"),
        (("plot", "none", "zoom", "-o", "x.csv"), "no search of this name"),
        (("plot", "tiny", "zoom", "-o", "x.doc"), "give one of .html"),
        (("report", "none", "-o", "x.html"), "no search of this name"),
        (("report", "tiny", "-o", "none/x.html"), "cannot be written"),
        (("report", "tiny", "-o", "klayer.db"), "klayer.db: is a SQLite database"),
        (("export", "tiny", "-o", "klayer.db"), "klayer.db: is a SQLite database"),
        (("report", "tiny", "-o", "."), "is a folder"),
        (("report", "tiny", "-o", "/"), "is a folder"),
    ],
)
def test_what_is_wrong_costs_one_message(
    klayer_here: Here, folder: Path, words: tuple[str, ...], said: str
) -> None:
    status, _, err = klayer_here(*words)
    assert status == 2
    assert said in err
    assert err.count("\n") == 1
    assert {one.suffix for one in folder.iterdir()} == {".db"}
