"""What several commands take and do alike: options with their help, and how a command writes."""

import getpass
import json
import os
import platform
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from search.runtime.formatting import harmless

if TYPE_CHECKING:
    from rich.console import Console

    from search.study.file import Study


def user() -> str:
    """Who runs the command, as user@host; where the user has no name, by number."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    return f"{name}@{platform.node()}"


class Format(StrEnum):
    """What an export is written as."""

    csv = "csv"
    json = "json"


class EngineName(StrEnum):
    """What runs worker processes."""

    loky = "loky"
    dask = "dask"
    ray = "ray"


StudyArgument = Annotated[
    str, typer.Argument(metavar="STUDY", help="A study that ships with klayer, or a TOML file.")
]
StudyOrNameArgument = Annotated[
    str,
    typer.Argument(
        metavar="STUDY",
        help="A study that ships with klayer, a TOML file, or the name of a recorded search.",
    ),
]
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a recorded search.")]
StorageOption = Annotated[
    str,
    typer.Option(
        "--storage", envvar="KLAYER_STORAGE", metavar="URL", help="Database that keeps the search."
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        envvar="KLAYER_DATA",
        metavar="FOLDER",
        help="Folder that is looked in first for the files that \\[data] names; for cifar10, that "
        "holds cifar-10-batches-bin/ or cifar-10-batches-py/, or else what `klayer data fetch` "
        "keeps.",
    ),
]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a key of the study, as in training.batch_size=64; may be given again.",
    ),
]
RenameOption = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Another name for the search.")
]
EngineOption = Annotated[
    EngineName,
    typer.Option(
        "--engine", help="What runs the workers: this machine, or a cluster of Dask or Ray."
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="ADDRESS",
        help="Of a Dask or Ray cluster that runs already, such as tcp://host:8786.",
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", "-w", min=1, max=1024, help="Worker processes; one a core."),
]
GpusOption = Annotated[
    str,
    typer.Option(
        "--gpus",
        envvar=["KLAYER_GPUS", "CUDA_VISIBLE_DEVICES"],
        metavar="LIST",
        help="Graphics processors that the workers share, such as 0,1,2,3.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


def load(reference: str, changes: list[str], name: str | None, data: Path | None) -> "Study":
    """The study of that name or file, with changes, whose data may lie in a folder of the user's.

    Raises:
        KlayerError: Something in it is wrong.
    """
    from search.study.reading import load

    return load(reference, changes, name, data)


def load_or_recorded(
    reference: str, changes: list[str], name: str | None, data: Path | None, storage: str
) -> "tuple[Study, str]":
    """A study with its file's text, as `load`; or that of a search of this name in a database.

    So what pages and messages advise works from any folder. A change makes another search of it,
    which takes another name.

    Raises:
        KlayerError: Something in it is wrong.
    """
    from search.ledger.faults import NoLedgerError
    from search.ledger.ledger import Ledger
    from search.study import reading

    if not reading.is_there(reference):
        try:
            with Ledger(storage) as ledger:
                if reference in ledger.read.names():
                    search = ledger.read.search(reference)
                    study, text = search.study, ledger.read.text(search)
                    if changes or name is not None:
                        where = f"{reference} in {ledger.database.shown}"
                        study = reading.changed(study, where, changes, name, data)
                    return study, text
        except NoLedgerError:
            pass  # and so no search is recorded there
    return load(reference, changes, name, data), reading.text(reference)


def devices(gpus: str) -> tuple[str, ...]:
    """The graphics processors of a list such as `0,1`."""
    return tuple(one.strip() for one in gpus.split(",") if one.strip())


def cores() -> int:
    """How many cores this process may use."""
    import joblib

    return int(joblib.cpu_count())


def console(*, stderr: bool = False) -> "Console":
    """Where a command writes for people."""
    from search.runtime.lines import HarmlessConsole

    return HarmlessConsole(stderr=stderr, highlight=False)


def print_json(document: Any) -> None:
    """Write for scripts."""
    print_text(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def print_text(text: str) -> None:
    """Write a text as it is; to a terminal without control characters."""
    typer.echo(harmless(text) if sys.stdout.isatty() else text, nl=False)
