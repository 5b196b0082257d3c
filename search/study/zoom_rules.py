"""What `[stages.zoom]` may say: how a stage's box follows from the trials of earlier stages.

Only the declarations; the rules themselves are pure functions in `search.plan.zoom`.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from search.study.faults import Fault, faulty
from search.study.table import List, Name, Table


class Limits(Table):
    """Bounds that a zoomed range never crosses; a missing side is the parameter's own."""

    low: float | None = Field(default=None, description="the range never goes below")
    high: float | None = Field(default=None, description="the range never goes above")

    @model_validator(mode="after")
    def _not_inverted(self) -> "Limits":
        if self.low is not None and self.high is not None and self.low >= self.high:
            found = f"found {self.high:g}, which is not above low = {self.low:g}"
            raise faulty([Fault(("high",), f"{found}; give a higher one")])
        return self


class _Zoom(Table):
    model_config = ConfigDict(validate_by_name=True, serialize_by_alias=True)

    sources: List[Name] = Field(
        default=(),
        alias="from",
        strict=False,
        description="the earlier stages whose trials are read; the stage before unless said",
    )
    limits: dict[str, Limits] = Field(
        default_factory=dict,
        description="bounds that the zoomed range of a hyperparameter never crosses",
    )
    edge: float = Field(
        default=0.05,
        ge=0,
        lt=0.5,
        description="how near to an edge of its range the best value counts as on the edge, as a "
        "share of the range's length on its own scale; there the new range may pass the edge",
    )


class DecadesZoom(_Zoom):
    """A range of a fixed length round the best trial."""

    rule: Literal["decades"]
    decades: float = Field(
        gt=0, le=20, description="how many decades a log range reaches to either side of the best"
    )
    share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="what share of its old length a linear range reaches to either side",
    )


class QuantileZoom(_Zoom):
    """The range that the best trials span, and a margin."""

    rule: Literal["quantile"]
    quantile: float = Field(
        gt=0,
        le=1,
        description="the share of the finished trials, best first, that span the new box",
    )
    margin: float = Field(
        default=0.1,
        ge=0,
        le=5,
        description="what is added on either side, as a share of the spanned length",
    )


ZoomRule = Annotated[DecadesZoom | QuantileZoom, Field(discriminator="rule")]
