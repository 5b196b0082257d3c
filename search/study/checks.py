"""What the tables of a study must agree on between each other. Pure: values in, faults out."""

from collections.abc import Sequence

from search.study.faults import Fault
from search.study.sections import NetworkSection
from search.study.stages import Final, Stage


def faults_between(network: NetworkSection, stages: Sequence[Stage], final: Final) -> list[Fault]:
    """Every fault that lies between tables, each of which is right on its own."""
    return [*_name_faults(stages)]


def _name_faults(stages: Sequence[Stage]) -> list[Fault]:
    return []
