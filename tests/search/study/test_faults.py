"""A hint names what may be meant."""

from search.objectives.network.registry import REGISTRY
from search.study.faults import near


def test_hints_name_near_matches_or_all() -> None:
    assert near("momentun", REGISTRY) == "did you mean momentum?"
    assert near("q", ["a", "b"]) == "known here: a, b"
    assert near("q", []) == "nothing is known here"
