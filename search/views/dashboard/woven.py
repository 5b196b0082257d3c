"""What is woven into Optuna's dashboard beside each stage's trials: a note, and figures of ours.

As attributes of a study, in the form in which Optuna's dashboard reads them
(optuna_dashboard/_note.py, _custom_plot_data.py). They are made when they are first looked at, and
are in no database.
"""

import re
import string
from collections.abc import Callable, ItemsView, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

import plotly.graph_objects as go

from search.ledger.optuna_tables import NOTE

NOTE_VERSION, NOTE_TEXT = "dashboard:note_ver", "dashboard:note_str:"
FIGURE = "dashboard:plot_data:"
_OURS = "dashboard:"
# What Markdown makes a link of by itself; behind it goes a sign that nobody sees (a word joiner).
_ADDRESS = re.compile(r"(https?:(?=/)|www(?=\.)|@)", re.IGNORECASE)
_ESCAPES = str.maketrans({sign: f"\\{sign}" for sign in string.punctuation})


@dataclass(frozen=True)
class Woven:
    """What Optuna's dashboard shows of a stage besides its trials.

    Attributes:
        note: Markdown; texts of others go through `plain`.
        figures: By names that may stand in an HTML id.
    """

    note: str
    figures: Mapping[str, go.Figure] = field(default_factory=dict)


Weave = Callable[[str], Woven | None]
"""From a study's name to what is woven in; None for a study that is no stage of klayer's."""


def plain(text: str) -> str:
    """A text that Markdown shows as it is: on one line, without links, pictures or HTML."""
    return _ADDRESS.sub("\\1\u2060", " ".join(text.split())).translate(_ESCAPES)


def link(text: str, *path: str) -> str:
    """A link, in Markdown, to a page of this server; each part of its path may be any text."""
    address = "/" + "/".join(quote(part, safe="") for part in path)
    return f"[{plain(text)}]({address})"


def with_woven(stored: Mapping[str, Any], woven: Woven) -> dict[str, Any]:
    """The attributes of a study with what is woven in; a note that somebody wrote goes before ours.

    The note and the figure that klayer itself stores, for dashboards that weave nothing in, do not.

    Args:
        stored: The attributes that the database holds.
        woven: What is woven in.
    """
    figures = {f"{FIGURE}{name}:0": one.to_json() for name, one in woven.figures.items()}
    if stored.get(f"{NOTE_TEXT}0", "") not in ("", stored.get(NOTE)):
        return dict(stored) | figures
    version = max(1, stored.get(NOTE_VERSION, 0))  # an empty note counts as none
    return dict(stored) | figures | {NOTE_VERSION: version, f"{NOTE_TEXT}0": woven.note}


class WovenAttributes(Mapping[str, Any]):
    """The system attributes of a study, with what is woven into them once that is asked for.

    The list of all studies asks for none of it.

    Args:
        stored: The attributes that the database holds.
        weave: Makes the rest.
    """

    def __init__(self, stored: Mapping[str, Any], weave: Callable[[], Woven | None]) -> None:
        self._stored, self._weave = stored, weave

    @cached_property
    def _all(self) -> dict[str, Any]:
        woven = self._weave()
        return dict(self._stored) if woven is None else with_woven(self._stored, woven)

    def __getitem__(self, key: str) -> Any:
        return self._all[key] if key.startswith(_OURS) else self._stored[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def items(self) -> ItemsView[str, Any]:
        """All of them; Optuna's dashboard goes through them once a trial."""
        return self._all.items()
