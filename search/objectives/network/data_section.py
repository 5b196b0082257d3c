"""What `[data]` of a study file says: which data, and how their rows are parted."""

from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from model.data.kinds import ARRAYS, DEFAULT_PART, EXAMPLES, TABLES, Kind, is_idx, kind_of
from model.data.table_options import Scaling, Task
from search.objectives.network.facts import NAMED
from search.study.faults import Fault, faulty, shown
from search.study.table import List, Table

MOST_COMPONENTS = 5_000
MOST_PIXELS = 1_000  # of a side of an image

Columns = List[Annotated[str, Field(min_length=1)]]

KEYS: dict[str, tuple[Kind, ...]] = {
    "target": ("table", "arrays"),
    "task": ("table", "arrays"),
    "exclude": ("table",),
    "numbers": ("table",),
    "categories": ("table",),
    "test": ("table", "arrays", "images", "example"),
    "group": ("table",),
    "time": ("table",),
    "part_column": ("table",),
    "validation_target": ("arrays",),
    "test_target": ("arrays",),
    "size": ("images",),
    "colour": ("images",),
}
"""Keys that only data of the user's own have, each with the kinds that have it."""

_CALLED: dict[Kind, str] = {
    "table": "tables",
    "arrays": "arrays",
    "images": "folders of images",
    "example": "examples",
}


