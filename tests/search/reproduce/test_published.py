"""What was published is read from a file by path or name, and its faults are told like others."""

from pathlib import Path

import pytest

from search.errors import StudyFileError
from search.reproduce.published import experiments
from search.study.reading import load

FILE = """\
[[stages]]
name = "listed"
sampler = "points"
points = [{momentum = 0.0}, {momentum = 0.9}]

[final]
finalists = 2

[[published]]
id = "D1"
setting = "with momentum"
measure = "test_accuracy"
point = {momentum = 0.9}
value = 45.02

[[gradient_checks]]
id = "D0"
setting = "2 layers"
rows = 10
published = {weights = 1.4e-6}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(FILE)
    return path


def test_rows_and_checks_are_read_in_their_order(path: Path) -> None:
    found = experiments(str(path))
    assert [(row.id, row.value) for row in found.published] == [("D1", 45.02)]
    assert [(check.id, check.rows) for check in found.checks] == [("D0", 10)]


def test_a_file_may_have_none() -> None:
    found = experiments("digits")
    assert (found.published, found.checks) == ((), ())


def test_a_fault_names_the_file_and_the_key(path: Path) -> None:
    path.write_text(FILE.replace("point = {momentum = 0.9}", "point = {momentum = 0.8}"))
    with pytest.raises(StudyFileError) as caught:
        experiments(str(path))
    assert str(caught.value) == (
        f"{path}: published.1.point: no trial of the study can have these values; "
        "give values that a trial of listed can have"
    )
    assert load(str(path)).name == "own"  # a search does not read them


def test_a_study_that_set_changes_need_not_have_what_was_published(path: Path) -> None:
    study = load(str(path), ["final.finalists=1"])
    assert study.final.finalists == 1
