"""Tables of a study put back from their plain form, without any rule of study files."""

import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from search.space.space import Box
from search.study.ranges import recorded_box


def constructed(annotation: Any, plain: Any) -> Any:
    """A value of an annotation from its plain form, unchecked."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return constructed(arguments[0], plain)
    if plain is None or isinstance(plain, BaseModel):
        return plain
    if annotation is Box:
        return recorded_box(plain)
    if origin in (Union, types.UnionType):
        return constructed(_chosen(arguments, plain), plain)
    if origin is tuple:
        return tuple(constructed(arguments[0], one) for one in plain)
    if origin is dict:
        return {key: constructed(arguments[1], one) for key, one in plain.items()}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _table(annotation, plain)
    return plain


def _table(model: type[BaseModel], plain: dict[str, Any]) -> BaseModel:
    values = {}
    for name, field in model.model_fields.items():
        key = field.alias if field.alias in plain else name
        if key in plain:
            values[name] = constructed(field.annotation, plain[key])
    return model.model_construct(**values)


def _chosen(options: tuple[Any, ...], plain: Any) -> Any:
    """Which of several annotations a plain value is of; tables are told apart by a `Literal`."""
    for option in options:
        if isinstance(option, type) and issubclass(option, BaseModel) and isinstance(plain, dict):
            tags = {
                name: get_args(field.annotation)
                for name, field in option.model_fields.items()
                if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1
            }
            if all(plain.get(name) in values for name, values in tags.items()):
                return option
    return next((one for one in options if get_origin(one) or one is Box), Any)
