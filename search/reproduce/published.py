"""What a study file says was published of the experiments that it stands for.

`klayer reproduce` reads it, and puts its own figures beside; a search reads nothing of it.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from search.errors import StudyFileError
from search.objectives.network.registry import NetworkRegistry
from search.reproduce.published_checks import published_faults
from search.reproduce.published_tables import GradientCheck, Published
from search.study import reading
from search.study.faults import Fault
from search.study.file import Study
from search.study.keys import written
from search.study.messages import faults_of
from search.study.ranges import REGISTRY
from search.study.table import List, Table
from search.study.tables import NOT_READ


class PublishedTables(Table):
    """The tables of a study file that a search does not read."""

    published: List[Published] = Field(
        default=(),
        max_length=1_000,
        strict=False,
        description="figures that were published of such a search, to hold its own against",
    )
    gradient_checks: List[GradientCheck] = Field(
        default=(),
        max_length=100,
        strict=False,
        description="checks of gradients that were published",
    )


@dataclass(frozen=True)
class Experiments:
    """What one study file says was published.

    Attributes:
        study: As the file has it.
        published: The rows of the table of results, in the order of the file.
        checks: The gradient checks, in the order of the file.
    """

    study: Study
    published: tuple[Published, ...]
    checks: tuple[GradientCheck, ...]


def experiments(name_or_path: str) -> Experiments:
    """What a study file says was published; nothing where it has no such tables.

    Args:
        name_or_path: A path to a .toml file, or the name of a study that ships with klayer.

    Raises:
        StudyFileError: As `search.study.reading.load`; or the tables are not right on their own, or
            speak of trials that the study does not have.
    """
    study = reading.load(name_or_path)
    document = reading.document(name_or_path)
    tables = tables_of(document, name_or_path)
    faults = published_faults(study, tables.published, tables.gradient_checks)
    if faults:
        raise _refusal(faults, document, name_or_path)
    return Experiments(study, tables.published, tables.gradient_checks)


def tables_of(document: dict[str, Any], where: str) -> PublishedTables:
    """What a document says was published, each row right on its own.

    Raises:
        StudyFileError: It is not.
    """
    try:
        return PublishedTables.model_validate(
            {key: document[key] for key in NOT_READ if key in document},
            context={REGISTRY: NetworkRegistry()},
        )
    except ValidationError as error:
        raise _refusal(faults_of(error, PublishedTables), document, where) from None


def _refusal(faults: list[Fault], document: dict[str, Any], where: str) -> StudyFileError:
    lines = (f"{where}: {written(fault.key, document)}: {fault.text}" for fault in faults)
    return StudyFileError("\n".join(lines))
