"""The rooms import downward only, and every file says what it is for. Read from the source."""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What each room of `search` may import besides its own files, `search.errors` and lower rooms.
# A file that stands in a line of its own is a room by itself. From the top down:
ORDER = (
    "search.objectives.network.commands",  # which `search.cli` finds by name
    "search.cli",
    "search.reproduce",
    "search.objectives.network.views",  # which views find by name
    "search.views.terminal.runner search.views.dashboard search.views.report",
    "search.views.reading",
    "search.views.terminal",
    "search.workers.service",
    "search.workers.pool search.workers.forecast",
    "search.workers",
    "search.views.plots",
    "search.objectives",
    "search.ledger",
    "search.plan",
    "search.study",
    "search.objective",
    "search.space",
    "search.runtime",
    "search.errors",
)
OPTUNA_FILES = {
    "search.views.dashboard.optuna_side",
    "search.ledger.optuna_rows",
    "search.plan.importance",
    "search.plan.optuna_samplers",
    "search.plan.samplers",
}
MODEL_DOOR = "search.objectives.network"
# The network's room, and its published experiments.
OF_THE_NETWORK = ("search.objectives.network", "search.reproduce")
WORDS_OF_THE_NETWORK = ("accuracy", "image", "percent(", "100 *", "layer_of", "η", "λ")
OPENS_DATA = "search.views.terminal.runner"
DIGITS = "model.data.digits"
EXAMPLES = "model.data.examples"
PARQUET = "model.data.parquet_file"  # of the extra, asked for where a file needs it
PEERS = {
    "benchmarks.equal_time_peers",
    "benchmarks.function_overhead",
    "benchmarks.ledger_optuna",
    "benchmarks.optuna_pytorch",
    "benchmarks.search_contenders",
}  # what klayer is measured against

PAGES = "tests/search/views/dashboard/pages/test_app_in_browser.py"
# Files without a test file of their own name, and where they are tested.
TESTED_ELSEWHERE = {
    "benchmarks.__main__": "tests/benchmarks/test_parts.py",
    "benchmarks.chromium": PAGES,
    "search.views.terminal.drawing": "tests/search/views/terminal/test_browser.py",
    "model.epochs": "tests/model/test_training.py",
    "model.data.fold": "tests/model/data/test_prepared.py",
    "benchmarks.child": "tests/benchmarks/test_timing.py",
    "benchmarks.coarse_to_fine": "tests/benchmarks/test_parts.py",
    "benchmarks.contenders.klayer": "tests/benchmarks/test_parts.py",
    "benchmarks.contenders.products": "tests/benchmarks/test_timing.py",
    "benchmarks.contenders.pytorch": "tests/benchmarks/test_parts.py",
    "benchmarks.contenders.scikit_learn": "tests/benchmarks/test_parts.py",
    "benchmarks.contenders.step_products": "tests/benchmarks/test_timing.py",
    "benchmarks.growth": "tests/benchmarks/test_parts.py",
    "benchmarks.ledger_pool": "tests/benchmarks/test_ledger.py",
    "benchmarks.ledger_klayer": "tests/benchmarks/test_ledger.py",
    "benchmarks.ledger_optuna": "tests/benchmarks/test_ledger.py",
    "benchmarks.machine": "tests/benchmarks/test_parts.py",
    "benchmarks.memory": "tests/benchmarks/test_parts.py",
    "benchmarks.one_network": "tests/benchmarks/test_parts.py",
    "benchmarks.peak": "tests/benchmarks/test_parts.py",
    "benchmarks.real_images": "tests/benchmarks/test_parts.py",
    "benchmarks.setting": "tests/benchmarks/test_parts.py",
    "benchmarks.start_up": "tests/benchmarks/test_parts.py",
    "benchmarks.throughput": "tests/benchmarks/test_parts.py",
    "model.arrays": "names of types",
    "model.errors": "wherever they are raised",
    "model.finite_difference": "tests/model/test_gradient_check.py",
    "model.network_layout": "tests/model/test_network_file.py",
    "model.data.prepared_files": "tests/model/data/test_prepared.py",
    "search.cli.app": "tests/search/test_cli.py",
    "search.cli.options": "tests/search/test_cli_faults.py",
    "search.views.dashboard.dashboard": "tests/search/cli/test_dashboard.py",
    "search.views.dashboard.pages.app": PAGES,
    "search.views.dashboard.pages.callbacks": PAGES,
    "search.views.dashboard.pages.downloads": PAGES,
    "search.views.dashboard.pages.parts": PAGES,
    "search.views.dashboard.pages.searches": PAGES,
    "search.views.dashboard.pages.shelf": PAGES,
    "search.errors": "wherever they are raised",
    "search.views.plots.colouring": "tests/search/views/plots/test_zoom.py",
    "search.views.plots.entry": "tests/search/views/plots/test_catalogue.py",
    "search.views.plots.outlines": "tests/search/views/plots/test_zoom.py",
    "search.views.plots.trial_points": "tests/search/views/plots/test_zoom.py",
    "search.objectives.network.checked": "tests/search/objectives/network/test_study_checks.py",
    "search.objectives.network.faults": "tests/search/objectives/network/test_data.py",
    "search.objective.port": "wherever objectives are made",
    "search.objectives.command.kind": "tests/search/objectives/declared/test_objective.py",
    "search.objectives.command.objective": "tests/search/objectives/declared/test_objective.py",
    "search.objectives.command.tables": "tests/search/objectives/declared/test_tables.py",
    "search.objectives.declared.kind": "tests/search/objectives/declared/test_tables.py",
    "search.objectives.declared.trainer": "tests/search/objectives/command/test_trainer.py",
    "search.objectives.function.kind": "tests/search/objectives/declared/test_objective.py",
    "search.objectives.function.objective": "tests/search/objectives/declared/test_objective.py",
    "search.objectives.function.tables": "tests/search/objectives/declared/test_tables.py",
    "search.ledger.records": "tests/search/ledger/test_presence.py",
    "search.ledger.states": "names of types",
    "search.ledger.tables": "tests/search/ledger/test_migrations.py",
    "search.ledger.trial_rows": "tests/search/ledger/test_queries.py",
    "search.ledger.versions.0001_baseline": "tests/search/ledger/test_migrations.py",
    "search.plan.optuna_samplers": "tests/search/plan/test_samplers.py",
    "search.plan.reasons": "tests/search/plan/test_zoom.py",
    "search.objectives.network.views.model_view": "tests/search/cli/test_searches_model.py",
    "search.study.budget": "tests/search/study/test_strategy.py",
    "search.study.keys": "tests/search/study/test_bad_files.py",
    "search.study.lineage": "tests/search/study/test_file.py",
    "search.study.recorded_tables": "tests/search/study/test_recorded.py",
    "search.study.ranges": "tests/search/study/test_file.py",
    "search.objectives.network.data_section": "tests/search/objectives/network/test_own_data.py",
    "search.objectives.network.sections": "tests/search/objectives/network/test_registry.py",
    "search.study.messages": "tests/search/study/test_bad_files.py",
    "search.study.stage_table": "tests/search/study/test_file.py",
    "search.study.stages": "tests/search/study/test_file.py",
    "search.study.table": "tests/search/study/test_file.py",
    "search.study.tables": "tests/search/study/test_file.py",
    "search.study.zoom_checks": "tests/search/study/test_bad_files.py",
    "search.study.zoom_rules": "tests/search/study/test_file.py",
}


