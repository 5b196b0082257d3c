"""What all tables of a study file share: frozen, no unknown keys, no conversions, no infinities.

`strict` keeps `true` and `"20"` from passing as numbers; a whole number still passes as a real one.
"""

from typing import Annotated, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")

List = Annotated[tuple[Item, ...], Field(strict=False)]
"""An array of the file, kept as a tuple; `strict` would ask TOML for tuples."""

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
NAME_LENGTH = 64

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=NAME_LENGTH)]
"""The name of a study or a stage: it becomes part of database keys and of commands."""

MOST = 1_000_000
"""The largest count (of epochs, steps, units of a layer) that is not taken for a slip."""


class Table(BaseModel):
    """A table of a study file; valid from construction on."""

    later: ClassVar[tuple[str, ...]] = ()
    """Keys that were added when there were records of studies: see `Study.canonical`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
