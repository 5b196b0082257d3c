"""Which pictures show an experiment: by what its study searches, and what was kept of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from search.figures import gradients, weights, widths, zoom
from search.figures.curves import curves
from search.figures.data import SearchData
from search.figures.picture import Picture, escape
from search.figures.standing import searched
from search.figures.trainings import MOST, apart, trainings
from search.ledger.records import Trial
from search.plan.plan import FINAL
from search.study.searchable import layer_of
from search.study.space import Interval

FIGURES = ("accuracy", "loss", "cost")
TITLED = 60  # pixels above a figure, for a title over the names of its parts
MOST_PORTRAITS = 9  # networks of a final whose weights and gradients are shown


@dataclass(frozen=True)
class Drawn:
    """A picture and what its files are called.

    Attributes:
        name: Of its files, without an ending; one of its own in each study.
        picture: The picture.
    """

    name: str
    picture: Picture


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
        picture = trainings(data, figure, few) if few else curves(data, figure)
        yield Drawn(f"curves-{figure}", picture)
        if _trained_otherwise(data):
            retitled = _titled(trainings(data, figure, finals), "the final")
            yield Drawn(f"final-curves-{figure}", retitled)
    yield from _portraits(data, finals)


def _portraits(data: SearchData, finals: list[Trial]) -> Iterator[Drawn]:
    """Weights and gradients of the networks of the final, each with what sets it apart."""
    shown = finals[:MOST_PORTRAITS]
    for trial, name in zip(shown, apart(shown), strict=True):
        portrait = data.portraits.get(trial.id)
        about = name if len(shown) > 1 else ""
        for picture in (weights.weights_of(portrait), gradients.gradients_of(portrait)):
            picture.figure.update_layout(margin_t=TITLED)  # of which pages with headings need less
            yield Drawn(f"{picture.key}-{trial.number + 1}", _titled(picture, about))


def _few(data: SearchData) -> list[Trial]:
    """All trainings of the stages that search, where they can be told apart; else none."""
    trials = searched(data)
    return trials if len(trials) <= MOST else []


def _finals(data: SearchData) -> list[Trial]:
    return list(data.of_stage(FINAL))[:MOST]


def _trained_otherwise(data: SearchData) -> bool:
    """Whether the final's curves are no repetition of those of the search."""
    final, last = data.stages[-1].step, data.search.study.stages[-1]
    return final.training != last.training or not _few(data)


def _ranges(data: SearchData) -> bool:
    """Whether a range of numbers is searched, so that a box has a path."""
    stages = data.search.study.stages
    boxes = [box for stage in stages for box in stage.boxes]
    own = [extent for box in boxes for extent in box.ranges.values()]
    drawn = any(isinstance(extent, Interval) and extent.step is None for extent in own)
    return drawn or any(stage.zoom is not None for stage in stages)


def _titled(picture: Picture, about: str) -> Picture:
    """The picture with what it is of in its title."""
    if not about:
        return picture
    title = f"{picture.title}: {about}"
    picture.figure.update_layout(title_text=escape(title))
    return replace(picture, title=title)
