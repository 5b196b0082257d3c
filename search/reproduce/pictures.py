"""Which pictures show an experiment: by what its study searches, and what was kept of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from search.ledger.records import RecordedTrial
from search.objectives.network.registry import layer_of
from search.objectives.network.views import gradients, weights, widths
from search.objectives.network.views.plots import portrait
from search.objectives.network.views.trainings import MOST, apart, trainings
from search.plan.plan import FINAL
from search.space.space import Interval
from search.views.plots import zoom
from search.views.plots.curves import curves
from search.views.plots.data import SearchData
from search.views.plots.plot import Plot, escape
from search.views.plots.standing import searched

FIGURES = ("accuracy", "loss", "cost")
TITLED = 60  # pixels above a figure, for a title over the names of its parts
MOST_SHOWN = 4 * MOST  # trainings whose curves are all shown
MOST_PORTRAITS = 9  # networks of a final whose weights and gradients are shown


@dataclass(frozen=True)
class Drawn:
    """A picture and what its files are called.

    Attributes:
        name: Of its files, without an ending; one of its own in each study.
        picture: The picture.
    """

    name: str
    picture: Plot


def curves_wanted(data: SearchData) -> list[tuple[str, int]]:
    """Stages and numbers of the trials whose curves the pictures need."""
    return [(trial.stage, trial.number) for trial in [*_few(data), *_finals(data)]]


def drawn_of(data: SearchData) -> list[Drawn]:
    """The pictures of a finished search, in the order in which they are to be read.

    Args:
        data: The search, with the curves of `curves_wanted`.
    """
    return [one for one in _all(data) if not one.picture.empty]


def _all(data: SearchData) -> Iterator[Drawn]:
    if _ranges(data):
        yield Drawn(zoom.KEY, zoom.zoom(data))
    if any(layer_of(name) for stage in data.searched() for box in stage.boxes for name in box):
        yield Drawn(widths.KEY, widths.widths(data))
    few, finals = _few(data), _finals(data)
    for figure in FIGURES:
        if few:
            yield from _by_parts(data, figure, few, f"curves-{figure}", "")
        else:
            yield Drawn(f"curves-{figure}", curves(data, figure))
        if _trained_otherwise(data):
            yield from _by_parts(data, figure, finals, f"final-curves-{figure}", "the final")
    yield from _portraits(data, finals)


def _by_parts(
    data: SearchData, figure: str, trials: Sequence[RecordedTrial], name: str, about: str
) -> Iterator[Drawn]:
    """The curves of all these trainings, as many to a picture as can be told apart."""
    for part, first in enumerate(range(0, len(trials), MOST), start=1):
        some = trials[first : first + MOST]
        which = f"{first + 1} to {first + len(some)} of {len(trials)}" if len(trials) > MOST else ""
        told = ", ".join(word for word in (about, which) if word)
        drawn = _titled(trainings(data, figure, some), told)
        yield Drawn(name if part == 1 else f"{name}-{part}", drawn)


def _portraits(data: SearchData, finals: list[RecordedTrial]) -> Iterator[Drawn]:
    """Weights and gradients of the networks of the final, each with what sets it apart."""
    shown = finals[:MOST_PORTRAITS]
    networks = len(data.of_stage(FINAL))
    for trial, name in zip(shown, apart(data, shown), strict=True):
        kept = portrait(data, trial)
        about = name if len(shown) > 1 else ""
        for picture in (weights.weights_of(kept), gradients.gradients_of(kept)):
            picture.figure.update_layout(margin_t=TITLED)  # of which pages with headings need less
            drawn = _titled(picture, about)
            if networks > len(shown) and trial.number == 0 and not drawn.empty:
                caption = f"{drawn.caption} The best {len(shown)} of {networks} networks are shown."
                drawn = replace(drawn, caption=caption)
            yield Drawn(f"{picture.key}-{trial.number + 1}", drawn)


def _few(data: SearchData) -> list[RecordedTrial]:
    """All trainings of the stages that search, where a few pictures show them; else none."""
    trials = searched(data)
    return trials if len(trials) <= MOST_SHOWN else []


def _finals(data: SearchData) -> list[RecordedTrial]:
    return list(data.of_stage(FINAL))[:MOST_SHOWN]


def _trained_otherwise(data: SearchData) -> bool:
    """Whether the final's curves are no repetition of those of the search."""
    final, last = data.stages[-1].step, data.search.study.stages[-1]
    others = data.search.study.objective.train_on != "training"
    return others or final.training != last.training or not _few(data)


def _ranges(data: SearchData) -> bool:
    """Whether a range of numbers is searched, so that a box has a path."""
    stages = data.search.study.stages
    boxes = [box for stage in stages for box in stage.boxes]
    own = [extent for box in boxes for extent in box.ranges.values()]
    drawn = any(isinstance(extent, Interval) and extent.step is None for extent in own)
    return drawn or any(stage.zoom is not None for stage in stages)


def _titled(picture: Plot, about: str) -> Plot:
    """The picture with what it is of in its title."""
    if not about:
        return picture
    title = f"{picture.title}: {about}"
    picture.figure.update_layout(title_text=escape(title))
    return replace(picture, title=title)
