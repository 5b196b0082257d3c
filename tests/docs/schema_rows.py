"""Rows of reference tables as pages should have them, made from the tables of study files."""

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from search.objectives.network.facts import NAMED
from search.objectives.network.schedules import ConstantSchedule
from search.study.faults import shown
from search.study.halving import Halving
from search.study.stage_table import StageTable
from search.study.table import NAME_LENGTH
from search.study.tables import Document

SEE_RIGHT = [
    Document.model_fields["name"].description,
    StageTable.model_fields["name"].description,
    Halving.model_fields["unit"].description,
]
"""Meanings of keys whose default depends on other things, which they name."""


def rows(table: type[BaseModel], without: type[BaseModel] | None = None) -> list[str]:
    """The rows of a table, but for the keys that another one has."""
    left_out = without.model_fields if without is not None else {}
    fields = {key: field for key, field in table.model_fields.items() if key not in left_out}
    return [row(field.alias or key, field) for key, field in fields.items()]


def sections(page: str) -> Mapping[str, str]:
    """The text under each heading of a page."""
    parts = re.split(r"^#+ (.*)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def first_table(section: str) -> list[str]:
    """The rows of the first table of a section that describes keys, without its header."""
    found = re.search(r"^\| key \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", section, re.MULTILINE)
    return found[1].splitlines() if found else []


def within(annotation: Any) -> Iterator[type[BaseModel]]:
    """All tables that a study file may have below one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from within(field.annotation)
    for part in get_args(annotation):
        yield from within(part)


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
        return ", ".join(f"{one.validation} for {name}" for name, one in NAMED.items())
    if field.description in SEE_RIGHT:
        return "see right"
    if field.is_required() or (key == "kind" and not field.description):
        return "required"
    value = field.get_default(call_default_factory=True)
    if isinstance(value, BaseModel) and "differ" in (field.description or ""):
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
    if kind(field.annotation) == "text":
        words = ["not empty" if word == "1 or more of them" else word for word in words]
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
