"""What a study file says was published: figures of a table of results, and of gradient checks.

Both are data about the file. They are no part of the study, change nothing of its search, and may
be mended while it runs. Whether a row speaks of a trial that the study has is asked elsewhere, in
`search.reproduce.published_checks`.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator

from search.objectives.network.registry import find, names
from search.objectives.network.sections import NetworkSection
from search.space.hyperparameters import Number
from search.study.faults import Fault, faulty, near, shown
from search.study.messages import faults_of
from search.study.ranges import PointTable
from search.study.table import MOST, Name, Table

TESTED = ("test_accuracy", "snapshot_ensemble", "finalist_ensemble")
"""Measures that need the test images, which only networks of the final see."""

FINAL_ONLY = (*TESTED, "training_accuracy")
"""Measures of the final alone: of other trainings, no curves are read to fill a table."""

ACCURACIES = (*TESTED, "validation_accuracy", "training_accuracy")

Parameter = Literal["weights", "bias", "gamma", "beta"]


def _known_form(given: str) -> str:
    if not re.fullmatch(r"[A-Z][0-9]{1,2}", given):
        right = "give a capital letter and a number, such as B1"
        raise faulty([Fault((), f"found {shown(given)}; {right}")])
    return given


ExperimentId = Annotated[str, AfterValidator(_known_form)]


class Published(Table):
    """`[[published]]`: one row of the table of results, with the figure that was published."""

    id: ExperimentId = Field(description="the experiment: a letter and its number, such as B1")
    setting: str = Field(max_length=100, description="what sets this row apart, for the table")
    measure: str = Field(
        description="what is compared: test_accuracy, snapshot_ensemble, finalist_ensemble, "
        "validation_accuracy, training_accuracy, or the value of a hyperparameter, by its name"
    )
    point: PointTable = Field(
        default={},
        description="values that the trial has, in a stage or in the final; the best of those that "
        "have them, and the best of all where there are none",
    )
    stage: Name | None = Field(
        default=None,
        description="the stage that searches whose trial this is; the final unless said",
    )
    rank: int = Field(
        default=1,
        ge=1,
        le=1_000,
        description="which trial of `stage`: 2 is the second best; without a point",
    )
    value: float | None = Field(
        default=None, description="the published figure; in percent where it is an accuracy"
    )
    said: str = Field(
        default="", max_length=100, description="what was published instead of a figure, in words"
    )
    remark: str = Field(
        default="",
        max_length=500,
        description="a sentence: how the setting was read, or why ours differs",
    )

    @field_validator("measure")
    @classmethod
    def _known_measure(cls, given: str) -> str:
        if given not in ACCURACIES and not isinstance(find(given), Number):
            numbers = [name for name in names(layers=2) if isinstance(find(name), Number)]
            hint = near(given, [*ACCURACIES, *numbers])
            raise faulty([Fault((), f"found {shown(given)}, which is no measure; {hint}")])
        return given

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Published":
        faults = [*_figure_faults(self), *_trial_faults(self)]
        if faults:
            raise faulty(faults)
        return self


def _figure_faults(row: Published) -> Iterator[Fault]:
    if row.value is None and not row.said:
        yield Fault(
            ("value",), 'missing; give the published figure, or said = "…" where there is none'
        )
    if row.value is not None and row.said:
        yield Fault(("said",), f"found {shown(row.said)} beside a value; give one of the two")
    if row.value is not None and row.measure in ACCURACIES and not 0 <= row.value <= 100:
        right = "give an accuracy in percent, 0 to 100"
        yield Fault(("value",), f"found {shown(row.value)}; {right}")


def _trial_faults(row: Published) -> Iterator[Fault]:
    if row.stage is None and row.rank > 1:
        yield Fault(("rank",), f"found {row.rank} without a stage; give the stage it counts in")
    if row.point and row.rank > 1:
        yield Fault(("rank",), f"found {row.rank} beside a point; give one of the two")
    if row.stage is not None and row.measure in TESTED:
        right = "leave out the stage: only networks of the final see the test images"
        yield Fault(("stage",), f"found {shown(row.stage)} with {row.measure}; {right}")
    if row.stage is not None and row.measure == "training_accuracy":
        right = "leave out the stage: only curves of the final are read"
        yield Fault(("stage",), f"found {shown(row.stage)} with training_accuracy; {right}")
    if row.measure == "finalist_ensemble" and row.point:
        yield Fault(("point",), "found beside finalist_ensemble; leave it out: all finalists vote")


class GradientCheck(Table):
    """`[[gradient_checks]]`: one check of gradients, and the errors that were published of it."""

    id: ExperimentId = Field(description="the experiment: a letter and its number, such as B0")
    setting: str = Field(max_length=100, description="what sets this row apart, for the table")
    network: dict[str, Any] = Field(
        default={}, description="keys of [network] that differ in this check"
    )
    weight_decay: float = Field(default=0.0, ge=0, description="λ of this check")
    inputs: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="how many inputs are used, the first ones; all unless said",
    )
    rows: int = Field(ge=1, le=MOST, description="rows of the batch")
    difference: Literal["central", "forward"] = Field(
        default="central", description="the finite difference that gradients are held against"
    )
    step: float | None = Field(
        default=None,
        gt=0,
        description="of the difference; 1e-4 for central ones and 1e-6 for forward ones "
        "unless said",
    )
    smallest: float = Field(
        default=1e-4,
        gt=0,
        description="what errors are relative to at least, so that gradients near zero count "
        "little",
    )
    published: dict[Parameter, float] = Field(
        description="the largest relative error of each kind of parameter: `weights`, `bias`, "
        "`gamma`, `beta`",
    )
    remark: str = Field(
        default="",
        max_length=500,
        description="a sentence: how the setting was read, or why ours differs",
    )

    @field_validator("network")
    @classmethod
    def _right_keys(cls, given: dict[str, Any]) -> dict[str, Any]:
        try:
            NetworkSection.model_validate(given)
        except ValidationError as error:
            raise faulty(faults_of(error, NetworkSection)) from None
        return given

    @field_validator("published")
    @classmethod
    def _some(cls, given: dict[Parameter, float]) -> dict[Parameter, float]:
        for name, error in given.items():
            if error < 0:
                raise faulty([Fault((name,), f"found {shown(error)}; give 0 or more")])
        if not given:
            right = "give the published errors, such as {weights = 1e-4, bias = 1e-6}"
            raise faulty([Fault((), f"found an empty table; {right}")])
        return given

    def network_of(self, network: NetworkSection) -> NetworkSection:
        """The network whose gradients are checked: the file's, but for the keys that differ."""
        return NetworkSection.model_validate(dict(network) | self.network)
