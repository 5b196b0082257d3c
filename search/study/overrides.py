"""`--set key=value`: single values of a study file, changed before it is checked."""

import re
import tomllib
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from search.errors import StudyFileError
from search.study.faults import Key, near, shown

_KEY = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def overridden(
    document: dict[str, Any], overrides: Sequence[str]
) -> tuple[dict[str, Any], list[Key]]:
    """`document` with `overrides` applied in their order, and the keys that they set.

    Args:
        document: A study file as `tomllib` reads it; left as it is.
        overrides: `key=value`. The key's parts are keys of tables; in arrays of tables, such as
            `stages`, names or places counted from 1. The value is a TOML value; a bare word that
            is none is taken as a text.

    Raises:
        StudyFileError: An override is not written so, or its key leads nowhere.
    """
    result = deepcopy(document)
    keys: list[Key] = []
    for override in overrides:
        dotted, equals, text = override.partition("=")
        dotted = dotted.strip()
        if not equals or not _KEY.fullmatch(dotted):
            raise StudyFileError(
                f"--set {override}: not a key and a value; "
                "give it as key=value, such as training.batch_size=64"
            )
        keys.append(_put(result, dotted, _value(dotted, text.strip())))
    return result, keys


def _value(dotted: str, text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        parsed = {}
    if parsed.keys() == {"value"}:
        return parsed["value"]
    if not text or text[0] in "[{\"'" or "\n" in text:
        raise StudyFileError(
            f"--set {dotted}: found {shown(text)}; give a TOML value: 5, 1e-3, relu, [50, 50]"
        )
    return text


def _put(document: dict[str, Any], dotted: str, value: Any) -> Key:
    """Sets a value in place; returns the key of what is new, with places counted from 0."""
    *way, last = dotted.split(".")
    table: Any = document
    key: list[str | int] = []
    made: Key = ()
    for part in way:
        place: str | int = part
        if isinstance(table, list):
            place = _place(table, part, dotted)
        elif part not in table:
            table[part] = [] if part == "stages" else {}
            made = made or (*key, part)
        table = table[place]
        key.append(place)
        if not isinstance(table, dict | list):
            raise StudyFileError(
                f"--set {dotted}: {'.'.join(map(str, key))} is {shown(table)}, not a table; "
                "set it as a whole"
            )
    if isinstance(table, list):
        raise StudyFileError(f"--set {dotted}: names a whole row of an array; name one of its keys")
    table[last] = value
    return made or (*key, last)


def _place(rows: list[Any], part: str, dotted: str) -> int:
    names = [row.get("name", "") if isinstance(row, dict) else "" for row in rows]
    names = [str(name) or f"stage-{place}" for place, name in enumerate(names, start=1)]
    if part in names:
        return names.index(part)
    if part.isdecimal() and 1 <= int(part) <= len(rows):
        return int(part) - 1
    hint = near(part, names) if rows else "the file has no [[stages]]"
    raise StudyFileError(f"--set {dotted}: no stage {shown(part)}; {hint}")
