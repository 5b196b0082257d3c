"""Workers killed again and again amid trainings that last far longer than they live.

A cohort goes on from where it stood, so that it ends however often its worker is lost.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.outcome import Table
from tests.faults.runs import HERE, Run, kill_every

STORM = HERE / "storm.toml"
LONGER = ("training.schedule.epochs=4300",)  # cohorts of about 120 s
PROGRAM = HERE / "storm_program.toml"

Begin = Callable[..., Run]
Undisturbed = Callable[..., Table]

pytestmark = pytest.mark.long
each_so_many_seconds = pytest.mark.parametrize("seconds", [1.0, 2.0, 4.0, 10.0])


@pytest.fixture
def through_a_storm(
    begin: Begin, undisturbed: Undisturbed, assert_whole: Callable[..., None]
) -> Callable[..., None]:
    """Runs a search while a random worker is killed every so many seconds."""

    def run(what: str, seconds: float, study: Path, *changes: str) -> None:
        expected, began = undisturbed(study, *changes), time.monotonic()
        running = begin(2, study, *changes)
        killed = kill_every(running, seconds)
        took = time.monotonic() - began
        assert running.end() == (0, "")
        assert killed > 2
        print(f"{killed} workers killed in {took:.0f} s")  # noqa: T201
        fault = f"SIGKILL of a random worker each {seconds:g} s, {what}"
        assert_whole(running.storage, expected, fault, killed)

    return run


@each_so_many_seconds
def test_cohorts_of_20_seconds(through_a_storm: Callable[..., None], seconds: float) -> None:
    through_a_storm("cohorts of 20 s", seconds, STORM)


@each_so_many_seconds
def test_cohorts_of_120_seconds(through_a_storm: Callable[..., None], seconds: float) -> None:
    through_a_storm("cohorts of 120 s", seconds, STORM, *LONGER)


@each_so_many_seconds
def test_programs_of_20_seconds(
    through_a_storm: Callable[..., None], seconds: float, tmp_path: Path
) -> None:
    for name in ("storm_program.toml", "storm_program.sh"):
        (tmp_path / name).write_text((HERE / name).read_text())
    through_a_storm("programs of 20 s", seconds, tmp_path / "storm_program.toml")
