"""What `[network]` and `[training]` of a study file say, and its tables as a whole.

Limits of hyperparameters that a stage may search come from `search.objectives.network.registry`.
"""

import math
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from search.objectives.network.data_section import DataSection
from search.objectives.network.metrics import Score
from search.objectives.network.registry import (
    MOST_WIDTHS,
    Activation,
    BatchNorm,
    Initialization,
    Loss,
    Optimizer,
    limited,
)
from search.objectives.network.schedules import ConstantSchedule, Schedule
from search.study.faults import Fault, faulty, shown
from search.study.stage_table import StageTable
from search.study.table import MOST, List, Table
from search.study.tables import Document, Final


class NetworkSection(Table):
    """The network that is trained: k layers, of which the hidden ones stand in `widths`."""

    later = ("skip", "bottleneck")

    widths: List[Annotated[int, Field(ge=1, le=MOST)]] = Field(
        default=(50, 50),
        max_length=MOST_WIDTHS,
        strict=False,
        description="units of each hidden layer; [] is a linear classifier",
    )
    activation: Activation = limited("activation", "relu")
    negative_slope: float = limited("negative_slope", 0.01)
    elu_alpha: float = limited("elu_alpha", 1.0)
    batch_norm: BatchNorm = limited("batch_norm", "none")
    batch_norm_affine: bool = Field(
        default=True, description="whether batch normalisation has a scale γ and a shift β"
    )
    batch_norm_statistics: Literal["moving_average", "training_set"] = Field(
        default="moving_average",
        description="the mean and variance that inference normalises with: an exponential moving "
        "average over the batches, or those of the whole training set",
    )
    batch_norm_decay: float = Field(
        default=0.99,
        ge=0,
        lt=1,
        description="share of the moving average that each batch leaves as it was",
    )
    skip: bool = limited("skip", False)
    bottleneck: int | None = limited("bottleneck", None)
    initialization: Initialization = limited("initialization", "he")
    init_sigma: float = limited("init_sigma", 0.01)
    loss: Loss = limited("loss", "cross_entropy")

    def canonical(self) -> dict[str, Any]:
        """As a file would write it, with every default but those of later keys."""
        fields = type(self).model_fields
        same = {key for key in self.later if getattr(self, key) == fields[key].default}
        return self.model_dump(mode="json", exclude=same)


class TrainingSection(Table):
    """One training: how long, in which steps, and what its value is."""

    later = (
        "dropout",
        "input_dropout",
        "label_smoothing",
        "clip_norm",
        "mixup",
        "flip",
        "shift",
        "cutout",
        "optimizer",
        "beta_1",
        "beta_2",
        "epsilon",
        "ema_decay",
    )

    batch_size: int = limited("batch_size", 100)
    learning_rate: float = limited("learning_rate", 0.01)
    learning_rate_min: float = limited("learning_rate_min", 1e-5)
    schedule: Schedule = Field(
        default=ConstantSchedule(epochs=10), description="how η moves, and for how long"
    )
    optimizer: Optimizer = limited("optimizer", "sgd")
    weight_decay: float = limited("weight_decay", 0.0)
    momentum: float = limited("momentum", 0.0)
    beta_1: float = limited("beta_1", 0.9)
    beta_2: float = limited("beta_2", 0.999)
    epsilon: float = limited("epsilon", 1e-8)
    ema_decay: float = limited("ema_decay", 0.0)
    shuffle: bool = limited("shuffle", True)
    jitter: float = limited("jitter", 0.0)
    jitter_relative: bool = Field(
        default=False,
        description="whether `jitter` is a share of each batch's own standard deviation",
    )
    dropout: float = limited("dropout", 0.0)
    input_dropout: float = limited("input_dropout", 0.0)
    label_smoothing: float = limited("label_smoothing", 0.0)
    clip_norm: float | None = limited("clip_norm", None)
    mixup: float = limited("mixup", 0.0)
    flip: bool = limited("flip", False)
    shift: int = limited("shift", 0)
    cutout: int = limited("cutout", 0)
    figures: Literal["running", "full"] = Field(
        default="running",
        description="training figures of an epoch: means over its batches as they were trained, "
        "or a full pass after it",
    )
    score: Literal["last_epoch", "best_epoch", "snapshot_ensemble"] = Field(
        default="last_epoch",
        description="a trial's value: its score on the validation rows after the last epoch, "
        "after the best one, or of the networks kept at the end of each cycle, which vote by the "
        "mean of their probabilities or values",
    )
    patience: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="after how many epochs without a better score on the validation rows a trial "
        "ends; none unless said",
    )
    precision: Literal["float32", "float64"] = Field(
        default="float32", description="the numbers that are computed with"
    )
    repeats: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="of a stage alone: with how many seeds of its weights each of its trials is "
        "trained; as `data.repeats` unless said",
    )
    class_weights: Literal["balanced"] | dict[str, float] | None = Field(
        default=None,
        description="what a row's loss is multiplied by, by its class, as `{yes = 2.5, no = 1}`; a "
        "class that is not named has 1; balanced: rows / (classes * rows of the class)",
    )

    @field_validator("class_weights", mode="before")
    @classmethod
    def _table_or_balanced(cls, raw: object) -> object:
        right = 'give "balanced", or a table of weights by the names of classes'
        if raw is not None and raw != "balanced" and not (raw and isinstance(raw, dict)):
            raise faulty([Fault((), f"found {shown(raw)}; {right}")])
        for name, weight in raw.items() if isinstance(raw, dict) else ():
            number = isinstance(weight, int | float) and not isinstance(weight, bool)
            if not number or not 0 <= weight < math.inf:
                raise faulty([Fault((name,), f"found {shown(weight)}; give a number from 0")])
        return raw

    @model_validator(mode="after")
    def _fits_together(self) -> "TrainingSection":
        if self.score == "snapshot_ensemble" and not self.schedule.keeps_snapshots:
            right = 'only a schedule of kind "cycles" keeps snapshots'
            found = f'found "snapshot_ensemble" with kind "{self.schedule.kind}"'
            raise faulty([Fault(("score",), f"{found}; {right}")])
        return self