class DataSection(Table):
    """Which data, and how many rows are held out to choose by."""

    source: str = Field(
        default="digits",
        min_length=1,
        description="the data: digits, cifar10, iris, wine, breast_cancer or diabetes; or the path "
        "from the study file of a table of your own (.csv, .tsv, .txt or .parquet), of arrays "
        "(.npy, .npz or IDX), or of a folder of images, with a / at the end",
    )
    validation: int | float | str | None = Field(
        default_factory=lambda known: _usual_validation(known.get("source", "")),
        description="rows held out of those for training, to choose hyperparameters by: a count, "
        "or of data of your own a share, or the path of another file that has them",
    )
    folds: int | None = Field(
        default=None,
        ge=2,
        le=100,
        description="instead of `validation`: each trial is trained so many times, and each time "
        "another part of the rows that are not for the test is held out; its value is the mean",
    )
    repeats: int = Field(
        default=1,
        ge=1,
        le=100,
        description="with how many seeds of its weights each trial is trained; its value is the "
        "mean",
    )
    target: Columns | None = Field(
        default=None,
        strict=False,
        description="of a table, which must have it, the column to predict, or a list of them "
        "where all are numbers; of .npy and IDX files the path of the labels or values",
    )
    task: Task | None = Field(
        default=None,
        description="classification or regression; unless said, text, booleans and whole numbers "
        "of at most 20 values are classes, and other numbers are values",
    )
    exclude: Columns | None = Field(
        default=None, strict=False, description="columns that are no inputs"
    )
    numbers: Columns | None = Field(
        default=None, strict=False, description="inputs that are numbers, whatever they look like"
    )
    categories: Columns | None = Field(
        default=None, strict=False, description="inputs that are categories, even if they look else"
    )
    scaling: Scaling | Literal["channel"] | None = Field(
        default=None,
        description="how inputs that are numbers are scaled: standard, each by its mean and "
        "standard deviation; of tables also quantile, to normal ones by their quantiles; of images "
        "also channel, by those of all pixels of a colour; standard unless said",
    )
    components: int | None = Field(
        default=None,
        ge=1,
        le=MOST_COMPONENTS,
        description="PCA whitening: so many principal components of the scaled inputs, each of "
        "variance 1, take their place",
    )
    test: int | float | str | None = Field(
        default=None,
        description="rows to test on at the end: a count, a share, or the path of another file; "
        "0.2 unless said",
    )
    group: str | None = Field(
        default=None,
        description="a column whose rows of one value stay in one part, as a patient's",
    )
    time: str | None = Field(
        default=None,
        description="a column by which the last rows are tested on, and those before them held out",
    )
    part_column: str | None = Field(
        default=None, description="a column that says train, validation or test of each row"
    )
    validation_target: str | None = Field(
        default=None,
        description="the path of the labels or values, where `validation` is the path of arrays",
    )
    test_target: str | None = Field(
        default=None, description="likewise, where `test` is the path of arrays"
    )
    size: List[Annotated[int, Field(ge=1, le=MOST_PIXELS)]] | None = Field(
        default=None,
        min_length=2,
        max_length=2,
        strict=False,
        description="height and width that images are scaled to; required unless all have one size",
    )
    colour: Literal["grey", "rgb"] | None = Field(
        default=None,
        description="how images are read; unless said, rgb where the file of any can hold colours",
    )

    @field_validator("target", mode="before")
    @classmethod
    def _one_or_several(cls, raw: object) -> object:
        return [raw] if isinstance(raw, str) else raw

    @field_validator("validation", "test", mode="before")
    @classmethod
    def _size_or_file(cls, raw: object) -> object:
        """Told once, where pydantic would tell it of each type that it may have."""
        is_number = isinstance(raw, int | float) and not isinstance(raw, bool) and isfinite(raw)
        if not (is_number or isinstance(raw, str | None)):
            right = "give a count of rows or, of data of your own, a share or the path of a file"
            raise faulty([Fault((), f"found {shown(raw)}; {right}")])
        return raw

    @property
    def is_own(self) -> bool:
        """Whether it is of the user's own, or is read as such."""
        return self.source not in NAMED

    @property
    def kind(self) -> Kind | None:
        """Of data of the user's own; None for others."""
        return kind_of(self.source) if self.is_own else None

    def files(self) -> list[str]:
        """The paths of files and folders that it names, as it names them."""
        if self.kind not in ("table", "arrays", "images"):
            return []
        parts = (self.source, self.validation, self.test)
        targets = (self.validation_target, self.test_target)
        labels = (self.target or ()) if self.kind == "arrays" else ()
        return [one for one in (*parts, *targets, *labels) if isinstance(one, str)]

    def canonical(self) -> dict[str, Any]:
        """As a file would write it, with every default that it may have."""
        unused = set()
        if self.part_column is not None or self.folds is not None:
            unused.add("validation")
        if self.repeats == 1:  # as studies were written before there were repeats
            unused.add("repeats")
        return self.model_dump(mode="json", exclude_none=True, exclude=unused)

    @model_validator(mode="after")
    def _fits_its_source(self) -> "DataSection":
        faults = list(self._faults_of_own() if self.is_own else self._faults_of_named())
        faults += self._faults_of_folds()
        if faults:
            raise faulty(faults)
        return self

    @property
    def runs(self) -> int:
        """How many trainings a trial consists of."""
        return (self.folds or 1) * self.repeats

    def _faults_of_folds(self) -> Iterator[Fault]:
        if self.folds is None:
            return
        if "validation" in self.model_fields_set:
            found = "found beside folds, each of which is held out in turn"
            yield Fault(("validation",), f"{found}; leave it out, or leave out folds")
        for key in ("time", "part_column"):
            if getattr(self, key) is not None:
                found = f"found beside {key}, which says the one part that is held out"
                yield Fault(("folds",), f"{found}; leave out one of them")

    def _faults_of_named(self) -> Iterator[Fault]:
        most = NAMED[self.source].rows - 1
        if not isinstance(self.validation, int):
            found = shown(self.validation)
            yield Fault(("validation",), f"found {found}; {self.source} takes a count")
        elif self.validation < 1:
            yield Fault(("validation",), f"found {self.validation}; give 1 or more")
        elif self.validation > most:
            right = f"{self.source} has {most + 1:,} training images: give {most:,} or fewer"
            yield Fault(("validation",), f"found {self.validation}; {right}")
        yield from self._faults_of_scaling("images")
        inputs = NAMED[self.source].inputs
        if self.components is not None and self.components > inputs:
            right = f"{self.source} has {inputs:,} inputs: give {inputs:,} or fewer"
            yield Fault(("components",), f"found {self.components:,}; {right}")
        for key in KEYS:
            if getattr(self, key) is not None:
                yield Fault((key,), f"found, but {self.source} has no columns; leave it out")

    def _faults_of_scaling(self, kind: Kind) -> Iterator[Fault]:
        right = ("standard", "quantile" if kind in ("table", "example") else "channel")
        if self.scaling is not None and self.scaling not in right:
            rows = "images" if kind == "images" else _CALLED[kind]
            found = f"found {shown(self.scaling)}; {rows} take {' or '.join(right)}"
            yield Fault(("scaling",), found)
        if self.components is not None and self.scaling == "channel":
            found = 'found beside scaling = "channel", which does not centre each input'
            yield Fault(("components",), f"{found}; leave out one of them")

    def _faults_of_own(self) -> Iterator[Fault]:
        kind = kind_of(self.source)
        if kind is None:
            known = ", ".join((*NAMED, *EXAMPLES))
            right = f"give {known}; or the path of a file that ends in {_endings('table')}, "
            right += f"{_endings('arrays')}; or of a folder, with a / at the end"
            yield Fault(("source",), f"found {shown(self.source)}; {right}")
            return
        for key, kinds in KEYS.items():
            if getattr(self, key) is not None and kind not in kinds:
                whose = " and ".join(_CALLED[one] for one in kinds)
                yield Fault((key,), f"found, which is for {whose}; leave it out")
        yield from self._faults_of_scaling(kind)
        for key in ("validation", "test"):
            yield from self._faults_of_part(kind, key)
        if isinstance(self.test, str) and self.test in (self.source, self.validation):
            yield Fault(("test",), "found twice; give a file that has the test rows alone")
        if self.validation == self.source:
            yield Fault(
                ("validation",), "found twice; give a file that has the validation rows alone"
            )
        if kind == "table":
            yield from self._faults_of_table()
        elif kind == "arrays":
            yield from _faults_of_target(self.source, "target", self.target)

    def _faults_of_part(self, kind: Kind, key: str) -> Iterator[Fault]:
        part, target = getattr(self, key), getattr(self, f"{key}_target")
        is_file = isinstance(part, str) and kind in ("table", "arrays") and kind_of(part) == kind
        if isinstance(part, str):
            is_right = is_file
        else:
            is_right = part is None or (0 < part < 1 if isinstance(part, float) else part >= 1)
        if not is_right:
            right = "give a count from 1, or a share from 0 to 1"
            if kind in ("table", "arrays"):
                right = "give a count from 1, a share from 0 to 1, or the path of a file that ends"
                right += f" in {_endings(kind)}"
            yield Fault((key,), f"found {shown(part)}; {right}")
        elif is_file and kind == "arrays":
            yield from _faults_of_target(part, f"{key}_target", target and (target,))
        elif target is not None and kind == "arrays":
            yield Fault(
                (f"{key}_target",), f"found, but {key} is no path of arrays; give both, or none"
            )

    def _faults_of_table(self) -> Iterator[Fault]:
        if self.target is None:
            yield Fault(("target",), "missing; name the column that is to be learned")
        ways = [key for key in ("group", "time", "part_column") if getattr(self, key) is not None]
        for key in ways[1:]:
            yield Fault((key,), f"found beside {ways[0]}; give one of them")
        sized = {"validation", "test"} & self.model_fields_set
        if self.part_column is not None and sized:
            key = min(sized)
            yield Fault(
                (key,), "found beside part_column, which says each row's part; leave it out"
            )
        files = isinstance(self.validation, str) and isinstance(self.test, str)
        way = next((key for key in ("group", "time") if getattr(self, key) is not None), None)
        if files and way is not None:
            yield Fault(
                (way,), "found, but validation and test are files of their own; leave it out"
            )


def _usual_validation(source: str) -> int | float | None:
    """What is held out unless said; None where the files may hold that part."""
    if source in NAMED:
        return NAMED[source].validation
    return None if kind_of(source) in ("arrays", "images") else DEFAULT_PART


def _faults_of_target(rows: str, key: str, target: Sequence[str] | None) -> Iterator[Fault]:
    """What is wrong with the files of labels beside a file of arrays."""
    if rows.lower().endswith(".npz"):
        if target is not None:
            yield Fault((key,), "found, but an .npz file has its own target, y; leave it out")
    elif target is None:
        if not is_idx(rows):
            yield Fault((key,), "missing; name the .npy file of the labels or values")
    elif len(target) > 1 or kind_of(target[0]) != "arrays" or target[0].lower().endswith(".npz"):
        found = shown(target[0]) if len(target) == 1 else f"{len(target)} of them"
        yield Fault((key,), f"found {found}; give the path of one .npy or IDX file")


def _endings(kind: Kind) -> str:
    ends = {"table": TABLES, "arrays": (*ARRAYS, "idx3-ubyte")}
    return ", ".join(ends.get(kind, ()))
