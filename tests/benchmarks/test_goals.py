"""Goals: each is held against its figure, in its own direction."""

from benchmarks.goals import GOALS, table


def verdicts(figures: dict[str, float]) -> list[str]:
    return [row[-1] for row in table(figures).rows]


def test_a_figure_on_its_bound_meets_the_goal() -> None:
    assert verdicts({goal.figure: goal.bound for goal in GOALS}) == ["met"] * len(GOALS)


def test_a_figure_on_the_wrong_side_does_not() -> None:
    wrong = {
        goal.figure: goal.bound + abs(goal.bound) * (-0.1 if goal.at_least else 0.1)
        for goal in GOALS
    }
    assert verdicts(wrong) == ["**not met**"] * len(GOALS)


def test_what_keeps_a_goal_from_being_met_is_told_with_its_figure() -> None:
    (goal,) = [one for one in GOALS if one.figure == "share of peak"]
    figures = {goal.figure: 0.5, goal.limit: 0.625}
    assert "**not met**; its products alone reach 62.5 %" in verdicts(figures)
    assert "met" in verdicts(figures | {goal.figure: 0.8})


def test_what_was_not_measured_is_said() -> None:
    assert [row[2] for row in table({}).rows] == ["not measured"] * len(GOALS)
