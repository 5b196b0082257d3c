"""The plots that only searches of the network have, as the catalogue of plots lists them."""

from collections.abc import Callable

from search.errors import KlayerError
from search.ledger.records import RecordedTrial
from search.objectives.network.objective import NetworkObjective
from search.objectives.network.portrait import Portrait, from_bytes
from search.objectives.network.registry import LAYERS, layer_of
from search.objectives.network.views import evaluation, gradients, predictions, weights, widths
from search.views.plots import standing
from search.views.plots.data import Need, SearchData
from search.views.plots.entry import Entry, TrialEntry
from search.views.plots.plot import Plot, nothing

Draw = Callable[[Portrait | None], Plot]


def portrait(data: SearchData, trial: RecordedTrial | None) -> Portrait | None:
    """A trial's portrait; None where none was kept, or it is damaged: all else can be shown."""
    content = None if trial is None else data.attachments.get(trial.id)
    try:
        return None if content is None else from_bytes(content)
    except KlayerError:
        return None


def _has_images(data: SearchData) -> bool:
    """Whether the winner's network is there, and has one layer, whose weights are images."""
    final, objective = standing.trained_anew(data), data.objective
    flat = isinstance(objective, NetworkObjective) and not objective.network.widths
    return standing.has_final(data) and flat and final is not None and not _hidden(final)


def _hidden(trial: RecordedTrial) -> bool:
    return any(name == LAYERS or layer_of(name) for name in trial.parameters)


def _of_winner(
    key: str, title: str, draw: Draw, shows: Callable[[SearchData], bool] = standing.has_final
) -> Entry:
    """A plot of the winner's network, as the final trained it."""

    def drawn(data: SearchData) -> Plot:
        if not standing.complete(data.trials):
            return nothing(key, title, standing.absent(data))
        return draw(portrait(data, standing.trained_anew(data)))

    needs = frozenset[Need](["attachments"])
    return Entry(key, title, drawn, needs, tab="final", shows=shows)


def _of_trial(key: str, title: str, draw: Draw) -> TrialEntry:
    """A plot of the network of one trial of the final."""

    def drawn(data: SearchData, trial: RecordedTrial) -> Plot:
        return draw(portrait(data, trial))

    return TrialEntry(f"trial-{key}", title, drawn, frozenset(["attachments"]))


IMAGES = (weights.KEY, f"trial-{weights.KEY}")
"""Plots of data whose rows are images."""

ENTRIES = (
    Entry(widths.KEY, widths.TITLE, widths.widths, shows=widths.has_widths),
    Entry(
        evaluation.KEY,
        evaluation.TITLE,
        evaluation.evaluation,
        tab="final",
        shows=lambda data: data.search.result is not None,
    ),
    _of_winner(predictions.KEY, predictions.TITLE, predictions.predictions_of),
    _of_winner(weights.KEY, weights.TITLE, weights.weights_of, _has_images),
    _of_winner(gradients.KEY, gradients.TITLE, gradients.gradients_of),
)

FINAL_ENTRIES = (
    _of_trial(predictions.KEY, predictions.TITLE, predictions.predictions_of),
    _of_trial(weights.KEY, weights.TITLE, weights.weights_of),
    _of_trial(gradients.KEY, gradients.TITLE, gradients.gradients_of),
)


def entries(objective: NetworkObjective) -> tuple[Entry, ...]:
    """Those of a search."""
    return tuple(one for one in ENTRIES if objective.facts.sees_pixels or one.key not in IMAGES)


def final_entries(objective: NetworkObjective) -> tuple[TrialEntry, ...]:
    """Those of each trial of its final."""
    return tuple(
        one for one in FINAL_ENTRIES if objective.facts.sees_pixels or one.key not in IMAGES
    )
