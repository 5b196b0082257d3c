"""What a study file says was published of the experiments that it stands for.

`klayer reproduce` reads it, and puts its own figures beside; a search reads nothing of it.
"""

from dataclasses import dataclass

from search.study.file import Study
from search.study.published_tables import GradientCheck, Published
from search.study.reading import load_with_tables

__all__ = ["Experiments", "GradientCheck", "Published", "experiments"]


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
        StudyFileError: As `search.study.reading.load`.
    """
    study, tables = load_with_tables(name_or_path)
    return Experiments(study, tables.published, tables.gradient_checks)
