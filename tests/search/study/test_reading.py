"""Study files are found by path or by name, and what cannot be read is said in one line."""

import os
from pathlib import Path

import pytest

from search.errors import StudyFileError
from search.space.space import Condition
from search.study.reading import LARGEST_BYTES, changed, load, shipped

STUDY = "[[stages]]\ntrials = 2\nbox = {weight_decay = {low = 1e-6, high = 1e-1}}\n"
HINT = "give the path of a TOML file, or the name of a study that ships with klayer"


def message(reference: str | Path, *overrides: str) -> str:
    with pytest.raises(StudyFileError) as caught:
        load(str(reference), overrides)
    return str(caught.value)


def test_a_file_is_read_by_path_and_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "my-study.toml"
    path.write_text(STUDY)
    study = load(str(path))
    assert study.name == "my-study"
    assert study.stages[0].name == "stage-1"
    assert study.final.finalists == 1
    assert study.final.training == study.stages[0].training == study.objective.training


def test_a_shipped_study_is_read_by_name() -> None:
    assert load("digits").name == "digits"


def test_shipped_studies_are_listed_by_name_with_what_they_are_for() -> None:
    listed = shipped()
    assert [one.name for one in listed] == sorted(one.name for one in listed)
    assert {"digits", "lambda-coarse-to-fine", "batch-norm-3-layers"} <= {o.name for o in listed}
    assert all(one.description and one.path.is_file() for one in listed)


def test_an_unknown_name_brings_near_ones() -> None:
    assert message("digit") == (
        "digit: no study of this name ships with klayer; "
        "did you mean digits?; or give the path of a .toml file"
    )


def test_a_file_name_that_is_no_study_name_asks_for_one(tmp_path: Path) -> None:
    path = tmp_path / "My Study.toml"
    path.write_text(STUDY)
    assert message(path) == (
        f"{path}: name: missing, and the file's own name does not serve: "
        'found "My Study"; give a-z, 0-9 and -, beginning with a letter or a digit'
    )
    assert load(str(path), ["name=mine"]).name == "mine"


def test_a_missing_file_and_a_directory_say_so(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert message(missing) == f"{missing}: there is no such file; {HINT}"
    assert message(f"{tmp_path}/") == f"{tmp_path}: is a directory; {HINT}"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_rather_than_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    assert message(pipe) == f"{pipe}: is not a regular file; {HINT}"


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.toml"
    with path.open("wb") as file:
        file.truncate(2**30)
    assert message(path) == f"{path}: is larger than 1 MiB; {HINT}"


def test_a_file_of_just_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_text(STUDY + "#" * (LARGEST_BYTES - len(STUDY)))
    assert load(str(path)).stages[0].trials == 2


def test_a_path_with_a_null_byte_is_one_line() -> None:
    assert message("a\0b.toml").endswith(HINT)
    assert "\n" not in message("a\0b.toml")


@pytest.mark.parametrize("text", ["", "  \n\t\n"])
def test_an_empty_file_says_what_a_study_needs(text: str, tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_text(text)
    assert message(path) == f"{path}: is empty; a study needs at least one [[stages]] table"


def test_bytes_that_are_not_utf8_are_placed(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'seed = 1\ndescription = "caf\xe9"\n')
    assert message(path) == (
        f"{path}: line 2: found a byte that is not UTF-8; save the file as UTF-8 text"
    )


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + STUDY.replace("\n", "\r\n").encode())
    assert load(str(path)).stages[0].trials == 2


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("seed 1", "line 1, column 6"),
        ("seed = 1\nseed = 2\n", "line 2, column 9"),
        ("seed = 1\n[data", "line 2, column 6"),
        ('description = "open\n', "line 1, column 20"),
        ("seed = ", "line 1, column 8"),
    ],
)
def test_a_syntax_error_is_placed(text: str, where: str, tmp_path: Path) -> None:
    path = tmp_path / "syntax.toml"
    path.write_text(text)
    said = message(path)
    assert "\n" not in said
    assert said.startswith(f"{path}: {where}: ")
    assert said.endswith("; the file is no valid TOML")


@pytest.mark.parametrize("text", ["x = " + "[" * 100_000, "seed = " + "9" * 5_000])
def test_hostile_text_is_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.toml"
    path.write_text(text)
    assert message(path).startswith(f"{path}: ")
    assert "\n" not in message(path)
    assert len(message(path)) < 300 + len(str(path))


def test_a_key_with_a_line_break_stays_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text('"a\\nb" = 1\n"c d" = 2\n' + STUDY)
    first, second = message(path).split("\n")
    assert first.startswith(f'{path}: "a\\nb": unknown key; ')
    assert second.startswith(f'{path}: "c d": unknown key; ')


def test_a_change_of_training_reaches_the_stages_of_a_recorded_study() -> None:
    """They take it over, as in a file, unless they say otherwise."""
    own = ["stages.fine.training.batch_size=50"]
    made = changed(load("digits", own), "digits", ["training.batch_size=64"], "other")
    found = [stage.training.batch_size for stage in made.stages]
    assert (found, made.final.training.batch_size) == ([64, 50, 64], 64)


def test_conditions_that_follow_from_layers_change_with_them() -> None:
    width, when = "{low=4, high=8}", "when={layers=4, activation='elu'}"
    own = [
        "stages.coarse.box.layers=[2, 3, 4]",
        "stages.coarse.box.activation=['elu', 'relu']",
        f"stages.coarse.box.width_2={width}",
        f"stages.coarse.box.width_3={{low=4, high=8, {when}}}",
        "network.widths=[9, 9, 9]",
    ]
    recorded = load("digits", own)
    assert changed(recorded, "digits", []) == recorded
    made = changed(recorded, "digits", ["stages.coarse.box.layers=[1, 3, 4]"], "other")
    assert dict(made.stages[0].boxes[0].conditions) == {
        "width_2": Condition({"layers": (3, 4)}),
        "width_3": Condition({"layers": (4,), "activation": ("elu",)}),
    }
