"""The table of the user's own that `[data]` names, as the model's own values."""

from pathlib import Path

from model.data.own_table import OwnTable, Parts
from model.data.prepared import Prepared
from model.data.table_options import TableOptions
from search.objectives.network.facts import Facts
from search.objectives.network.sections import DataSection


def table_of(
    section: DataSection,
    seed: int,
    base: Path,
    folder: Path | None,
    scratch: Path | None = None,
) -> OwnTable:
    """The table, not read yet.

    Args:
        section: What is said of it.
        seed: Of the split.
        base: The folder of the study file, from which its path starts.
        folder: Where the user keeps data here; files of these names there are taken first.
        scratch: See `OwnTable`.

    Raises:
        ModelError: What is said contradicts itself.
    """

    def file(name: str) -> Path:
        path = base / name
        return folder / path.name if folder and (folder / path.name).is_file() else path

    validation, test = section.validation, 0.2 if section.test is None else section.test
    return OwnTable(
        file(section.source),
        TableOptions(
            target=section.target or (),
            task=section.task,
            exclude=section.exclude or (),
            numbers=section.numbers or (),
            categories=section.categories or (),
            scaling=section.scaling or "standard",
        ),
        Parts(
            validation=file(validation) if isinstance(validation, str) else validation,
            test=file(test) if isinstance(test, str) else test,
            group=section.group,
            time=section.time,
            said=section.part_column,
        ),
        seed,
        scratch,
    )


def facts_of(prepared: Prepared) -> Facts:
    """The sizes of a table that is prepared."""
    targets = prepared.targets
    return Facts(
        rows=len(prepared.training),
        held_out=len(prepared.validation),
        inputs=prepared.both.x.shape[1],
        outputs=len(prepared.classes) if targets is None else len(targets.mean),
        task="classification" if targets is None else "regression",
        scale=float(targets.std[0]) if targets is not None and len(targets.std) == 1 else 1.0,
    )
