"""The reference page of the study file and its schema say the same, row by row."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from search.objectives.network.registry import REGISTRY, Choice, find, names
from search.objectives.network.schedules import ConstantSchedule, CyclesSchedule, DecaySchedule
from search.objectives.network.sections import (
    VALIDATION_IMAGES,
    DataSection,
    NetworkSection,
    TrainingSection,
)
from search.reproduce.published_tables import GradientCheck, Published
from search.space.space import Box
from search.study.faults import shown
from search.study.file import study_of
from search.study.halving import Halving
from search.study.ranges import RangeTable
from search.study.reading import load
from search.study.stage_table import StageTable
from search.study.table import NAME_LENGTH
from search.study.tables import Document, FinalTable
from search.study.zoom_rules import DecadesZoom, Limits, QuantileZoom

PAGE = Path(__file__).parents[2] / "docs" / "study-file.md"

TABLES: dict[str, type[BaseModel]] = {
    "The top of the file": Document,
    "`[data]`": DataSection,
    "`[network]`": NetworkSection,
    "`[training]`": TrainingSection,
    '`schedule`, kind `"constant"`': ConstantSchedule,
    '`schedule`, kind `"decay"`': DecaySchedule,
    '`schedule`, kind `"cycles"`': CyclesSchedule,
    "`[[stages]]`": StageTable,
    "`halving` of a stage": Halving,
    "Ranges": RangeTable,
    '`zoom`, rule `"decades"`': DecadesZoom,
    '`zoom`, rule `"quantile"`': QuantileZoom,
    "`limits` of a zoom": Limits,
    "`[final]`": FinalTable,
    "`[[published]]`": Published,
    "`[[gradient_checks]]`": GradientCheck,
}
"""The headings of the page whose table is that of a schema."""

SEARCHED = "What can be searched"


def row(key: str, field: FieldInfo) -> str:
    """The row of the page that describes a key of the schema."""
    cells = [f"`{key}`", kind(field.annotation), default(key, field), limits(field)]
    return f"| {' | '.join(cells)} | {field.description or 'which of the tables this is'} |"


def kind(annotation: Any) -> str:
    """What a value is, in words."""
    origin, inner = get_origin(annotation), get_args(annotation)
    simple = {str: "text", int: "whole number", float: "number", bool: "`true` or `false`"}
    if annotation in simple:
        return simple[annotation]
    if origin is Annotated:
        return kind(inner[0])
    if origin in (Union, UnionType):
        return " or ".join(dict.fromkeys(kind(part) for part in inner if part is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{shown(option)}`" for option in inner)
    if origin is tuple:
        return f"list: {kind(inner[0])}"
    return "table"


def default(key: str, field: FieldInfo) -> str:
    """What stands for a key that is left out."""
    if key == "validation":
        return ", ".join(f"{count} for {source}" for source, count in VALIDATION_IMAGES.items())
    if key == "name":
        return "see right"
    if field.is_required() or key == "kind":
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, TrainingSection) and "differ" in (field.description or ""):
        return "as in `[training]`"
    if isinstance(value, BaseModel):
        schedule = isinstance(value, ConstantSchedule)
        return '`{kind = "constant", epochs = 10}`' if schedule else "its defaults"
    if value is None or value in ((), {}):
        return "none"
    return f"`{list(value)}`" if isinstance(value, tuple) else f"`{shown(value)}`"


def limits(field: FieldInfo) -> str:
    """What a value keeps to, in words."""
    each = "each " if get_origin(field.annotation) is tuple else ""
    inner = " and ".join(bounds(inner_metadata(field.annotation)))
    words = [*bounds(field.metadata), *([each + inner] if inner else [])]
    return ", ".join(dict.fromkeys(words)) or "-"


def inner_metadata(annotation: Any) -> list[Any]:
    """The constraints on the items of a list, or on a value that may be left out."""
    if get_origin(annotation) is Annotated:
        return [inner for part in get_args(annotation)[1:] for inner in (part.metadata or [part])]
    return [
        inner
        for part in get_args(annotation)
        if get_origin(part) is Annotated
        for constraint in get_args(part)[1:]
        for inner in getattr(constraint, "metadata", [])
    ]


def bounds(metadata: list[Any]) -> Iterator[str]:
    """Constraints in words."""
    words = {"ge": "{:,} or more", "gt": "above {:,}", "le": "at most {:,}", "lt": "below {:,}"}
    for constraint in metadata:
        for attribute, text in words.items():
            if getattr(constraint, attribute, None) is not None:
                yield text.format(getattr(constraint, attribute))
        if getattr(constraint, "pattern", None):
            yield "a-z, 0-9 and -"
        if getattr(constraint, "min_length", None):
            yield f"{constraint.min_length} or more of them"
        most = getattr(constraint, "max_length", None)
        if most is not None:
            yield f"at most {most:,} " + ("characters" if most == NAME_LENGTH else "long")


def expected(heading: str) -> list[str]:
    """The rows that the page should have under a heading."""
    if heading != SEARCHED:
        fields = TABLES[heading].model_fields.items()
        return [row(field.alias or key, field) for key, field in fields]
    rows = []
    for name in (*REGISTRY, *names()[len(REGISTRY) :]):
        one = find(name)
        assert one is not None
        rows.append(f"| `{name}` | {one.values().replace(chr(34), '`')} | {one.meaning} |")
    return rows


def test_each_table_of_the_page_has_the_rows_of_its_schema() -> None:
    for heading in (*TABLES, SEARCHED):
        assert on_page(heading) == expected(heading), heading


def on_page(heading: str) -> list[str]:
    """The rows of the first table under a heading, without the header."""
    sections = re.split(r"^#+ (.*)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    texts = dict(zip(sections[1::2], sections[2::2], strict=True))
    lines = [line for line in texts[heading].splitlines() if line.startswith("|")]
    return lines[2:]


def test_every_table_of_the_schema_is_on_the_page() -> None:
    def within(annotation: Any) -> Iterator[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
            for field in annotation.model_fields.values():
                yield from within(field.annotation)
        for part in get_args(annotation):
            yield from within(part)

    read_elsewhere = {Published, GradientCheck}  # by `klayer reproduce`
    assert set(within(Document)) | {RangeTable} | read_elsewhere == set(TABLES.values())


def test_no_other_table_is_on_the_page() -> None:
    headed = re.findall(r"^#+ (.*)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    assert [one for one in headed if on_page(one)] == [
        one for one in headed if one in (*TABLES, SEARCHED)
    ]


EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_a_study(example: str) -> None:
    document = tomllib.loads(example)
    document.setdefault("stages", [{"box": {"weight_decay": [0.0]}, "trials": 1}])
    study = study_of({"name": "example"} | document)
    assert all(isinstance(box, Box) for stage in study.stages for box in stage.boxes)


@pytest.mark.parametrize("override", re.findall(r"digits --set ([^`\s]+)", PAGE.read_text("utf-8")))
def test_each_override_of_the_page_applies_to_the_study_it_is_shown_with(override: str) -> None:
    assert load("digits", [override]) != load("digits")


def test_choices_are_words() -> None:
    assert all(isinstance(one, Choice) for one in REGISTRY.values() if hasattr(one, "options"))
