"""The reference page of the command line says what the commands say, row by row."""

import io
import json
import re
from dataclasses import asdict, fields
from enum import Enum
from pathlib import Path
from typing import Any, get_args

import pytest
import typer

from search.cli import app, main
from search.ledger import location
from search.ledger.records import RecordedTrial, Search, StageState, WorkerState
from search.ledger.states import TrialStatus
from search.objective.data_card import DataCard, Quantity
from search.objective.report import Report
from search.objectives.network.data import MOST_SETTING
from search.objectives.network.final import TestReport
from search.objectives.network.measuring import GradientError
from search.plan.plan import steps
from search.plan.ranking import Spread
from search.runtime import blas
from search.space.space import Box, Interval
from search.study.reading import load
from search.views.dashboard import access
from search.views.terminal.export import as_json, write_csv
from search.views.terminal.summary import Summary

PAGE = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text("utf-8")
HEADER = "| option | default | environment | meaning |\n|---|---|---|---|\n"


def leaves(command: Any, path: str = "klayer") -> dict[str, Any]:
    """The commands that do something, and the top, by what is typed."""
    below = getattr(command, "commands", {})
    found = {path: command} if not below or command.params else {}
    for name in command.list_commands(None) if below else ():
        found |= leaves(below[name], f"{path} {name}")
    return found


COMMANDS = leaves(typer.main.get_command(app))


def heading(path: str, command: Any) -> str:
    """The heading of a command: what is typed, with its arguments."""
    arguments = [one.metavar for one in command.params if one.param_type_name == "argument"]
    return " ".join([path, *arguments])


def variables_of(parameter: Any) -> list[str]:
    """The environment variables that a parameter is read from, the first that is set."""
    given = parameter.envvar or []
    return [given] if isinstance(given, str) else list(given)


def row(parameter: Any) -> str:
    """The row of the page that describes an argument or an option."""
    default = parameter.default
    shown = "required" if parameter.required else f"`{default}`" if default else "-"
    variable = ", ".join(f"`{one}`" for one in variables_of(parameter)) or "-"
    told = parameter.help.replace("\\[", "[")  # which markup would swallow
    return f"| {signature(parameter)} | {shown} | {variable} | {told} |"


