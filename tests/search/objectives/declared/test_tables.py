"""Study files of users' own trainings: what they may leave out, and every fault in one line."""

import re
from pathlib import Path

import pytest

from search.errors import StudyFileError
from search.study.file import Study
from search.study.reading import load

TABLES = {
    "<command>": '[objective]\nkind = "command"\ncommand = ["./train", "{rates}", "{seed}"]',
    "<function>": '[objective]\nkind = "function"\nfunction = "train.py:train"',
    "<hyperparameters>": "[hyperparameters]\nrates = {low = 1e-3, high = 1e-1}\n"
    'depth = {low = 1, high = 8}\noptimizer = ["sgd", "adam"]',
    "<metrics>": '[[metrics]]\nname = "loss"\ndirection = "minimize"',
    "<stages>": "[[stages]]\ntrials = 2",
}

BLOCKS = Path(__file__).with_name("bad_files.txt").read_text("utf-8").strip().split("\n\n")[1:]

CASES = [
    pytest.param(
        "\n".join(line for line in block.split("\n") if not line.startswith("=> ")),
        [line[3:] for line in block.split("\n") if line.startswith("=> ")],
        id=re.sub(r"\W+", "-", block.split("=> ")[1])[:60].strip("-"),
    )
    for block in BLOCKS
]


def studied(folder: Path, text: str) -> Study:
    for name, table in TABLES.items():
        text = text.replace(name, table)
    lines = text.split("\n")
    top = [line for line in lines if line.startswith(("training = ", "objective = "))]
    text = "\n".join([*top, *(line for line in lines if line not in top)])
    (folder / "study.toml").write_text(text, "utf-8")
    return load(str(folder / "study.toml"))


WHOLE = "<command>\n<hyperparameters>\n<metrics>\n<stages>\n"


def test_the_table_is_read_whole() -> None:
    assert len(CASES) > 35
    assert all(case.values[1] for case in CASES)


@pytest.mark.parametrize(("text", "lines"), CASES)
def test_a_bad_file_is_refused_with_all_its_faults(
    text: str, lines: list[str], tmp_path: Path
) -> None:
    with pytest.raises(StudyFileError) as caught:
        studied(tmp_path, text)
    path = tmp_path / "study.toml"
    assert str(caught.value).split("\n") == [f"{path}: {line}" for line in lines]


@pytest.mark.parametrize(("text", "lines"), CASES)
def test_no_message_speaks_of_the_library(text: str, lines: list[str]) -> None:
    for line in lines:
        assert not re.search(r"pydantic|Input should|valid_|https?:|Traceback|dict|tuple", line)


def test_a_stage_that_says_nothing_searches_all_that_is_declared(tmp_path: Path) -> None:
    study = studied(tmp_path, WHOLE)
    (box,) = study.stages[0].boxes
    assert box == study.objective.hyperparameters.box
    assert list(box.ranges) == ["rates", "depth", "optimizer"]


def test_whole_bounds_make_a_whole_number(tmp_path: Path) -> None:
    registry = studied(tmp_path, WHOLE).objective.registry
    assert [getattr(one, "whole", None) for one in registry.known] == [False, True, None]


DECLARED = """\
<command>
<metrics>
[hyperparameters]
optimizer = ["sgd", "adam"]
rates = {low = 0.0, high = 1.0, log = false, meaning = "how fast"}
depth = {low = 2, high = 10, step = 4}
momentum = {low = 0.5, high = 0.99, when = {optimizer = "sgd"}}
kinds = {values = ["a", "b"], when = {depth = 6}}
[[stages]]
trials = 2
"""


def test_a_narrower_box_keeps_scale_step_and_condition(tmp_path: Path) -> None:
    box = (
        'box = {rates = {low = 0.0, high = 0.5}, depth = {low = 2, high = 6}, kinds = ["a"], '
        'optimizer = ["sgd", "adam"], momentum = {low = 0.5, high = 0.9}}'
    )
    (narrow,) = studied(tmp_path, DECLARED + box).stages[0].boxes
    assert not narrow.ranges["rates"].log  # type: ignore[union-attr]
    assert narrow.ranges["depth"].step == 4  # type: ignore[union-attr]
    assert set(narrow.conditions) == {"momentum", "kinds"}


def test_a_box_without_what_a_condition_reads_searches_without_it(tmp_path: Path) -> None:
    (box,) = (
        studied(tmp_path, DECLARED + "box = {momentum = {low = 0.5, high = 0.9}}").stages[0].boxes
    )
    assert list(box.ranges) == ["momentum"]
    assert not box.conditions


def test_a_metric_that_stands_alone_is_the_score(tmp_path: Path) -> None:
    objective = studied(tmp_path, WHOLE).objective
    assert objective.score.name == "loss"
    assert objective.judge().by == "last"


def test_a_stage_trains_as_long_as_the_objective_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = WHOLE.replace("<command>", "<command>\nsteps = 9") + SHORTER
    study = studied(tmp_path, text)
    assert [study.objective.steps(stage.training) for stage in study.stages] == [3, 9]
    assert study.objective.steps(study.final.training) == 9
    assert study.contenders() == ("stage-2",)


SHORTER = """\
[stages.training]
steps = 3
[[stages]]
trials = 2
zoom = {rule = "decades", decades = 0.5}
"""