@dataclass(frozen=True)
class Module:
    """One source file: its dotted name, its syntax tree, and the modules that it imports."""

    name: str
    text: str

    @cached_property  # most processes of a test run only collect these tests
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield node.module or "."  # a relative import, which no file has
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules() -> list[Module]:
    found = []
    for package in ("model", "search", "studies", "benchmarks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text("utf-8")
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found.append(Module(name.removesuffix(".__init__"), text))
    return found


MODULES = modules()
NAMES = {module.name for module in MODULES}


def of_every_module(rule: Callable[[Module], None]) -> Callable[[], None]:
    """Make one test of a rule that names all modules that break it.

    A test for each module and rule would be half of all tests, and take longer to tell than to run.
    """

    def held() -> None:
        broken = []
        for module in MODULES:
            try:
                rule(module)
            except AssertionError as error:
                broken.append(f"{module.name}: {error}")
        assert not broken, "\n".join(broken)

    held.__name__ = rule.__name__
    return held


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(f"{room}.")


def level(name: str) -> int | None:
    """How far down a file of `search` stands; None for the package itself."""
    for place, rooms in enumerate(ORDER):
        if any(within(name, room) for room in rooms.split()):
            return place
    return None


def test_the_rooms_are_there() -> None:
    """Guards this file: rules about rooms that are gone would hold of nothing."""
    assert {MODEL_DOOR, DIGITS, EXAMPLES, *PEERS, *OPTUNA_FILES} <= NAMES
    assert {room for rooms in ORDER for room in rooms.split()} <= NAMES
    assert set(TESTED_ELSEWHERE) <= NAMES


@of_every_module
def test_a_module_opens_with_a_docstring(module: Module) -> None:
    assert ast.get_docstring(module.tree)


@of_every_module
def test_no_assertion_stands_in_for_an_error(module: Module) -> None:
    assert not [node.lineno for node in ast.walk(module.tree) if isinstance(node, ast.Assert)]


@of_every_module
def test_nothing_asks_whether_it_is_being_tested(module: Module) -> None:
    assert "pytest" not in module.text.lower()


@of_every_module
def test_imports_are_absolute(module: Module) -> None:
    relative = [n for n in ast.walk(module.tree) if isinstance(n, ast.ImportFrom) and n.level]
    assert not relative


@of_every_module
def test_the_model_needs_numpy_and_the_standard_library_alone(module: Module) -> None:
    if within(module.name, "model"):
        allowed = {"numpy", "model"} | set(sys.stdlib_module_names)
        allowed |= {"sklearn"} if module.name in (DIGITS, EXAMPLES) else set()
        allowed |= {"polars"} if module.name == PARQUET else set()
        assert not {name for name in module.imports if name.partition(".")[0] not in allowed}


@of_every_module
def test_one_room_reaches_the_model(module: Module) -> None:
    above = ("model", MODEL_DOOR, "benchmarks")
    if not any(within(module.name, room) for room in above):
        assert not {name for name in module.imports if within(name, "model")}


@of_every_module
def test_nothing_imports_the_benchmarks(module: Module) -> None:
    if not within(module.name, "benchmarks"):
        assert not {name for name in module.imports if within(name, "benchmarks")}


@of_every_module
def test_optuna_is_asked_and_told_in_few_files(module: Module) -> None:
    if module.name not in OPTUNA_FILES | PEERS:
        assert not {name for name in module.imports if within(name, "optuna")}


@of_every_module
def test_a_file_of_the_search_imports_its_own_room_and_lower_ones(module: Module) -> None:
    if not within(module.name, "search") or module.name in ("search", "search.views"):
        return
    own = level(module.name)
    assert own is not None, "give the room a place in ORDER"
    upward = set()
    for name in module.imports:
        below = level(name)
        if below is None or below > own:
            continue
        same_room = any(
            within(module.name, room) and within(name, room) for room in ORDER[own].split()
        )
        if not same_room:
            upward.add(name)
    assert not upward


@of_every_module
def test_plots_know_of_the_ledger_its_values_alone(module: Module) -> None:
    if within(module.name, "search.views.plots"):
        known = {name for name in module.imports if within(name, "search.ledger")}
        assert not {name for name in known if not within(name, "search.ledger.records")}


@of_every_module
def test_views_know_no_objective(module: Module) -> None:
    if within(module.name, "search.views") and module.name != OPENS_DATA:
        assert not {name for name in module.imports if within(name, "search.objectives")}


def test_the_words_of_the_network_stand_in_its_room_alone() -> None:
    """Neither its measures nor larger being better: metrics, directions and units come with it."""
    found = []
    for path in sorted((ROOT / "search").rglob("*")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if path.suffix not in (".py", ".js", ".css", ".jinja"):
            continue
        if any(within(name, room) for room in OF_THE_NETWORK):
            continue
        text = path.read_text("utf-8").replace("downloadImage", "")  # Plotly's own name
        found += [(name, word) for word in WORDS_OF_THE_NETWORK if word in text.lower()]
    assert found == []


@of_every_module
def test_tests_mirror_the_rooms(module: Module) -> None:
    mirrored = any(within(module.name, room) for room in ("model", "search", "benchmarks"))
    if module.name in TESTED_ELSEWHERE or not mirrored:
        return
    if not any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.walk(module.tree)):
        return
    *rooms, name = module.name.split(".")
    assert (ROOT / "tests" / Path(*rooms) / f"test_{name}.py").is_file()


@pytest.mark.parametrize("where", sorted(set(TESTED_ELSEWHERE.values())))
def test_what_is_tested_elsewhere_is_tested_there(where: str) -> None:
    if where.endswith(".py"):
        assert (ROOT / where).is_file()


@pytest.mark.parametrize("room", ["model", "search", "benchmarks"])
def test_every_test_file_has_the_file_that_it_tests_or_a_name_of_a_case(room: str) -> None:
    """A test file is named after a module, or after one with a case behind its name."""
    for path in (ROOT / "tests" / room).rglob("test_*.py"):
        folder = ".".join(path.parent.relative_to(ROOT / "tests").parts)
        stem = path.stem.removeprefix("test_")
        known = {n.rpartition(".")[2] for n in NAMES if n.rpartition(".")[0] == folder}
        known |= CASES.get(folder, set())
        assert any(stem == one or stem.startswith(f"{one}_") for one in known), path


CASES = {
    "search.study": {"bad_files"},
    "search.objectives.network": {"before"},  # the searches as they came out before
    "benchmarks": {"parts"},
}
