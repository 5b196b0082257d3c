"""The plots of a search, in the order in which they are to be read.

An objective may have plots of its own: it names a module, which is imported when it is asked for,
with a function `entries`, and `final_entries` for each trial of the final.
"""

from functools import partial
from importlib import import_module
from typing import Any

from search.errors import KlayerError
from search.objective.port import Objective
from search.study.faults import nearest
from search.views.plots import (
    best,
    distribution,
    finalists,
    importance,
    parallel,
    slices,
    standing,
    surface,
    timeline,
    zoom,
)
from search.views.plots.curves import curves, needs_of
from search.views.plots.entry import Entry, TrialEntry
from search.views.plots.groups import Group, groups
from search.views.plots.trial import trial_curves

FIRST: tuple[Entry, ...] = (
    Entry(zoom.KEY, zoom.TITLE, zoom.zoom, tab="overview", shows=standing.has_boxes),
    Entry(*best.TRIALS[:2], best.best_over_trials, tab="overview"),
    Entry(*best.TIME[:2], best.best_over_time, frozenset(["stints"]), tab="overview"),
    Entry(
        timeline.KEY,
        timeline.TITLE,
        timeline.timeline,
        frozenset(["stints"]),
        tab="overview",
        shows=standing.has_reports,
    ),
)
LAST: tuple[Entry, ...] = (
    Entry(slices.KEY, slices.TITLE, slices.slices),
    Entry(surface.KEY, surface.TITLE, surface.surface, shows=surface.has_surface),
    Entry(distribution.KEY, distribution.TITLE, distribution.distribution),
    Entry(parallel.KEY, parallel.TITLE, parallel.parallel),
    Entry(
        importance.KEY,
        importance.TITLE,
        importance.importance,
        frozenset(["importances"]),
        shows=standing.has_choice,
    ),
    Entry(
        finalists.KEY,
        finalists.TITLE,
        finalists.finalists,
        tab="final",
        shows=standing.has_reruns,
    ),
)


def entries(objective: Objective) -> tuple[Entry, ...]:
    """All plots that a search of this objective has."""
    drawn = [_curves(objective, group) for group in groups(objective)]
    return (*FIRST, *drawn, *LAST, *_own(objective, "entries"))


def trial_entries(objective: Objective, *, final: bool) -> tuple[TrialEntry, ...]:
    """All plots of one trial.

    Args:
        objective: What it trained.
        final: Whether it is a trial of the final.
    """
    drawn = [
        TrialEntry(
            group.key("trial"), group.heading(objective.step), partial(_trial_curves, group.name)
        )
        for group in groups(objective)
    ]
    return (*drawn, *(_own(objective, "final_entries") if final else ()))


def find(objective: Objective, key: str) -> Entry:
    """The entry of that key.

    Raises:
        KlayerError: There is none; the message names near ones, or lists all.
    """
    known = entries(objective)
    for entry in known:
        if entry.key == key:
            return entry
    keys = [entry.key for entry in known]
    right = nearest(key, keys) or f"there is {', '.join(keys)}"
    raise KlayerError(f"{key}: there is no plot of this name; {right}")


def _curves(objective: Objective, group: Group) -> Entry:
    return Entry(
        group.key(),
        group.heading(objective.step),
        partial(curves, name=group.name),
        needs_of(objective, group.name),
        tab="curves",
        shows=standing.has_reports,
    )


def _trial_curves(name: str, data: Any, trial: Any) -> Any:
    return trial_curves(data, trial, name)


def _own(objective: Objective, which: str) -> tuple[Any, ...]:
    """What an objective adds."""
    if not objective.plots:
        return ()
    found: tuple[Any, ...] = getattr(import_module(objective.plots), which)(objective)
    return found
