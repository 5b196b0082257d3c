"""The tables that a study file of the user's own training has, whether a command or a function."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from search.objectives.declared import hyperparameters
from search.objectives.declared.hyperparameters import NAME, NAME_RULE, RESERVED, Declared
from search.objectives.declared.metrics import MetricTable, metric_faults
from search.space.space import Value
from search.study.faults import Fault, faulty, shown
from search.study.stage_table import StageTable
from search.study.table import MOST, List, Table
from search.study.tables import Document, Final


def _step(raw: object) -> object:
    if isinstance(raw, str) and not (raw and raw.replace("_", "").isalpha() and len(raw) <= 30):
        right = 'give one word for one step, such as "epoch", 30 letters at most'
        raise faulty([Fault((), f"found {shown(raw)}; {right}")])
    return raw


def _variables(raw: object) -> object:
    if not isinstance(raw, dict):
        return raw
    faults = []
    for name, text in raw.items():
        if not name or "=" in name or "\0" in name:
            right = "give letters, digits and _"
            faults.append(Fault((name,), f"found {shown(name)} as a variable's name; {right}"))
        elif name.startswith("KLAYER_"):
            right = "give another name: those that begin with KLAYER_ are set for each trial"
            faults.append(Fault((name,), f"found {shown(name)}; {right}"))
        elif not isinstance(text, str) or "\0" in text:
            faults.append(Fault((name,), f"found {shown(text)}; give a text in quotes"))
    if faults:
        raise faulty(faults)
    return raw


class ProgramTable(Table):
    """`[objective]` of the user's own training: what commands and functions share."""

    folder: str = Field(
        default=".",
        min_length=1,
        description="the working folder of the training, from the folder of the study file on",
    )
    environment: Annotated[dict[str, str], BeforeValidator(_variables)] = Field(
        default={}, description="environment variables that the training gets besides its user's"
    )
    time_limit_seconds: float | None = Field(
        default=None,
        gt=0,
        description="how long one attempt at a trial may take before it has failed; without, any "
        "time",
    )
    tries: int = Field(
        default=1,
        ge=1,
        le=100,
        description="how often a trial is begun, at most, before it has failed",
    )
    steps: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="how many steps a whole trial reports; without, progress is not known within a "
        "trial. A trial that reports more ends there",
    )
    step: Annotated[str, BeforeValidator(_step)] = Field(
        default="step", description='what one step is called, such as "epoch"'
    )


class ResourcesTable(Table):
    """`[resources]`: what one trial, or one cohort, may use."""

    threads: int = Field(
        default=1,
        ge=1,
        le=4096,
        description="threads of numerical libraries, by OMP_NUM_THREADS and its like",
    )
    gpus: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="GPUs, by CUDA_VISIBLE_DEVICES, of those that the worker was started with",
    )


def _parameters(raw: object) -> dict[str, Value]:
    if not isinstance(raw, Mapping):
        raise faulty([Fault((), f"found {shown(raw)}; give a table of names and values")])
    faults = [fault for name, value in raw.items() for fault in _parameter(name, value)]
    if faults:
        raise faulty(faults)
    return dict(raw)


def _parameter(name: str, value: object) -> Iterator[Fault]:
    if name in RESERVED:
        yield Fault((name,), f"found {shown(name)}, which is reserved; give another name")
    elif not NAME.fullmatch(name):
        yield Fault((name,), f"found {shown(name)} as a name; {NAME_RULE}")
    infinite = isinstance(value, float) and not abs(value) < float("inf")
    if not isinstance(value, bool | int | float | str) or infinite:
        yield Fault((name,), f"found {shown(value)}; give a number, a text, true or false")


class TrainingTable(Table):
    """`[training]`: what a stage may do otherwise than another."""

    steps: int | None = Field(
        default=None,
        ge=1,
        le=MOST,
        description="how many steps a whole trial reports; `steps` of [objective] unless said",
    )
    parameters: Annotated[dict[str, Value], PlainValidator(_parameters)] = Field(
        default={},
        description="values that the training gets beside the searched hyperparameters, by name",
    )


