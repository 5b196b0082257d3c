"""pydantic's errors as faults in plain sentences, at the keys that the user wrote."""

import re
from collections.abc import Callable
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from search.study.faults import FAULTS, Fault, Key, near, nearest, shown


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """What `error`, raised on validating `model`, says, in the order of the file's keys."""
    found: list[Fault] = []
    for detail in error.errors(include_url=False):
        if _is_consequence(detail):
            continue
        key, holder = _walk(model, detail["loc"])
        if detail["type"] == FAULTS:
            found += [fault.under(*key) for fault in detail["ctx"]["faults"]]
        elif detail["type"] in ("union_tag_not_found", "union_tag_invalid"):
            found.append(Fault((*key, detail["ctx"]["discriminator"].strip("'")), _tag(detail)))
        else:
            found.append(Fault(key, _sentence(detail, holder)))
    return found


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a file may write in the table that `model` stands for."""
    return [field.alias or name for name, field in model.model_fields.items()]


def tables_of(annotation: Any) -> list[type[BaseModel]]:
    """The tables that a value of this annotation may be, looking through arrays and options."""
    if get_origin(annotation) is Annotated:
        return tables_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType, tuple):
        return [table for part in get_args(annotation) for table in tables_of(part)]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return []


def _is_consequence(detail: ErrorDetails) -> bool:
    """Whether the error only says that another one stands elsewhere."""
    if detail["type"] == "too_short":  # pydantic doesn't count rows that are wrong themselves
        return len(detail["input"]) >= int(detail["ctx"]["min_length"])
    return detail["type"] == "default_factory_not_called"


def _walk(model: type[BaseModel], loc: Key) -> tuple[Key, list[type[BaseModel]]]:
    """The key as written, without pydantic's union tags, and the tables that hold its last part."""
    key: list[str | int] = []
    holders, tables = [model], [model]
    for part in loc:
        if isinstance(part, str) and len(tables) > 1 and (chosen := _tagged(tables, part)):
            tables = [chosen]
            continue
        key.append(part)
        holders = tables
        if isinstance(part, str):
            tables = _inner(tables, part)
    return tuple(key), holders


def _tagged(tables: list[type[BaseModel]], tag: str) -> type[BaseModel] | None:
    for table in tables:
        for field in table.model_fields.values():
            if tag in get_args(field.annotation) and len(get_args(field.annotation)) == 1:
                return table
    return None


def _inner(tables: list[type[BaseModel]], key: str) -> list[type[BaseModel]]:
    for table in tables:
        for name, field in table.model_fields.items():
            if key in (name, field.alias):
                return tables_of(field.annotation)
    return []


def _tag(detail: ErrorDetails) -> str:
    context = detail["ctx"]
    if detail["type"] == "union_tag_invalid":
        expected = context["expected_tags"]
        right = nearest(context["tag"], _named(expected))
        right = right or "give one of " + expected.replace("'", '"')
        return f"found {shown(context['tag'])}; {right}"
    return "missing; it says which kind of table this is"


def _sentence(detail: ErrorDetails, holders: list[type[BaseModel]]) -> str:
    kind, found = detail["type"], shown(detail["input"])
    if kind == "missing":
        return f"missing{_meaning(str(detail['loc'][-1]), holders)}; it has no default"
    if kind == "extra_forbidden":
        known = [key for table in holders for key in keys_of(table)]
        return f"unknown key; {near(str(detail['loc'][-1]), known)}"
    if kind == "literal_error":
        meant = nearest(detail["input"], _named(detail["ctx"]["expected"]))
        if meant:
            return f"found {found}; {meant}"
    right = _RIGHT.get(kind)
    if right is None:
        return f"found {found}; {detail['msg'][:1].lower()}{detail['msg'][1:]}"
    return f"found {found}; give {right(detail.get('ctx', {}))}"


def _named(expected: str) -> list[str]:
    """The names in pydantic's list of them."""
    return re.findall(r"'([^']*)'", expected)


def _meaning(key: str, holders: list[type[BaseModel]]) -> str:
    """What the key stands for, to follow on `missing`."""
    for table in holders:
        for name, field in table.model_fields.items():
            if key in (name, field.alias) and field.description:
                return f": {field.description.partition('. ')[0]}"
    return ""


def _number(bound: Any) -> str:
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"


_RIGHT: dict[str, Callable[[dict[str, Any]], str]] = {
    "int_type": lambda _: "a whole number",
    "int_from_float": lambda _: "a whole number",
    "float_type": lambda _: "a number",
    "finite_number": lambda _: "a finite number",
    "bool_type": lambda _: "true or false",
    "string_type": lambda _: "a text in quotes",
    "string_too_short": lambda _: "a text that is not empty",
    "string_too_long": lambda ctx: f"at most {ctx['max_length']} characters",
    "string_pattern_mismatch": lambda _: "a-z, 0-9 and -, beginning with a letter or a digit",
    "literal_error": lambda ctx: (
        "one of " + ctx["expected"].replace(" or ", ", ").replace("'", '"')
    ),
    "greater_than": lambda ctx: f"more than {_number(ctx['gt'])}",
    "greater_than_equal": lambda ctx: f"{_number(ctx['ge'])} or more",
    "less_than": lambda ctx: f"less than {_number(ctx['lt'])}",
    "less_than_equal": lambda ctx: f"{_number(ctx['le'])} or less",
    "tuple_type": lambda _: "a list, in [ ]",
    "too_short": lambda ctx: f"a list of {ctx['min_length']} or more",
    "too_long": lambda ctx: f"a list of at most {ctx['max_length']}",
    "dict_type": lambda _: "a table",
    "model_type": lambda _: "a table",
    "model_attributes_type": lambda _: "a table",
}
