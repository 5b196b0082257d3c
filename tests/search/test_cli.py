"""What all commands have: help, a version, and exit statuses that say how they ended."""

from typing import Any

import pytest
import typer

from search.cli import app
from search.errors import KlayerError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.objectives.network.rebuild import NotReproducedError
from search.workers.pool import InterruptedRunError, WorkersDiedError


def commands(command: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The paths of a command and of all commands below it."""
    below = getattr(command, "commands", {})
    return [path, *(one for name, inner in below.items() for one in commands(inner, (*path, name)))]


@pytest.mark.parametrize("path", commands(typer.main.get_command(app)), ids=" ".join)
def test_every_command_has_help(klayer_here: Any, path: tuple[str, ...]) -> None:
    status, out, err = klayer_here(*path, "--help")
    assert (status, err) == (0, "")
    assert "Usage: klayer" in out
    assert "--help" in out


def test_version(klayer_here: Any) -> None:
    status, out, _ = klayer_here("--version")
    assert status == 0
    assert out.startswith("klayer ")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KlayerError, 2),
        (DatabaseFaultError, 1),
        (WorkersDiedError, 1),
        (NotReproducedError, 1),
        (InterruptedRunError, 130),
    ],
)
def test_each_kind_of_end_has_its_exit_status(
    klayer_here: Any, monkeypatch: pytest.MonkeyPatch, error: type[KlayerError], status: int
) -> None:
    def ended(*_: object, **__: object) -> None:
        raise error("so it is")

    monkeypatch.setattr(Ledger, "__init__", ended)
    assert klayer_here("status") == (status, "", "klayer: so it is\n")
