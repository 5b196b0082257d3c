"""`klayer run NAME` and `submit NAME` of a recorded search, from any folder."""

from collections.abc import Callable
from pathlib import Path

from search.ledger.ledger import Ledger
from tests.search.conftest import TINY

Klayer = Callable[..., tuple[int, str, str]]


def test_a_recorded_search_is_found_by_its_name_and_can_be_changed(
    klayer_here: Klayer, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    file = tmp_path / "own" / "tiny.toml"
    file.write_text(TINY)
    assert klayer_here("submit", str(file))[0] == 0
    file.unlink()
    status, out, _ = klayer_here("submit", "tiny")
    assert (status, "tiny: recorded already" in out) == (0, True)
    wider = "stages.coarse.box.learning_rate.high=10"
    status, out, _ = klayer_here("submit", "tiny", "--name", "tiny-2", "--set", wider)
    assert (status, "tiny-2: recorded" in out) == (0, True)
    with Ledger(f"sqlite:///{tmp_path}/klayer.db") as ledger:
        one, other = (ledger.read.search(name) for name in ("tiny", "tiny-2"))
        assert ledger.read.text(other) == TINY
    before, after = (one.study.canonical(), other.study.canonical())
    assert after["stages"][0]["boxes"][0]["learning_rate"]["high"] == 10
    after["stages"][0]["boxes"][0]["learning_rate"]["high"] = 1.0
    assert after | {"name": "tiny"} == before


def test_a_change_under_the_same_name_is_another_study(klayer_here: Klayer, tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    assert klayer_here("submit", "tiny.toml")[0] == 0
    status, _, error = klayer_here("submit", "tiny", "--set", "stages.coarse.trials=8")
    assert (status, "recorded with another study file" in error) == (2, True)
    status, _, error = klayer_here(
        "submit", "tiny", "--name", "b", "--set", "stages.coarse.trial=8"
    )
    assert (status, "stages.coarse.trial" in error) == (2, True)
    status, _, error = klayer_here("submit", "nosuch")
    assert (status, "no study of this name" in error) == (2, True)
