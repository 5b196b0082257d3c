"""The reference page of the study file and its schema say the same, row by row."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from search.objectives.network.registry import REGISTRY, Choice, find, names
from search.objectives.network.schedules import SCHEDULES
from search.objectives.network.sections import (
    DataSection,
    NetworkDocument,
    NetworkFinal,
    NetworkKind,
    NetworkSection,
    NetworkStage,
    TrainingSection,
)
from search.reproduce.published_tables import GradientCheck, Published
from search.space.space import Box
from search.study.budget import Budget
from search.study.file import study_of
from search.study.halving import Halving
from search.study.ranges import RangeTable
from search.study.reading import load
from search.study.stopping import Stop
from search.study.zoom_rules import DecadesZoom, Limits, QuantileZoom
from tests.docs.schema_rows import first_table, rows, sections, within

PAGE = (Path(__file__).parents[2] / "docs" / "study-file.md").read_text("utf-8")

TABLES: dict[str, type[BaseModel]] = {
    "The top of the file": NetworkDocument,
    "`[objective]`": NetworkKind,
    "`[data]`": DataSection,
    "`[network]`": NetworkSection,
    "`[training]`": TrainingSection,
    **{f'`schedule`, kind `"{one.model_fields["kind"].default}"`': one for one in SCHEDULES},
    "`strategy` and `[budget]`": Budget,
    "`[[stages]]`": NetworkStage,
    "`halving` of a stage": Halving,
    "`stop` of a stage": Stop,
    "Ranges": RangeTable,
    '`zoom`, rule `"decades"`': DecadesZoom,
    '`zoom`, rule `"quantile"`': QuantileZoom,
    "`limits` of a zoom": Limits,
    "`[final]`": NetworkFinal,
    "`[[published]]`": Published,
    "`[[gradient_checks]]`": GradientCheck,
}
"""The headings of the page whose table is that of a schema."""

SEARCHED = "What can be searched"


def searched() -> list[str]:
    """The rows of the hyperparameters that the network has."""
    found = []
    for name in (*REGISTRY, *names()[len(REGISTRY) :]):
        one = find(name)
        assert one is not None
        found.append(f"| `{name}` | {one.values().replace(chr(34), '`')} | {one.meaning} |")
    return found


def test_each_table_of_the_page_has_the_rows_of_its_schema() -> None:
    for heading, table in TABLES.items():
        assert sorted(first_table(sections(PAGE)[heading])) == sorted(rows(table)), heading


def test_each_hyperparameter_of_the_network_is_on_the_page() -> None:
    lines = [line for line in sections(PAGE)[SEARCHED].splitlines() if line.startswith("|")]
    assert lines[2:] == searched()


def test_every_table_of_the_schema_is_on_the_page() -> None:
    read_elsewhere = {Published, GradientCheck}  # by `klayer reproduce`
    assert set(within(NetworkDocument)) | {RangeTable} | read_elsewhere == set(TABLES.values())


def test_no_other_table_is_on_the_page() -> None:
    headed = sections(PAGE)
    assert [one for one in headed if first_table(headed[one])] == [
        one for one in headed if one in TABLES
    ]


EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_a_study(example: str) -> None:
    document = tomllib.loads(example)
    if "strategy" not in document:
        document.setdefault("stages", [{"box": {"weight_decay": [0.0]}, "trials": 1}])
    study = study_of({"name": "example"} | document)
    assert all(isinstance(box, Box) for stage in study.stages for box in stage.boxes)


@pytest.mark.parametrize("override", re.findall(r"digits --set ([^`\s]+)", PAGE))
def test_each_override_of_the_page_applies_to_the_study_it_is_shown_with(override: str) -> None:
    assert load("digits", [override]) != load("digits")


def test_choices_are_words() -> None:
    assert all(isinstance(one, Choice) for one in REGISTRY.values() if hasattr(one, "options"))
