"""A hint names what may be meant."""

from search.objectives.network.registry import REGISTRY
from search.study.faults import near, nearest


def test_hints_name_near_matches_or_all() -> None:
    assert near("momentun", REGISTRY) == "did you mean momentum?"
    assert near("q", ["a", "b"]) == "known here: a, b"
    assert near("q", []) == "nothing is known here"


def test_only_near_matches_are_taken_for_what_is_meant() -> None:
    assert nearest("sobl", ["random", "sobol"]) == "did you mean sobol?"
    assert nearest("q", ["a", "b"]) == nearest(7, ["a", "b"]) == ""