class DeclaredStage(StageTable):
    """One `[[stages]]` of the user's own training."""

    training: TrainingTable = Field(
        default=TrainingTable(), description="keys of [training] that differ in this stage"
    )


class DeclaredFinal(Final):
    """`[final]` of the user's own training."""

    training: TrainingTable = Field(
        default=TrainingTable(), description="keys of [training] that differ for the finalists"
    )


def _declared(raw: object) -> Declared:
    return raw if isinstance(raw, Declared) else hyperparameters.read(raw)


class DeclaredDocument(Document):
    """A whole study file of the user's own training; each kind adds its `[objective]`."""

    objective: ProgramTable
    hyperparameters: Annotated[Declared, PlainValidator(_declared)] = Field(
        description="what may be searched: a range or a list of values for each name. It bounds "
        "what stages and zooms search, and is the box of a stage that names neither box, boxes, "
        "zoom nor points"
    )
    metrics: List[MetricTable] = Field(
        min_length=1, max_length=100, strict=False, description="what trials report at each step"
    )
    resources: ResourcesTable = Field(
        default=ResourcesTable(), description="what one trial may use"
    )
    training: TrainingTable = Field(
        default=TrainingTable(), description="one training, where a stage does not say otherwise"
    )
    stages: List[DeclaredStage] = Field(
        min_length=1, max_length=100, strict=False, description="the steps of the search, in order"
    )
    final: DeclaredFinal = Field(default=DeclaredFinal(), description="what follows the last stage")

    @model_validator(mode="before")
    @classmethod
    def _spread_declarations(cls, raw: object) -> object:
        """Gives the training its steps, and the stages what is declared of hyperparameters."""
        if not isinstance(raw, dict):
            return raw
        given = raw.get("hyperparameters")
        raw = {**raw, "hyperparameters": _read(raw)}
        stages = raw.get("stages")
        if isinstance(stages, list | tuple):
            spread = [
                _with_box(stage, given) if isinstance(stage, dict) else stage for stage in stages
            ]
            raw = {**raw, "stages": spread}
        return {**raw, "training": _with_steps(raw.get("objective"), raw.get("training", {}))}

    @model_validator(mode="after")
    def _ranks_by_one(self) -> "DeclaredDocument":
        faults = [fault.under("metrics") for fault in metric_faults(self.metrics)]
        if faults:
            raise faulty(faults)
        return self


def _read(raw: Mapping[str, Any]) -> Declared:
    """The hyperparameters; where they are faulty, what stages say of them is not looked at."""
    key = "hyperparameters"
    if key not in raw:
        right = "give what may be searched, such as learning_rate = {low = 1e-4, high = 1e-1}"
        raise faulty([Fault((key,), f"missing; {right}")])
    try:
        return _declared(raw[key])
    except PydanticCustomError as error:
        raise faulty([one.under(key) for one in (error.context or {})["faults"]]) from None


def _with_steps(objective: object, training: object) -> object:
    steps = objective.get("steps") if isinstance(objective, dict) else None
    if isinstance(training, dict) and type(steps) is int and 1 <= steps <= MOST:
        return {"steps": steps, **training}
    return training


def _with_box(stage: dict[str, Any], given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        return stage
    if not any(key in stage for key in ("box", "boxes", "zoom", "points")):
        if stage.get("sampler") == "points":
            return stage
        return {**stage, "box": hyperparameters.whole_box(given)}
    stage = dict(stage)
    if "box" in stage:
        stage["box"] = hyperparameters.stage_box(given, stage["box"])
    if isinstance(stage.get("boxes"), list):
        stage["boxes"] = [hyperparameters.stage_box(given, box) for box in stage["boxes"]]
    return stage