def signature(parameter: Any) -> str:
    """How an argument or an option is written."""
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar}`"
    annotation = parameter.type_descriptor.annotation
    kind = parameter.metavar or "N"
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        kind = r"\|".join(str(one.value) for one in annotation)
    first, *others = (*parameter.opts, *parameter.secondary_opts)
    written = first if parameter.is_flag else f"{first} {kind}"
    return ", ".join(f"`{one}`" for one in (written, *others))


def sections() -> dict[str, str]:
    """The text under each heading of a command."""
    parts = re.split(r"^## `(.*)`$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def keys(section: str) -> list[list[str]]:
    """The keys of each table of values in a section."""
    tables = re.findall(r"^\| key \| value \|\n\|---\|---\|\n((?:\|.*\n)+)", section, re.MULTILINE)
    return [re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) for table in tables]


def test_each_command_has_a_section_and_no_other_stands_there() -> None:
    assert re.findall(r"^#+ .*$", PAGE, re.MULTILINE) == [
        "# The command line",
        *(f"## `{heading(path, command)}`" for path, command in COMMANDS.items()),
    ]


@pytest.mark.parametrize("path", COMMANDS)
def test_each_section_has_the_rows_of_its_command(path: str) -> None:
    command = COMMANDS[path]
    text = sections()[heading(path, command)]
    rows = "".join(row(parameter) + "\n" for parameter in command.params)
    assert re.findall(r"^\| option .*\n(?:\|.*\n)*", text, re.MULTILINE) == (
        [HEADER + rows] if rows else []
    )


@pytest.mark.parametrize("path", [path for path in COMMANDS if path != "klayer"])
def test_each_section_begins_as_the_help_of_its_command(path: str) -> None:
    command = COMMANDS[path]
    assert sections()[heading(path, command)].startswith(f"\n\n{command.help}\n")


def test_the_page_names_no_option_command_or_variable_that_does_not_exist() -> None:
    parameters = [one for command in COMMANDS.values() for one in command.params]
    names = {name for one in parameters for name in (*one.opts, *one.secondary_opts)}
    options = {name for name in names if name.startswith("--")}
    assert set(re.findall(r"(?<![-|\w])--[a-z]+(?:-[a-z]+)*", PAGE)) == options | {"--help"}
    variables = {name for one in parameters for name in variables_of(one)}
    assert set(re.findall(r"KLAYER_\w+|CUDA_\w+", PAGE)) == variables | {
        blas.SETTING,
        MOST_SETTING,
        access.PASSWORD,
        access.PASSWORD_FILE,
        location.PASSWORD,
        location.PASSWORD_FILE,
    }
    typed = re.findall(r"^    (klayer .*)$|`(klayer [^`]+)`", PAGE, re.MULTILINE)
    for line in (one or other for one, other in typed):
        assert any(re.match(rf"{path}\b", line) for path in COMMANDS if path != "klayer") or (
            line == "klayer --version"
        ), line


def test_the_kernels_of_the_blas_are_named_as_the_code_knows_them() -> None:
    (paragraph,) = re.findall(r"^NumPy's wheels carry(?:.+\n)+", PAGE, re.MULTILINE)
    listed = paragraph.partition("A name is set as")[2]
    assert set(re.findall(r"`(\w+)`", listed)) == {blas.CORETYPE, *blas.KERNELS}
    assert {blas.AUTO, blas.DEFAULT, blas.CORETYPE} <= set(re.findall(r"`(\w+)`", paragraph))
    flags = set(re.findall(r"\bavx512\w+", paragraph))
    assert flags == blas.KERNELS["SkylakeX"]


TRIAL = RecordedTrial(
    stage="coarse",
    number=0,
    parameters={"learning_rate": 0.1},
    value=0.5,
    box=Box({"learning_rate": Interval(0.01, 1.0)}),
    id=1,
    state="complete",
    seed=7,
    order_seed=8,
    reason=None,
    finished_at=1.0,
)
STUDY = load("digits")
SEARCH = Search(1, STUDY, "0" * 64, DataCard("digits", "f" * 64), {}, 0.0, None, None)
STAGE = StageState(
    step=steps(STUDY)[0],
    state="open",
    explanation="as the study file says",
    boxes=({"learning_rate": [0.1]},),
    trials=1,
    finished=1,
    pruned=0,
    diverged=0,
    failed=0,
    running=0,
    steps_done=1,
    steps_total=1,
    steps_each=1,
    best=TRIAL,
    opened_at=0.0,
    finished_at=None,
)
REPORT = TestReport((0.5,), None, (None,), None, 297, "f" * 64)


def test_what_export_writes_is_what_the_page_says() -> None:
    metrics = {metric.name: 0.5 for metric in STUDY.objective.metrics}
    curve = (Report(1, metrics),)
    document = as_json(SEARCH, [STAGE], [TRIAL], {1: curve})
    (trial,) = document["trials"]
    section = sections()["klayer export NAME"]
    assert keys(section) == [list(document), list(trial), list(trial["reports"][0])]
    assert set(document["stages"][0]) <= set(re.findall(r"`(\w+)`", section))
    file = io.StringIO()
    write_csv(STUDY.objective, [TRIAL], {1: curve}, file)
    columns = file.getvalue().splitlines()[0].split(",")
    assert set(columns) == {*trial, "learning_rate", "steps"} - {
        "order_seed",
        "parameters",
        "reports",
    }


def test_what_status_prints_is_what_the_page_says() -> None:
    spread = Spread.of([0.5, 0.6])
    document = Summary(
        name="digits",
        objective=STUDY.objective,
        finished=True,
        stopped=False,
        failure=None,
        stages=(STAGE,),
        best=TRIAL,
        spread=spread,
        result=REPORT.plain("accuracy"),
        failures={},
        data=SEARCH.data,
    ).to_json()
    section = sections()["klayer status [NAME]"]
    assert keys(section) == [list(document)]
    inner = [document["best"], document["validation"], document["test"], document["stages"][0]]
    inner.append(asdict(Quantity("", 0, 1, 0, 1)) | document["data"])
    told = set(re.findall(r"`(\w+)`", section))
    assert {key for one in inner for key in one} <= told


def test_what_workers_prints_is_what_the_page_says() -> None:
    (listed,) = keys(sections()["klayer workers [NAME]"])
    assert listed == [field.name for field in fields(WorkerState)]


def test_each_state_of_a_trial_is_on_the_page() -> None:
    (row,) = re.findall(r"^\| `state` \|.*$", sections()["klayer export NAME"], re.MULTILINE)
    assert set(get_args(TrialStatus)) == set(re.findall(r"`(\w+)`", row)) - {"state"}


def test_what_gradcheck_prints_is_what_the_page_says() -> None:
    (listed,) = keys(sections()["klayer gradcheck STUDY"])
    assert listed == [field.name for field in fields(GradientError)]


@pytest.mark.parametrize(
    ("section", "arguments"),
    [
        ("klayer studies", ["studies", "--json"]),
        ("klayer plan STUDY", ["plan", "digits", "--json"]),
    ],
)
def test_what_json_holds_is_what_the_page_says(
    section: str,
    arguments: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.argv", ["klayer", *arguments])
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # the command sets it; it is undone with the test
    with pytest.raises(SystemExit):
        main()
    document = json.loads(capsys.readouterr().out)
    (listed,) = keys(sections()[section])
    assert listed == list(document[0] if isinstance(document, list) else document)
