"""What differs between two studies as plain values, key by key, in words for people."""

import json
from dataclasses import dataclass
from typing import Any

_ABSENT = object()
LONGEST = 200  # characters of a value that are shown


@dataclass(frozen=True)
class Change:
    """One key that differs.

    Attributes:
        key: As in a study file, such as "stages.coarse.trials".
        before: Its value as JSON; "not set" where there is none.
        now: Likewise.
        text: Both, as one line.
    """

    key: str
    before: str
    now: str
    text: str


def differences(recorded: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """One line for each key that differs between two studies; empty if they are equal.

    A change of [training] that stages and the final only take over stands there once.

    Args:
        recorded: The study as it was, as `Study.in_full` gives it.
        now: The study as it is, likewise.
    """
    return [change.text for change in changes(recorded, now)]


def changes(recorded: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """As `differences`, each with its key and its values."""
    found = _tables("", _without_stages(recorded), _without_stages(now))
    before, after = _stages(recorded), _stages(now)
    for name in before:
        if name not in after:
            found.append(_stage(name, "there", "not set", "removed"))
    for name in after:
        if name not in before:
            found.append(_stage(name, "not set", "there", "added"))
        else:
            found += _tables(f"stages.{name}.", before[name], after[name])
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        one, other = ", ".join(before), ", ".join(after)
        text = f"stages: in the order {one} before, {other} now"
        found.append(Change("stages", one, other, text))
    return _without_echoes(found)


def _stage(name: str, before: str, now: str, what: str) -> Change:
    return Change(f"stages.{name}", before, now, f"stages.{name}: {what}")


def _without_stages(canonical: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in canonical.items() if key != "stages"}


def _stages(canonical: dict[str, Any]) -> dict[str, Any]:
    return {stage["name"]: stage for stage in canonical.get("stages", [])}


def _tables(prefix: str, before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    found = []
    for key in [*before, *(key for key in now if key not in before)]:
        one, other = before.get(key, _ABSENT), now.get(key, _ABSENT)
        if isinstance(one, dict) and isinstance(other, dict):
            found += _tables(f"{prefix}{key}.", one, other)
        elif _rows(one) and _rows(other) and len(one) == len(other):
            for place, (row, later) in enumerate(zip(one, other, strict=True), start=1):
                found += _tables(f"{prefix}{key}.{place}.", row, later)
        elif one != other or isinstance(one, bool) != isinstance(other, bool):
            was, is_ = _shown(one), _shown(other)
            text = f"{prefix}{key}: {was} before, {is_} now"
            found.append(Change(f"{prefix}{key}", was, is_, text))
    return found


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def _shown(value: Any) -> str:
    text = "not set" if value is _ABSENT else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _without_echoes(found: list[Change]) -> list[Change]:
    texts = [change.text for change in found]
    base = {text.removeprefix("training.") for text in texts if text.startswith("training.")}
    return [change for change in found if change.text.partition(".training.")[2] not in base]
