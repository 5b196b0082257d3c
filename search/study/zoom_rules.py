"""What `[stages.zoom]` may say: how a stage's box follows from the trials of earlier stages.

Only the declarations; the rules themselves are pure functions in `search.plan.zoom`.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Limits(BaseModel):
    """Bounds that a zoomed range never crosses; a missing side is the hyperparameter's own limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _not_inverted(self) -> "Limits":
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low must be below high, but {self.low:g} >= {self.high:g}")
        return self


class _Zoom(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True
    )

    sources: tuple[str, ...] = Field(
        default=(),
        alias="from",
        description="Names of the earlier stages whose trials are read; the stage before by default.",
    )
    limits: dict[str, Limits] = Field(
        default_factory=dict,
        description="Bounds that the zoomed range of a hyperparameter never crosses.",
    )
    edge: float = Field(
        default=0.05,
        ge=0,
        lt=0.5,
        description="How near to an edge of its range the best value counts as on the edge, as a "
        "share of the range's length on its own scale. There the new range may pass the edge.",
    )


class DecadesZoom(_Zoom):
    """A range of a fixed length round the best trial."""

    rule: Literal["decades"]
    decades: float = Field(
        gt=0, le=20, description="Log ranges reach this many decades to either side of the best."
    )
    share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Linear ranges reach this share of their old length to either side of the best.",
    )


class QuantileZoom(_Zoom):
    """The range that the best trials span, and a margin."""

    rule: Literal["quantile"]
    quantile: float = Field(
        gt=0, le=1, description="Share of the finished trials, best first, that span the new box."
    )
    margin: float = Field(
        default=0.1,
        ge=0,
        le=5,
        description="Added on either side, as a share of the spanned length on the range's own scale.",
    )


ZoomRule = Annotated[DecadesZoom | QuantileZoom, Field(discriminator="rule")]
