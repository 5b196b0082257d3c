"""The page on the dashboard shows commands that klayer has, and attacks that tests try."""

import re
import shlex
from pathlib import Path

import pytest

from tests.deployment.files import check_klayer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "dashboard.md").read_text("utf-8")
COMMANDS = re.findall(r"^    (klayer .+)$", PAGE, re.MULTILINE)
NAMED = re.findall(r"\| `(test_\w+)` \|$", PAGE, re.MULTILINE)
THERE = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_that_is_shown_exists(line: str) -> None:
    check_klayer(shlex.split(line))


def test_every_attack_of_the_table_names_its_test() -> None:
    (table,) = re.findall(r"^\| attack \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert len(table.splitlines()) == len(NAMED) == len(set(NAMED)) >= 20


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_is_named_is_there(name: str) -> None:
    assert f"\ndef {name}(" in THERE
