"""What differs between two studies as plain values, in lines for people."""

import json
from typing import Any

_ABSENT = object()
LONGEST = 200  # characters of a value that are shown


def differences(recorded: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """One line for each key that differs between two studies; empty if they are equal.

    A change of [training] that stages and the final only take over stands there once.

    Args:
        recorded: The study as it was, as `Study.in_full` gives it.
        now: The study as it is, likewise.
    """
    lines = _tables("", _without_stages(recorded), _without_stages(now))
    before, after = _stages(recorded), _stages(now)
    for name in before:
        if name not in after:
            lines.append(f"stages.{name}: removed")
    for name in after:
        if name not in before:
            lines.append(f"stages.{name}: added")
        else:
            lines += _tables(f"stages.{name}.", before[name], after[name])
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        lines.append(f"stages: in the order {_list(before)} before, {_list(after)} now")
    return _without_echoes(lines)


def _without_stages(canonical: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in canonical.items() if key != "stages"}


def _stages(canonical: dict[str, Any]) -> dict[str, Any]:
    return {stage["name"]: stage for stage in canonical.get("stages", [])}


def _tables(prefix: str, before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    lines = []
    for key in [*before, *(key for key in now if key not in before)]:
        one, other = before.get(key, _ABSENT), now.get(key, _ABSENT)
        if isinstance(one, dict) and isinstance(other, dict):
            lines += _tables(f"{prefix}{key}.", one, other)
        elif _rows(one) and _rows(other) and len(one) == len(other):
            for place, (row, later) in enumerate(zip(one, other, strict=True), start=1):
                lines += _tables(f"{prefix}{key}.{place}.", row, later)
        elif one != other or isinstance(one, bool) != isinstance(other, bool):
            lines.append(f"{prefix}{key}: {_shown(one)} before, {_shown(other)} now")
    return lines


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _shown(value: Any) -> str:
    text = "not set" if value is _ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _list(names: dict[str, Any]) -> str:
    return ", ".join(names)


def _without_echoes(lines: list[str]) -> list[str]:
    base = {line.removeprefix("training.") for line in lines if line.startswith("training.")}
    return [line for line in lines if line.partition(".training.")[2] not in base]
