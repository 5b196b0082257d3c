"""A first study file for data of the user's own, with ranges and trainings that suit its size."""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from model.data.examples import TARGETS
from model.data.kinds import ARRAYS, EXAMPLES, TABLES, kind_of
from model.data.source import plain_name
from search.errors import KlayerError
from search.objectives.network.data import own_opened
from search.objectives.network.facts import Facts
from search.objectives.network.sections import DataSection
from search.runtime.formatting import plural
from search.runtime.output import writing
from search.study.messages import faults_of
from search.study.overrides import overridden
from search.study.table import NAME_LENGTH, NAME_PATTERN

MOST_NAME = 60  # letters of the name that a search is given
SEED = 1  # of a study file that says none
UPDATES = 3_000  # of one training, about: enough to learn, few enough for dozens of trials
MOST_EPOCHS = 60
TRAININGS = 64
SHIPPED = {"digits": "digits", "cifar10": "lambda-coarse-to-fine"}
"""Data sets that need no file, each with a study that ships with klayer."""
MANY_ROWS = 5_000  # from which wider layers and less decay are worth trying
MOST_NUMBERS = 50_000_000  # rows · inputs up to which wide layers stay quick


@dataclass(frozen=True)
class Started:
    """A study file that was written.

    Attributes:
        file: The file.
        remarks: What a user should know of how the data were read, each a sentence.
    """

    file: Path
    remarks: tuple[str, ...]


def write_study(
    data: Path,
    target: Sequence[str],
    exclude: Sequence[str],
    output: Path | None,
    changes: Sequence[str] = (),
) -> Started:
    """Write a study file that searches the data as they are.

    Args:
        data: The file or folder, or the name of an example.
        target: The columns to predict, or the file of the labels of an array.
        exclude: Columns that are no inputs.
        output: The study file; None for one in the working folder that is called as the data.
        changes: Further keys of [data], as `--set` has them.

    Raises:
        KlayerError: The data cannot be trained on; there is a file of that name; or it cannot be
            written.
    """
    file = Path(f"{name_of(data)}.toml") if output is None else output
    source = _source(file.parent, data)
    if kind_of(source) == "arrays":
        target = [_from(file.parent, Path(one)) for one in target]
    if source in SHIPPED:
        raise KlayerError(
            f"{source}: has studies that ship with klayer, such as `klayer run {SHIPPED[source]}`"
        )
    section = _section(source, target, exclude, changes)
    if file.exists():
        raise KlayerError(f"--output: {file} is there already; give another name, or remove it")
    if file.suffix != ".toml":
        raise KlayerError(f"--output: {file}: give a name that ends in .toml, as study files have")
    base = file.parent.absolute()
    facts, said = own_opened(section, SEED, base)
    text = study_text(section, facts)
    if not re.fullmatch(NAME_PATTERN, file.stem) or len(file.stem) > NAME_LENGTH:
        text = f"name = {_written(plain_name(file.stem, most=MOST_NAME))}\n\n{text}"
    with writing(file), file.open("x", encoding="utf-8") as opened:
        opened.write(text)
    return Started(file, said)


def _section(
    source: str, target: Sequence[str], exclude: Sequence[str], changes: Sequence[str]
) -> DataSection:
    try:
        source.encode()
    except UnicodeEncodeError:
        raise KlayerError(
            f"{source!r}: a study file is UTF-8 text and cannot name this file; rename it"
        ) from None
    given: dict[str, Any] = {"source": source}
    given |= {"target": list(target)} if target else {}
    given |= {"exclude": list(exclude)} if exclude else {}
    document, keys = overridden({"data": given}, changes)
    for key in keys:
        if key[0] != "data":
            raise KlayerError(f"--set {key[0]}: give keys of data, such as data.task=regression")
    try:
        return DataSection.model_validate(document["data"])
    except ValidationError as error:
        lines = (f"{one.key[0]}: {one.text}" for one in faults_of(error, DataSection))
        raise KlayerError("\n".join(lines)) from None


def name_of(data: Path) -> str:
    """A name that a search may have, from that of a file or folder."""
    name = data.name.removesuffix(".gz")
    has_ending = not data.is_dir() and PurePath(name.lower()).suffix in (*TABLES, *ARRAYS)
    return plain_name(name.rpartition(".")[0] if has_ending else name, most=MOST_NAME)


def _source(folder: Path, data: Path) -> str:
    """As the study file names it: an example by its name, a folder with a slash behind it."""
    if str(data) in EXAMPLES and not data.exists():
        return str(data)
    path = _from(folder, data)
    return f"{path}/" if data.is_dir() else path


def study_text(section: DataSection, facts: Facts) -> str:
    """The study file.

    Batches are about a thirty-second of the rows, from 8 (or all rows, where there are fewer) to
    128, and trainings about `UPDATES` updates long, of 10 to `MOST_EPOCHS` epochs. Many rows bear
    wider layers, and few need more weight decay.
    """
    batch = min(facts.rows, 128, max(8, 2 ** round(math.log2(max(facts.rows, 32) / 32))))
    epochs = min(MOST_EPOCHS, max(10, round(UPDATES * batch / facts.rows)))
    values, many = facts.task == "regression", facts.rows >= MANY_ROWS
    wide = many and facts.rows * facts.inputs <= MOST_NUMBERS
    what = f"{column_of(section)} ({plural(facts.outputs, 'value' if values else 'class')})"
    source = _in_a_line(section.source)
    given = section.model_dump(mode="json", exclude_unset=True)
    lines = [f"{key} = {_written(value)}" for key, value in given.items()]
    tested = "A fifth of all rows" if section.test is None else "What is said for it"
    if section.test is None and section.kind in ("arrays", "images"):
        tested = "The test part, or else a fifth of all rows,"
    if section.part_column is not None:
        tested = "What that column says"
    return f"""\
# {source}: {facts.rows + facts.held_out:,} rows to train on and to choose by, each of
# {plural(facts.inputs, "number")}. What is learned: {_in_a_line(what)}.
# {tested} is tested on once, at the end.
# docs/study-file.md explains every key.

strategy = "auto"
budget = {{trainings = {TRAININGS}}}

[data]
{chr(10).join(lines)}

[network]
widths = [64, 64]

[training]
batch_size = {batch}
momentum = 0.9
schedule = {{kind = "decay", epochs = {epochs}, factor = {0.05 ** (1 / epochs):.3f}}}

[box]
learning_rate = {{low = 1e-3, high = {"0.1" if values else "0.5"}}}
weight_decay = {{low = {"1e-6, high = 0.1" if many else "1e-5, high = 1.0"}}}
width_1 = {{low = 16, high = {256 if wide else 128}}}

[final]
train_on = "training+validation"
"""


def column_of(section: DataSection) -> str:
    """What is learned, for people."""
    if section.kind == "example":
        return TARGETS[section.source]
    return ", ".join(section.target or ()) if section.kind == "table" else "the target"


def _written(value: object) -> str:
    """Texts as TOML has them, which is as JSON has them, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _in_a_line(text: str) -> str:
    """As a comment may have it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _from(folder: Path, data: Path) -> str:
    """A path from a folder, where it is below it; else the whole path."""
    path, base = data.absolute(), folder.absolute()
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()
