"""Which trial klayer's search had for its best at each moment, and what it says once more."""

import time
from pathlib import Path

import pytest

from benchmarks.equal_time_family import study_text
from benchmarks.equal_time_klayer import found, incumbents
from benchmarks.service import cohort_of, finish, start, storage
from search.ledger.records import RecordedTrial
from search.space.space import Box, Interval
from search.study.file import Study
from search.study.reading import load


def trial(
    key: int, stage: str, value: float | None, at: float | None, place: float = 0.1
) -> RecordedTrial:
    state = "complete" if value is not None else "running"
    return RecordedTrial(
        stage=stage,
        number=key,
        parameters={"learning_rate": place},
        value=value,
        box=Box({"learning_rate": Interval(0.01, 1.0, log=True)}),
        id=key,
        state=state,
        seed=key,
        order_seed=1,
        reason=None,
        finished_at=at,
    )


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path_factory.mktemp("study") / "equal-time.toml"
    path.write_text(study_text("digits", 300, 1, 10), "utf-8")
    return load(str(path))


SEARCHED = [
    trial(1, "coarse", 0.4, 10.0, 0.1),
    trial(2, "coarse", 0.5, 10.0, 0.2),
    trial(3, "coarse", 0.3, 15.0, 0.3),
    trial(4, "fine", 0.6, 20.0, 0.4),
    trial(5, "fine", None, None, 0.5),
]


def test_the_best_value_of_what_has_ended_is_the_incumbent(study: Study) -> None:
    assert [(at, one.id) for at, one in incumbents(study, SEARCHED)] == [(10.0, 2), (20.0, 4)]


def test_a_race_counts_once_it_is_over(study: Study) -> None:
    race = [
        trial(6, "finalists", 0.50, 30.0, 0.4),
        trial(7, "finalists", 0.55, 40.0, 0.2),
    ]
    chosen = incumbents(study, [*SEARCHED, *race])
    assert [(at, one.id) for at, one in chosen] == [(10.0, 2), (20.0, 4), (40.0, 2)]
    going = [*SEARCHED, *race, trial(8, "finalists", None, None, 0.4)]
    assert [one.id for _, one in incumbents(study, going)] == [2, 4]


@pytest.mark.long
def test_incumbents_trained_again_have_their_recorded_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = study_text("digits", 300, 1, 1).replace("epochs = 9", "epochs = 1")
    (tmp_path / "equal-time.toml").write_text(text.replace("high = 256", "high = 48"), "utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    database, began = tmp_path / "klayer.db", time.time()
    finish(start(["run", "equal-time.toml", "--workers", "1", *storage(database)], tmp_path))
    assert len(set(cohort_of(database).values())) >= 4, "of two stages, the race and the final"
    said = found(database, began, None)
    assert sum(epochs for _, epochs in said["ended"]) == len(said["ended"]) >= 24
    again = len(said["incumbents"]) - 1
    assert said["note"].startswith(f"{again} of its {again} incumbents")
    values = [value for _, value, _ in said["incumbents"]]
    assert values[-1] is None, "the winner, which was tested"
    assert all(0 <= test <= 1 for _, _, test in said["incumbents"])
