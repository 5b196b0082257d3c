"""What all commands have: help, a version, and exit statuses that say how they ended."""

import errno
from pathlib import Path
from typing import Any

import pytest
import typer

from search.cli import app
from search.errors import KlayerError
from search.ledger.faults import DatabaseFaultError
from search.ledger.ledger import Ledger
from search.objectives.network.rebuild import NotReproducedError
from search.workers.pool import InterruptedRunError, WorkersDiedError
from tests.search.conftest import Klayer


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


def test_what_the_system_refuses_is_one_message(
    klayer_here: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object, **__: object) -> None:
        raise OSError(errno.ENFILE, "too many")

    monkeypatch.setattr(Ledger, "__init__", ended)
    status, _, said = klayer_here("status")
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith("klayer: klayer cannot go on: Too many open files in system; ")


def test_a_run_whose_workers_cannot_be_started_ends_with_one_message(
    klayer: Klayer, klayer_path: Path, tmp_path: Path
) -> None:
    limited = tmp_path / "limited"
    limited.write_text(f'#!/bin/sh\nulimit -n 16\nexec {klayer_path} "$@"\n')
    limited.chmod(0o755)
    done = klayer("run", "digits", "-w", "1", cwd=tmp_path, program=limited)
    assert done.returncode == 1
    (said,) = [line for line in done.stderr.splitlines() if line.startswith("klayer: ")]
    assert said.startswith("klayer: a worker process cannot be started: Too many open files; ")
    assert "Traceback" not in done.stderr
