"""Boxes with conditions: one, and those of every shape for Hypothesis."""

from hypothesis import strategies as st

from search.space.space import Box, Choices, Condition, Interval, Range

ACTIVATIONS = Choices(("relu", "leaky_relu", "elu"))
RANGES: dict[str, Range] = {
    "elu_alpha": Interval(0.1, 2.0),
    "activation": ACTIVATIONS,
    "depth": Interval(1, 5, log=False, step=2),
    "norm": Choices((True, False)),
    "momentum": Interval(0.1, 0.9),
}
CONDITIONS = {
    "elu_alpha": Condition({"activation": ("elu",), "norm": (False,)}),
    "norm": Condition({"depth": (3, 5)}),
}
BOX = Box(RANGES, CONDITIONS)


@st.composite
def boxes(make: st.DrawFn) -> Box:
    """Boxes of up to 6 lists and whole ranges, each under conditions on earlier ones."""
    count = make(st.integers(1, 6))
    names = [f"p{place}" for place in make(st.permutations(range(count)))]
    ranges: dict[str, Range] = {}
    conditions: dict[str, Condition] = {}
    for place, name in enumerate(names):
        whole = make(st.booleans())
        size = make(st.integers(1, 3))
        ranges[name] = (
            Interval(1, size, log=False, step=1) if whole else Choices(tuple("abc"[:size]))
        )
        for parent in make(st.lists(st.sampled_from(names[:place] or [name]), max_size=2)):
            values = ranges[parent].values()
            if parent != name:
                some = make(st.lists(st.sampled_from(values), min_size=1, unique=True))
                before = conditions[name].values if name in conditions else {}
                conditions[name] = Condition({**before, parent: tuple(some)})
    order = make(st.permutations(list(ranges)))
    return Box({name: ranges[name] for name in order}, conditions)
