"""The comparison of layouts at its smallest size: every figure is there."""

import re

import pytest

from benchmarks import report_layouts
from benchmarks.filled_layouts import KINDS, Sizes, filled
from benchmarks.layouts import LAYOUTS
from benchmarks.report_layouts import _check_alike, main, measured, page
from search.errors import KlayerError

SIZES = Sizes(trials=16, steps=4, rounds=2, writes=3)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_every_layout_is_measured(kind: str) -> None:
    found = measured(kind, SIZES)
    names = {layout.name for layout in LAYOUTS}
    assert len(found) == 6
    assert all(set(figures) == names for figures in found.values())
    assert {len(one) for one in found["store a step of 8 trials"].values()} == {3}
    assert {len(one) for one in found["count the scores of all 16 trials"].values()} == {2}
    del found["size"]
    times = [one for figures in found.values() for seconds in figures.values() for one in seconds]
    assert all(0 < one < 60 for one in times)


def test_layouts_that_read_differently_are_an_error() -> None:
    with filled("SQLite", SIZES) as layouts:
        _check_alike(layouts, [1, 2])
        with layouts[2].database.writing() as connection:
            layouts[2].layout.forget(connection, 2, 3)
        with pytest.raises(KlayerError, match=r"c\. JSON: reads other curves than a\. columns"):
            _check_alike(layouts, [1, 2])


def test_figures_are_shown_as_medians_and_ratios() -> None:
    times = {layout.name: [0.002, 0.004, 0.006] for layout in LAYOUTS}
    times["d. packed"] = [0.001, 0.002, 0.009]
    sizes = {layout.name: [3e6] for layout in LAYOUTS}
    text = page("SQLite", {"store": times, "size": sizes}, SIZES)
    same = "4.00 / 2.00 ms (1.00)"
    assert f"| store | {same} | {same} | {same} | 2.00 / 1.00 ms (0.50) |" in text
    assert "| size | 3.0 MB (1.00) |" in text


def test_the_command_prints_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_layouts, "QUICK", SIZES)
    main(["--quick", "--only", "SQLite", "--trials", "24"])
    said = capsys.readouterr()
    assert said.out.startswith("SQLite: 24 trials of 4 steps and 8 metrics.")
    assert len(re.findall(r"^\| .* ms \(1\.00\) \|", said.out, re.MULTILINE)) == 5
    assert "SQLite: filling b. row a metric" in said.err


@pytest.mark.parametrize("given", [("--trials", "12"), ("--trials", "-8"), ("--steps", "1")])
def test_sizes_that_cannot_be_are_refused(
    given: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--quick", *given])
    assert ended.value.code == 2
    assert given[1] in capsys.readouterr().err
