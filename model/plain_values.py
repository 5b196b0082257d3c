"""Frozen dataclasses of plain fields, read back from what JSON gives, each field's type checked.

A dataclass annotation is only a promise; here it is held. JSON from a file may hold anything, and
a text where a number belongs would otherwise be found far from where it came in.
"""

import functools
import math
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from model.errors import ModelError

_Value = TypeVar("_Value")


def read(kind: type[_Value], found: object, where: str = "it") -> _Value:
    """The value of a dataclass that `dataclasses.asdict` and JSON made `found` from.

    Args:
        kind: A dataclass. Its fields are bool, int, float, str, Literal, tuple[X, ...], X | None or
            such dataclasses. A field that is missing has its default, as an older klayer wrote it
            before there was that field; a key that is no field is passed over, as a newer one may
            have written it.
        found: What `json.loads` gives.
        where: What the message calls it.

    Raises:
        ModelError: A field without a default is missing; one is of another type; a number is not
            finite; or the dataclass itself refuses the values.
    """
    known = fields(kind)  # type: ignore[arg-type]
    needed = [one.name for one in known if one.default is MISSING]
    if not isinstance(found, dict) or not found.keys() >= set(needed):
        what = sorted(found) if isinstance(found, dict) else type(found).__name__
        raise ModelError(f"{where} must have the keys {', '.join(needed)}, not {what!s:.200}")
    hints = _hints(kind)  # type: ignore[arg-type]
    names = [one.name for one in known if one.name in found]
    return kind(**{name: _read(hints[name], found[name], name) for name in names})


@functools.cache  # an encoding has as many values of one kind as the table has columns
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(hint: Any, found: object, name: str) -> Any:
    if get_origin(hint) is UnionType:
        given = [one for one in get_args(hint) if one is not NoneType]
        return None if found is None else _read(given[0], found, name)
    if is_dataclass(hint):
        return read(hint, found, name)  # type: ignore[arg-type]
    if get_origin(hint) is tuple:
        if not isinstance(found, list):
            raise ModelError(f"{name} must be a list, not {found!r:.200}")
        return tuple(_read(get_args(hint)[0], one, name) for one in found)
    if get_origin(hint) is Literal:
        # Of the same type too: True equals 1, and is no choice of one that has 1.
        if not any(type(found) is type(one) and found == one for one in get_args(hint)):
            choices = ", ".join(map(str, get_args(hint)))
            raise ModelError(f"{name} must be one of {choices}, not {found!r:.200}")
        return found
    if hint is float and type(found) in (int, float):
        number = _as_float(found)
        if math.isfinite(number):
            return number
    elif type(found) is hint and (hint is not str or _is_unicode(found)):
        return found
    raise ModelError(f"{name} must be a finite {hint.__name__}, not {found!r:.200}")


def _is_unicode(text: Any) -> bool:
    """Whether it can be written: JSON also gives halves of surrogate pairs."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _as_float(found: Any) -> float:
    try:
        return float(found)
    except OverflowError:
        return math.inf
