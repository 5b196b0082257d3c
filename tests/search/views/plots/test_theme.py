"""Looks: two modes, and text that can be read on both."""

import plotly.graph_objects as go
import pytest

from search.views.plots.theme import COLOURS, FADED, SCALE, TONES, Mode, themed


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_can_be_read(mode: Mode) -> None:
    tones = TONES[mode]
    for ground in (tones.page, tones.card):
        assert contrast(tones.text, ground) >= 7
        assert contrast(tones.quiet, ground) >= 4.5
        assert contrast(tones.accent, ground) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_marks_stand_out(mode: Mode) -> None:
    assert min(contrast(colour, TONES[mode].card) for colour in (*COLOURS, FADED)) >= 2


def test_the_poorest_values_can_be_seen_on_a_dark_ground() -> None:
    parts = [int(part) for part in SCALE[0].removeprefix("rgb(").rstrip(")").split(",")]
    assert contrast("#%02X%02X%02X" % tuple(parts), TONES["dark"].card) >= 2  # noqa: UP031


def test_a_figure_takes_a_mode_and_is_not_changed() -> None:
    figure = go.Figure(go.Scatter(y=[1, 2]))
    figure.layout.template = go.layout.Template()
    dark = themed(figure, "dark")
    assert dark.layout.template.layout.paper_bgcolor == TONES["dark"].card
    assert figure.layout.template.layout.paper_bgcolor is None
    assert themed(dark, "light").layout.template.layout.font.color == TONES["light"].text
