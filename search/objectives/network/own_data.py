"""The data of the user's own that `[data]` names, as the model's own values."""

from collections.abc import Sequence
from pathlib import Path

from model.data import examples
from model.data.kinds import DEFAULT_PART
from model.data.own import Own
from model.data.own_arrays import OwnArrays, Pair
from model.data.own_images import OwnImages
from model.data.own_table import OwnTable, Parts
from model.data.prepared import Prepared
from model.data.splits import Part
from model.data.table_options import TableOptions
from model.errors import ModelError
from search.objectives.network.data_section import DataSection
from search.objectives.network.facts import Facts


def own_of(
    section: DataSection, seed: int, base: Path, folder: Path | None, scratch: Path, kept: Path
) -> Own:
    """The data, not read yet: a table, arrays, or images, as the path says.

    Args:
        section: What is said of them.
        seed: Of the split.
        base: The folder of the study file, from which paths start.
        folder: Where the user keeps data here; files of these names there are taken first.
        scratch: A folder for temporary files.
        kept: A folder for the tables of data sets that scikit-learn carries.

    Raises:
        ModelError: What is said contradicts itself, or two parts are one file.
        DataFileError: Such a table cannot be written.
    """
    _check_files(section, base, folder)
    if section.folds is not None and section.kind in ("arrays", "images"):
        section = section.model_copy(update={"validation": 0})  # but for what came by itself
    if section.kind == "arrays":
        return _arrays(section, seed, base, folder, scratch)
    if section.kind == "images":
        height, width = section.size or (0, 0)
        return OwnImages(
            _found(section.source, base, folder),
            seed,
            validation=_size(section.validation),
            test=_size(section.test),
            size=(height, width) if section.size else None,
            colour=section.colour,
            scratch=scratch,
            by_channel=section.scaling == "channel",
        )
    if section.kind == "example":
        name = section.source
        given = {"source": str(examples.table(name, kept)), "target": (examples.TARGETS[name],)}
        return table_of(section.model_copy(update=given), seed, Path(), None, scratch)
    return table_of(section, seed, base, folder, scratch)


def _arrays(
    section: DataSection, seed: int, base: Path, folder: Path | None, scratch: Path
) -> OwnArrays:
    def pair(rows: str, target: str | None) -> Pair:
        return Pair(
            _found(rows, base, folder), None if target is None else _found(target, base, folder)
        )

    validation, test = section.validation, section.test
    return OwnArrays(
        pair(section.source, section.target[0] if section.target else None),
        seed,
        validation=(
            pair(validation, section.validation_target)
            if isinstance(validation, str)
            else validation
        ),
        test=pair(test, section.test_target) if isinstance(test, str) else test,
        task=section.task,
        scratch=scratch,
        by_channel=section.scaling == "channel",
    )


def _check_files(section: DataSection, base: Path, folder: Path | None) -> None:
    """Refuse one file for two parts: a test would be of rows that were learned."""
    parts: dict[Path, str] = {}
    for key in ("source", "validation", "test"):
        said = getattr(section, key)
        if isinstance(said, str):
            path = _found(said, base, folder).resolve()
            if (other := parts.setdefault(path, key)) != key:
                raise ModelError(
                    f"{path}: is found for {other} and for {key}; expected a file of its own for "
                    "each"
                )


def _found(text: str, base: Path, folder: Path | None) -> Path:
    """The file or folder that a study file names; that of the user's folder comes first."""
    path = base / text
    here = () if folder is None else (folder / text, folder / path.name)
    return next((one for one in here if one.exists()), path)


def _path_or_size(part: str | Part, base: Path, folder: Path | None) -> Path | Part:
    return _found(part, base, folder) if isinstance(part, str) else part


def _size(part: str | Part | None) -> Part | None:
    if isinstance(part, str):
        raise ModelError("validation and test of images are counts or shares of them")
    return part


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
    validation, test = (
        DEFAULT_PART if part is None else part for part in (section.validation, section.test)
    )
    return OwnTable(
        _found(section.source, base, folder),
        TableOptions(
            target=section.target or (),
            task=section.task,
            exclude=section.exclude or (),
            numbers=section.numbers or (),
            categories=section.categories or (),
            scaling="quantile" if section.scaling == "quantile" else "standard",
        ),
        Parts(
            validation=_path_or_size(validation, base, folder),
            test=_path_or_size(test, base, folder),
            group=section.group,
            time=section.time,
            said=section.part_column,
            folds=section.folds,
        ),
        seed,
        scratch,
    )


def facts_of(prepared: Prepared, folds: Sequence[Prepared] = ()) -> Facts:
    """The sizes of data of the user's own; with folds, those of the one that trains on fewest."""
    targets = prepared.targets
    rows = min(one.trained_on for one in (folds or (prepared,)))
    return Facts(
        rows=rows,
        held_out=len(prepared.both) - rows,
        inputs=prepared.both.x.shape[1],
        outputs=len(prepared.classes) if targets is None else len(targets.mean),
        task="classification" if targets is None else "regression",
        scale=scale_of(prepared),
        shape=prepared.shape,
    )


def scale_of(prepared: Prepared) -> float:
    """What errors of standardised targets are multiplied by, as `Facts.scale` says."""
    targets = prepared.targets
    return float(targets.std[0]) if targets is not None and len(targets.std) == 1 else 1.0
