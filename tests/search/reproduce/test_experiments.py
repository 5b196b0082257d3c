"""Which experiments there are, and which were asked for."""

import pytest

from search.errors import KlayerError
from search.reproduce.experiments import all_experiments, asked_for, order

KNOWN = all_experiments()


def test_they_stand_in_the_order_of_their_ids() -> None:
    firsts = [min(map(order, one.ids)) for one in KNOWN]
    assert firsts == sorted(firsts)
    assert sorted(["B10", "B2", "A3"], key=order) == ["A3", "B2", "B10"]


def test_without_an_id_all_are_asked_for() -> None:
    assert asked_for([], KNOWN) == KNOWN


def test_of_a_study_only_what_was_asked_for_is_left() -> None:
    found = asked_for(["e4"], KNOWN)
    assert found
    assert {one_id for one in found for one_id in one.ids} == {"E4"}


def test_an_unknown_experiment_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(KlayerError, match=r"Z9: no experiment of this name; there is .*E4"):
        asked_for(["E4", "Z9"], KNOWN)