class NetworkStage(StageTable):
    """One `[[stages]]` of a network's study."""

    training: TrainingSection = Field(
        default=TrainingSection(), description="keys of [training] that differ in this stage"
    )


class NetworkFinal(Final):
    """`[final]` of a network's study."""

    train_on: Literal["training", "training+validation"] = Field(
        default="training",
        description="the rows that the winner is trained on at last; with `folds` always "
        "training+validation: all that are not for the test",
    )
    ensemble: bool = Field(
        default=True, description="whether ensembles of snapshots and of finalists are reported"
    )
    training: TrainingSection = Field(
        default=TrainingSection(),
        description="keys of [training] that differ for the finalists and the last training",
    )


class NetworkKind(Table):
    """`[objective]`: what is trained; the network unless said."""

    kind: Literal["network"] = Field(default="network", description="a network of klayer's own")
    score: Score | None = Field(
        default=None,
        description="what trials are ranked by, on the validation rows; for classes accuracy "
        "unless said, or balanced_accuracy, macro_f1, roc_auc (of 2 classes), log_loss; for values "
        "rmse unless said, or mae, r2",
    )


class NetworkDocument(Document):
    """A whole study file of a network."""

    objective: NetworkKind = Field(default=NetworkKind(), description="what is trained")
    data: DataSection = Field(default=DataSection(), description="which data")
    network: NetworkSection = Field(
        default=NetworkSection(), description="the network, where a stage does not search it"
    )
    training: TrainingSection = Field(
        default=TrainingSection(), description="one training, where a stage does not search it"
    )
    stages: List[NetworkStage] = Field(
        min_length=1, max_length=100, strict=False, description="the steps of the search, in order"
    )
    final: NetworkFinal = Field(default=NetworkFinal(), description="what follows the last stage")

    @model_validator(mode="after")
    def _ends_with_all_rows(self) -> "NetworkDocument":
        """With folds there is no one training part: the last training is on all of them."""
        final = self.final
        if self.data.folds is None or final.train_on == "training+validation":
            return self
        if "train_on" in final.model_fields_set:
            found = 'found "training" with folds, each of which has another training part'
            raise faulty([Fault(("final", "train_on"), f'{found}; give "training+validation"')])
        whole = final.model_copy(update={"train_on": "training+validation"})
        return self.model_copy(update={"final": whole})
