"""Which plot stands where; what a reader may ask for."""

from collections.abc import Iterator

import pytest

from benchmarks.large_search import filling
from search.errors import KlayerError
from search.ledger.ledger import Ledger
from search.study.reading import load
from search.views.dashboard.pages import drawing
from search.views.dashboard.pages.address import Address
from search.views.dashboard.pages.drawing import MOST_CHOSEN, Options, chosen, draw, shown
from search.views.dashboard.pages.shelf import KEPT, Shelf
from search.views.plots.catalogue import entries
from search.views.plots.runs import ERROR, PLAIN

CATALOGUE = entries(load("digits").objective)

HERE = Address("search", ("large",))


@pytest.fixture
def shelf(ledger: Ledger) -> Iterator[Shelf]:
    for _ in filling(ledger, 40, 5):
        pass
    return Shelf(ledger)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (None, []),
        ("coarse 3, fine #12", [("coarse", 3), ("fine", 12)]),
        ("coarse", []),
        ("coarse -1, coarse x,, , 7, coarse ²", []),
        ("two words 4", [("two words", 4)]),
        ("coarse 99999999999999", []),
        (", ".join(f"coarse {i}" for i in range(99)), [("coarse", i) for i in range(MOST_CHOSEN)]),
    ],
)
def test_trials_that_somebody_names(text: str | None, found: list[tuple[str, int]]) -> None:
    assert chosen(text) == found


def test_names_of_no_trial_are_told(shelf: Shelf) -> None:
    caption = draw(
        shelf, HERE, "curves-loss", Options(None, "corse 1, coarse 0,coarse 999")
    ).caption
    assert "chosen coarse #0 wider" in caption
    assert "corse 1 is no trial of this search. coarse 999 is no trial" in caption
    assert "coarse 0 is" not in caption


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.key)
def test_every_plot_of_a_search_is_drawn_in_both_modes(shelf: Shelf, entry: object) -> None:
    key = entry.key  # type: ignore[attr-defined]
    plot = draw(shelf, HERE, key, Options())
    assert plot.key == key
    grounds = {shown(plot, mode).layout.template.layout.paper_bgcolor for mode in ("dark", None)}
    assert len(grounds) == 2


def test_the_zoom_takes_its_axes_and_refuses_others(shelf: Shelf) -> None:
    turned = draw(shelf, HERE, "zoom", Options("learning_rate", "weight_decay"))
    usual = draw(shelf, HERE, "zoom", Options("weight_decay", "learning_rate"))
    across = [one.figure.layout.xaxis.title.text for one in (turned, usual)]
    assert across[0] != across[1]
    with pytest.raises(KlayerError):
        draw(shelf, HERE, "zoom", Options("<script>", "x"))


def test_chosen_trials_are_brought_out(shelf: Shelf) -> None:
    plain = draw(shelf, HERE, "curves-loss", Options())
    asked = draw(shelf, HERE, "curves-loss", Options("", "coarse 0"))
    assert "coarse #0" not in str(plain.figure.to_json())
    assert "coarse #0" in str(asked.figure.to_json())


def test_curves_are_smoothed_where_somebody_asks(shelf: Shelf) -> None:
    for sent, smoothed in (("0.9", True), ("none", False), ("<script>", False)):
        used = Options(sent).used_by("curves-loss")
        assert (used != Options()) == smoothed
        assert ("weight 0.9" in draw(shelf, HERE, "curves-loss", used).caption) == smoothed
        assert Options(sent).used_by("best") == Options()


def test_the_best_is_drawn_as_error_where_somebody_asks(shelf: Shelf) -> None:
    asked = Options(ERROR)
    for key in ("best", "best-time"):
        assert asked.used_by(key) == asked
        assert draw(shelf, HERE, key, asked).figure.layout.yaxis.type == "log"
        assert Options(PLAIN).used_by(key) == Options()
    assert asked.used_by("slices") == Options()


def test_pinned_trials_are_lit_where_trials_are_shown_one_by_one(shelf: Shelf) -> None:
    pins = Options.read(None, None, "coarse/1,coarse/0,coarse/1,none/7,x,/3,coarse/-1,coarse/1e9")
    assert pins.pins == (("coarse", 1), ("coarse", 0), ("none", 7))
    for entry in CATALOGUE:
        used = pins.used_by(entry.key)
        caption = draw(shelf, HERE, entry.key, used).caption
        lit = "coarse #1, coarse #0" in caption or "chosen coarse #0, coarse #1" in caption
        assert lit == (used != Options()), entry.key
    many = ",".join(f"coarse/{number}" for number in range(99))
    assert len(Options.read(None, None, many).pins) == MOST_CHOSEN
    for sent in (7, ["coarse/1"], "x" * 2000, ""):
        assert Options.read(None, None, sent) == Options()


@pytest.mark.parametrize("key", [None, 7, ["zoom"], {"key": "zoom"}, "trial-loss", "compare-zoom"])
def test_a_page_has_plots_of_its_own(shelf: Shelf, key: object) -> None:
    """A page that is left may ask once more, when the address is another page's already."""
    assert not drawing.stands_on(key, HERE)
    assert not drawing.stands_on("zoom", Address("trial", ("large",), "coarse", 0))
    assert not drawing.stands_on("zoom", Address("searches"))
    assert drawing.stands_on("zoom", HERE)


@pytest.mark.parametrize("sent", [None, "", 7, [], ["x"], {"a": 1}, True])
def test_what_is_no_text_chooses_nothing(sent: object) -> None:
    assert Options.read(sent, sent) == Options()
    assert Options.read("a", sent) == Options("a", None)


def test_what_is_not_there(shelf: Shelf) -> None:
    with pytest.raises(KlayerError, match="there is no plot of this name"):
        draw(shelf, HERE, "nothing", Options())
    with pytest.raises(KlayerError, match="large has no trial 99 of coarse"):
        draw(shelf, Address("trial", ("large",), "coarse", 99), "trial-loss", Options())
    with pytest.raises(KlayerError, match="no search of this name"):
        draw(shelf, Address("search", ("none",)), "zoom", Options())
    assert drawing.failed(KlayerError("so")).empty


def test_few_searches_stay_in_memory(ledger: Ledger) -> None:
    shelf = Shelf(ledger)
    for number in range(KEPT + 2):
        next(filling(ledger, 40, 5, f"s{number}"))
        shelf.digest(f"s{number}")
    assert shelf.digest(f"s{KEPT + 1}") is shelf.digest(f"s{KEPT + 1}")
    assert len(shelf._digests) == KEPT
