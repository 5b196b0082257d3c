"""Every kind of fault of a study file costs one exact, plain line."""

import re
from pathlib import Path

import pytest

from search.errors import StudyFileError
from search.study.reading import load

STAGE = "[[stages]]\ntrials = 2\nbox = {weight_decay = {low = 1e-6, high = 1e-1}}"

BLOCKS = Path(__file__).with_name("bad_files.txt").read_text("utf-8").strip().split("\n\n")[1:]

CASES = [
    pytest.param(
        "\n".join(line for line in block.split("\n") if not line.startswith("=> ")),
        [line[3:] for line in block.split("\n") if line.startswith("=> ")],
        id=re.sub(r"\W+", "-", block.split("=> ")[1])[:60].strip("-"),
    )
    for block in BLOCKS
]


def test_the_table_is_read_whole() -> None:
    assert len(CASES) > 100
    assert all(case.values[1] for case in CASES)


@pytest.mark.parametrize(("text", "lines"), CASES)
def test_a_bad_file_is_refused_with_all_its_faults(
    text: str, lines: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text.replace("<stage>", STAGE), encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        load(str(path))
    assert str(caught.value).split("\n") == [f"{path}: {line}" for line in lines]


@pytest.mark.parametrize(("text", "lines"), CASES)
def test_no_message_speaks_of_the_library(text: str, lines: list[str]) -> None:
    for line in lines:
        assert not re.search(r"pydantic|Input should|valid_|https?:|Traceback|dict|tuple", line)
        assert line.count("; ") >= 1 or "but" in line or "need" in line, line


def test_the_placeholder_is_a_valid_stage(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STAGE)
    assert load(str(path)).stages[0].trials == 2
