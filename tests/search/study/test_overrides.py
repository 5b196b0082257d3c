"""`--set key=value` changes single values, and says where it can't."""

from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.overrides import overridden
from search.study.reading import load

SYNTAX = "not a key and a value; give it as key=value, such as training.batch_size=64"
VALUE = "give a TOML value: 5, 1e-3, relu, [50, 50]"
RANGE = {"low": 0.1, "high": 0.9}


def document() -> dict[str, Any]:
    return {
        "seed": 1,
        "training": {"batch_size": 100},
        "stages": [{"name": "coarse", "trials": 20}, {"trials": 10}],
    }


def message(*overrides: str, study: str = "digits") -> str:
    with pytest.raises(StudyFileError) as caught:
        load(study, overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("seed=3", ("seed",), 3),
        (" seed = 3 ", ("seed",), 3),
        ("training.batch_size=64", ("training", "batch_size"), 64),
        ("training.learning_rate=1e-3", ("training", "learning_rate"), 1e-3),
        ("training.shuffle=false", ("training", "shuffle"), False),
        ('description="a = b"', ("description",), "a = b"),
        ("description=a = b", ("description",), "a = b"),
        ("network.widths=[5, 6]", ("network",), {"widths": [5, 6]}),
        ("network.activation=elu", ("network",), {"activation": "elu"}),
        ("stages.coarse.trials=5", ("stages", 0, "trials"), 5),
        ("stages.1.trials=5", ("stages", 0, "trials"), 5),
        ("stages.2.trials=5", ("stages", 1, "trials"), 5),
        ("stages.stage-2.trials=5", ("stages", 1, "trials"), 5),
        ("stages.2.box.momentum={low=0.1,high=0.9}", ("stages", 1, "box"), {"momentum": RANGE}),
    ],
)
def test_a_value_is_put_at_its_key(override: str, key: tuple[str | int, ...], value: Any) -> None:
    result, keys = overridden(document(), [override])
    found: Any = result
    for part in key:
        found = found[part]
    assert found == value
    assert keys == [key]


def test_later_overrides_win_and_the_document_stays_as_it_was() -> None:
    before = document()
    result, _ = overridden(before, ["training.batch_size=5", "training.batch_size=6"])
    assert result["training"]["batch_size"] == 6
    assert before == document()


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seed", f"--set seed: {SYNTAX}"),
        ("=3", f"--set =3: {SYNTAX}"),
        ("a..b=3", f"--set a..b=3: {SYNTAX}"),
        ("seed=", f'--set seed: found ""; {VALUE}'),
        ("network.widths=[5", f'--set network.widths: found "[5"; {VALUE}'),
        ("seed=1\nname=3", f'--set seed: found "1\\nname=3"; {VALUE}'),
        ("seed.x=1", "--set seed.x: seed is 1, not a table; set it as a whole"),
        (
            "stages.coarze.trials=1",
            '--set stages.coarze.trials: no stage "coarze"; did you mean coarse?',
        ),
        (
            "stages.0.trials=1",
            '--set stages.0.trials: no stage "0"; known here: coarse, fine, finest',
        ),
        (
            "stages.coarse=1",
            "--set stages.coarse: names a whole row of an array; name one of its keys",
        ),
        (
            "training.batch_sise=3",
            "--set: training.batch_sise: unknown key; did you mean batch_size?",
        ),
        ("trainin.batch_size=3", "--set: trainin: unknown key; did you mean training?"),
        ("stages.fine.trals=3", "--set: stages.fine.trals: unknown key; did you mean trials?"),
        ("stages.2.trials=true", "--set: stages.fine.trials: found true; give a whole number"),
        ("training.batch_size=64x", '--set: training.batch_size: found "64x"; give a whole number'),
    ],
)
def test_an_override_that_cannot_be_is_one_line(override: str, said: str) -> None:
    assert message(override) == said


def test_a_fault_of_the_file_is_not_laid_on_an_override() -> None:
    said = message("stages.coarse.sampler=grid", "stages.fine.trials=0").split("\n")
    assert said[0].startswith("digits: stages.coarse.trials: found 16; leave it out")
    assert said[-1] == "--set: stages.fine.trials: found 0; give 1 or more"


def test_an_override_reaches_the_study() -> None:
    study = load("digits", ["training.batch_size=64", "stages.coarse.trials=5", "final.seeds=1"])
    assert {stage.training.batch_size for stage in study.stages} == {64}
    assert study.final.training.batch_size == 64
    assert study.stages[0].trials == 5
    assert study.final.seeds == 1
