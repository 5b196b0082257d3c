"""A first study file for a table of the user's own, with ranges and stages that suit its size."""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from search.errors import KlayerError
from search.objectives.network.data import own_facts
from search.objectives.network.facts import Facts
from search.objectives.network.sections import DataSection
from search.runtime.formatting import plural
from search.study.messages import faults_of
from search.study.table import NAME_LENGTH, NAME_PATTERN
from search.views.terminal.output import writing

UPDATES = 3_000  # of one training, about: enough to learn, few enough for dozens of trials


def write_study(
    table: Path, target: Sequence[str], exclude: Sequence[str], output: Path | None
) -> Path:
    """Write a study file that searches the table as it is.

    Args:
        table: The file.
        target: The columns to predict.
        exclude: Columns that are no inputs.
        output: The study file; None for one in the working folder that is called as the table.

    Returns:
        The study file.

    Raises:
        KlayerError: The table cannot be trained on; there is a file of that name; or it cannot be
            written.
    """
    file = Path(f"{name_of(table)}.toml") if output is None else output
    if file.exists():
        raise KlayerError(f"--output: {file} is there already; give another name, or remove it")
    if file.suffix != ".toml":
        raise KlayerError(f"--output: {file}: give a name that ends in .toml, as study files have")
    section = _section(_from(file.parent, table), target, exclude)
    facts = own_facts(section, seed=1, base=file.parent.absolute())
    text = study_text(section, facts)
    if not re.fullmatch(NAME_PATTERN, file.stem) or len(file.stem) > NAME_LENGTH:
        text = f"name = {_written(_name_of(file.stem))}\n\n{text}"
    with writing(file), file.open("x", encoding="utf-8") as opened:
        opened.write(text)
    return file


def _section(source: str, target: Sequence[str], exclude: Sequence[str]) -> DataSection:
    try:
        source.encode()
    except UnicodeEncodeError:
        raise KlayerError(
            f"{source!r}: a study file is UTF-8 text and cannot name this file; rename it"
        ) from None
    try:
        return DataSection(source=source, target=tuple(target), exclude=tuple(exclude) or None)
    except ValidationError as error:
        lines = (f"{one.key[0]}: {one.text}" for one in faults_of(error, DataSection))
        raise KlayerError("\n".join(lines)) from None


def name_of(table: Path) -> str:
    """A name that a search may have, from that of a file."""
    return _name_of(table.name.removesuffix(".gz").rpartition(".")[0])


def _name_of(stem: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:60].strip("-") or "own"


def study_text(section: DataSection, facts: Facts) -> str:
    """The study file.

    Batches are about a thirty-second of the rows, from 8 (or all rows, where there are fewer) to
    128, and trainings about `UPDATES` updates long, of 10 to 200 epochs.
    """
    batch = min(facts.rows, 128, max(8, 2 ** round(math.log2(max(facts.rows, 32) / 32))))
    epochs = min(200, max(10, round(UPDATES * batch / facts.rows)))
    values = facts.task == "regression"
    what = f"{column_of(section)} ({plural(facts.outputs, 'value' if values else 'class')})"
    source = _in_a_line(section.source)
    named = {"target": section.target, "exclude": section.exclude}
    lines = [f"{key} = {_written(names)}" for key, names in named.items() if names]
    return f"""\
# {source}: {facts.rows + facts.held_out:,} rows to train on and to choose by, each of
# {plural(facts.inputs, "number")}. What is learned: {_in_a_line(what)}.
# A fifth of all rows is tested on once, at the end. docs/study-file.md explains every key.

[data]
source = {_written(section.source)}
{chr(10).join(lines)}
validation = 0.2
test = 0.2

[network]
widths = [64, 32]

[training]
batch_size = {batch}
momentum = 0.9
schedule = {{kind = "decay", epochs = {epochs}, factor = {0.05 ** (1 / epochs):.3f}}}

[[stages]]
name = "coarse"
trials = 16
sampler = "sobol"
[stages.box]
learning_rate = {{low = 1e-4, high = {"0.1" if values else "1.0"}}}
weight_decay = {{low = 1e-6, high = 1e-1}}
width_1 = {{low = 8, high = 128}}

[[stages]]
name = "fine"
trials = 16
[stages.zoom]
rule = "quantile"
quantile = 0.25

[[stages]]
name = "finest"
trials = 8
[stages.zoom]
rule = "decades"
decades = 0.5
from = ["coarse", "fine"]

[final]
finalists = 4
seeds = 3
train_on = "training+validation"
"""


def column_of(section: DataSection) -> str:
    """The columns that are learned, for people."""
    return ", ".join(section.target or ())


def _written(value: object) -> str:
    """Texts as TOML has them, which is as JSON has them, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _in_a_line(text: str) -> str:
    """As a comment may have it."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _from(folder: Path, table: Path) -> str:
    """The table's path from a folder, where it is below it; else the whole path."""
    path, base = table.absolute(), folder.absolute()
    return path.relative_to(base).as_posix() if path.is_relative_to(base) else path.as_posix()
