"""Made-up rows, and all shipped experiments rehearsed once, for the tests that look at them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from search.reproduce.published_tables import Published
from search.reproduce.reproduce import Request, reproduce
from search.reproduce.results import Results
from tests.search.workers.serving import Threads

Rowed = Callable[..., Published]


@pytest.fixture
def published() -> Rowed:
    """A published row with these keys, of E3 and a test accuracy unless said."""

    def made(**keys: Any) -> Published:
        row = {"id": "E3", "setting": "one", "measure": "test_accuracy", "value": 50.0} | keys
        return Published.model_validate({k: v for k, v in row.items() if v is not None})

    return made


def wished(folder: Path, *ids: str, **keys: Any) -> Request:
    """A rehearsal in a folder's own database."""
    given: dict[str, Any] = {
        "seeds": 1,
        "rehearsed": True,
        "storage": f"sqlite:///{folder}/klayer.db",
        "data_folder": None,
        "workers": 1,
        "output": None,
        "pictures": None,
    }
    return Request(ids, **given | keys)


def run(request: Request) -> tuple[Results, str]:
    """Reproduce with workers of this process; what came out, and what was said."""
    console = Console(width=200)
    with console.capture() as captured:
        found = reproduce(request, Threads, console)
    return found, captured.get()


@dataclass(frozen=True)
class Rehearsal:
    """The whole list, rehearsed: tests read its database and page, and change neither."""

    folder: Path
    found: Results
    said: str


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    """Every shipped experiment, rehearsed, with its page."""
    folder = tmp_path_factory.mktemp("rehearsal")
    return Rehearsal(folder, *run(wished(folder, output=folder / "page.md")))
