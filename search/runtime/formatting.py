"""Numbers and reasons as people read them: shares, durations, parameters, why a trial failed."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

# All but the tab and the line end; then those that reverse the direction of what follows.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
# A number with a power of ten, and an option of a command.
_HYPHENED = re.compile(r"(-?\d[\d.]*e[-+]\d+|--[a-z][a-z-]*)")


def share(part: float) -> str:
    """A part of a whole, from 0 to 1: `50 %`, `12.5 %`."""
    return f"{float(f'{part:.6%}'.removesuffix('%')):g} %"


def duration(seconds: float) -> str:
    """A time span: `0.8 s`, `42 s`, `3:20`, `1:03:20`."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def instant(seconds: float) -> str:
    """A time, in seconds since 1970, as a date in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def ago(seconds: float) -> str:
    """How long ago something was, which nobody takes for a clock: `42 s ago`, `15 min ago`."""
    whole = max(seconds, 0.0)
    for most, length, unit in ((60, 1, "s"), (3600, 60, "min"), (48 * 3600, 3600, "h")):
        if whole < most:
            return f"{int(whole // length)} {unit} ago"
    return f"{int(whole // 86400)} days ago"


def in_bytes(count: int) -> str:
    """A size of memory with two significant digits: `1 MB` at least, `350 MB`, `1.2 GB`."""
    rounded = max(float(f"{count:.1e}"), 1e6)
    return f"{rounded / 1e6:.0f} MB" if rounded < 1e9 else f"{rounded / 1e9:g} GB"


def parameters(point: Mapping[str, object]) -> str:
    """Parameters in one line: `weight_decay 0.000315, width_1 50`."""
    return ", ".join(f"{name} {number(value)}" for name, value in point.items())


def number(value: object) -> str:
    """A parameter's value with four significant digits; words and whole numbers as they are.

    Large ones are whole, without commas, as parameters stand in lists.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return quantity(value).replace(",", "") if isinstance(value, float) else str(value)


def in_pieces(text: str) -> list[str]:
    """A text cut so that each second piece is a number such as `4.562e-06`, or an `--option`.

    Browsers end a line at a hyphen unless they are told not to.
    """
    return _HYPHENED.split(text)


def quantity(value: float) -> str:
    """A measured number with four significant digits, large ones whole: `152.1`, `34,567`."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:.4g}"


def shortened(text: str, most: int = 40) -> str:
    """A name that somebody gave, on one line: cut, and without what a terminal would obey."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text[: most + 1])
    return plain if len(text) <= most else f"{plain[: most - 1]}…"


def harmless(text: str) -> str:
    """A text whose control characters a terminal cannot obey; line ends and tabs stay."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def plural(count: int, noun: str) -> str:
    """`1 trial`, `2 trials`, `1,255 trials`."""
    return f"{count:,} {noun if count == 1 else plural_of(noun)}"


def plural_of(noun: str) -> str:
    """`trials`, `batches`, `queries`: a regular noun, since a study file may name its steps."""
    if noun.endswith(("s", "x", "z", "ch", "sh")) and not noun.endswith("epoch"):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def brief(reason: str) -> str:
    """Why a trial failed, in one line: the first one and, in brackets, what was printed last."""
    first, *printed = reason.splitlines() or [""]
    last = printed[-1].strip() if printed else ""
    return first if last in first else f"{first} ({last})"


def capital(text: str) -> str:
    """A text that begins a sentence, a row or a heading."""
    return text[:1].upper() + text[1:]
