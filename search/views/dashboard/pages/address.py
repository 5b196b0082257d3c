"""Addresses of pages: how they are written into links, and read back.

Whatever stands in one came from somebody's browser: what names nothing is None.
"""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, quote, unquote

PREFIX = "/klayer/"
MOST_COMPARED = 6  # searches beside each other, each in a colour of its own

PageKind = Literal["searches", "search", "trial", "compare"]


@dataclass(frozen=True)
class Address:
    """Which page, and of what.

    Attributes:
        kind: Which page.
        names: The searches that it shows: none, one or, beside each other, two to six.
        stage: Of a trial.
        number: Of a trial, in its stage.
    """

    kind: PageKind
    names: tuple[str, ...] = ()
    stage: str = ""
    number: int = 0


def of_search(name: str) -> str:
    """Where a search is shown."""
    return f"{PREFIX}search/{quote(name, safe='')}"


def of_trial(name: str, stage: str, number: int) -> str:
    """Where a trial is shown."""
    return f"{PREFIX}trial/{quote(name, safe='')}/{quote(stage, safe='')}/{number}"


def of_data(name: str, key: str) -> str:
    """Where a plot's data are, as CSV."""
    return f"{PREFIX}data/{quote(name, safe='')}/{quote(key, safe='')}.csv"


def of_trial_data(name: str, stage: str, number: int, key: str) -> str:
    """Where the data of a plot of a trial are, as CSV."""
    return f"{of_data(name, key)}?stage={quote(stage, safe='')}&number={number}"


def whole(written: str) -> int | None:
    """A number of a trial as somebody wrote it; None where it is none."""
    digits = written.isascii() and written.isdigit() and len(written) < 10
    return int(written) if digits else None


def read(path: object, query: object) -> Address | None:
    """The page of an address; None where there is none.

    Args:
        path: Such as "/klayer/search/digits"; home, where it is no text.
        query: Such as "?with=one,other".
    """
    path = path if isinstance(path, str) and path else PREFIX
    query = query if isinstance(query, str) else ""
    if not f"{path}/".startswith(PREFIX):
        return None
    words = [unquote(word) for word in f"{path}/".removeprefix(PREFIX).strip("/").split("/")]
    match words:
        case [""]:
            return Address("searches")
        case ["search", name]:
            return Address("search", (name,))
        case ["trial", name, stage, number] if (which := whole(number)) is not None:
            return Address("trial", (name,), stage, which)
        case ["compare"]:
            asked = parse_qs(query.removeprefix("?")).get("with", [""])
            names = tuple(dict.fromkeys(filter(None, asked[0].split(","))))
            return Address("compare", names if 2 <= len(names) <= MOST_COMPARED else ())
    return None
