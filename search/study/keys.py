"""How the key of a fault is written for people, as the file itself would write it."""

import re
from typing import Any

from search.study.faults import Key, shown

_BARE = re.compile(r"[A-Za-z0-9_-]+")
"""Keys that TOML takes without quotes."""


def written(key: Key, document: dict[str, Any]) -> str:
    """`key` as people write it: stages by name, other places counted from 1.

    Args:
        key: The way from the top of `document`; it may lead on from where the document ends.
        document: The study file, as `tomllib` reads it.
    """
    parts: list[str] = []
    value: Any = document
    for part in key:
        outer, value = value, _inner(value, part)
        if part == "boxes" and isinstance(outer, dict) and "box" in outer:
            value = [outer["box"]]
            parts.append("box")
        elif parts[-1:] == ["box"] and isinstance(part, int):
            continue
        elif isinstance(part, str):
            parts.append(part if _BARE.fullmatch(part) else shown(part))
        else:
            name = value.get("name") if isinstance(value, dict) and parts == ["stages"] else None
            parts.append(name if isinstance(name, str) and _BARE.fullmatch(name) else str(part + 1))
    return ".".join(parts) or "the file"


def _inner(value: Any, part: str | int) -> Any:
    try:
        return value[part]
    except (KeyError, IndexError, TypeError):
        return None
