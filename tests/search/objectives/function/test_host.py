"""What a user's function is given and what it may answer, in an interpreter without klayer."""

import ast
import sys
from pathlib import Path

import pytest

from search.objectives.faults import TrialError
from search.objectives.function.host_process import FunctionError
from tests.search.objectives.function.conftest import POINT, ROOT, Users, trained

SOURCE = (ROOT / "search/objectives/function/host.py").read_text()

# A number of another library: like NumPy's, and a tensor of one element or of several.
SCALAR = """
class Tensor:
    def __init__(self, *values):
        self.values = values
    def item(self):
        (value,) = self.values
        return value
    def __repr__(self):
        return f"Tensor{self.values}"
"""


def test_it_is_written_for_old_interpreters_and_imports_the_standard_library_alone() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 9))
    modules = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or ".")
    assert {name.partition(".")[0] for name in modules} <= sys.stdlib_module_names


def test_a_function_gets_its_point_and_seed_and_returns_the_score(users: Users) -> None:
    host = users(f"""
def train(parameters, seed, report):
    assert parameters == {POINT!r} and seed == 7
    return 0.25
""")
    assert trained(host) == ([], [0.25])


def test_reports_are_counted_from_1_where_they_name_no_step(users: Users) -> None:
    host = users("""
def train(parameters, seed, report):
    report(loss=4)
    report({"loss": 3.5, "accuracy": 0.5})
    report(step=10, loss=float("nan"))
    report({"step": 11}, loss=2.5, record=1)
    report(loss=2.0)
""")
    reports, returned = trained(host)
    assert returned == [None]
    assert repr(reports) == repr(
        [
            (0, {"step": 1, "loss": 4}),
            (0, {"step": 2, "loss": 3.5, "accuracy": 0.5}),
            (0, {"step": 10, "loss": float("nan")}),
            (0, {"step": 11, "loss": 2.5, "record": 1}),
            (0, {"step": 12, "loss": 2.0}),
        ]
    )


def test_numbers_of_other_libraries_become_plain_numbers(users: Users) -> None:
    host = users(
        SCALAR
        + """
from fractions import Fraction

def train(parameters, seed, report):
    report(loss=Tensor(0.5), accuracy=Fraction(3, 4))
    return {"loss": Tensor(0.25), "size": Tensor(3)}
"""
    )
    assert trained(host) == (
        [(0, {"step": 1, "loss": 0.5, "accuracy": 0.75})],
        [{"loss": 0.25, "size": 3}],
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("report(loss='low')", "TypeError: report: loss is one number, not 'low'"),
        ("report(loss=Tensor(1, 2))", "report: loss is one number, not Tensor(1, 2)"),
        ("report(loss=None)", "report: loss is one number, not None"),
        ("report(0.4)", "report: metrics have names, as in report(loss=0.4), not 0.4"),
        ("report(step=1.5, loss=1)", "report: step is a whole number, not 1.5"),
        ("return 'good'", "the returned score is one number, not 'good'"),
        ("return {'loss': [1]}", "the returned loss is one number, not [1]"),
    ],
)
def test_what_is_no_number_is_an_error_that_names_it(users: Users, line: str, message: str) -> None:
    host = users(f"{SCALAR}\ndef train(parameters, seed, report):\n    {line}\n")
    with pytest.raises(TrialError) as caught:
        trained(host)
    assert caught.value.reason.endswith(message)
    assert "host.py" not in str(caught.value)
    assert line in caught.value.output or line.startswith("return")


def test_a_generator_yields_its_reports_and_may_return_the_score(users: Users) -> None:
    host = users("""
def train(parameters, seed, report):
    for step in range(2):
        yield {"loss": step / 2}
    return 0.125
""")
    assert trained(host) == (
        [(0, {"step": 1, "loss": 0.0}), (0, {"step": 2, "loss": 0.5})],
        [0.125],
    )


def test_a_function_with_checkpoints_gets_the_folder(users: Users, tmp_path: Path) -> None:
    host = users("""
def train(parameters, seed, report, checkpoints=None):
    (checkpoints / "weights").write_text("saved")
""")
    trained(host, folders=[tmp_path])
    assert (tmp_path / "weights").read_text() == "saved"


def test_a_cohort_is_one_call_with_lists(users: Users, tmp_path: Path) -> None:
    source = """
def train(points, seeds, report, *, checkpoints):
    assert seeds == [7, 8, 9] and [folder.name for folder in checkpoints] == list("abc")
    report(2, loss=1.0)
    report(0, {"loss": 0.5})
    report(2, loss=0.75)
    return [point["layers"] for point in points]
"""
    folders = [tmp_path / name for name in "abc"]
    reports, returned = trained(users(source, cohort=True), 3, folders)
    assert reports == [
        (2, {"step": 1, "loss": 1.0}),
        (0, {"step": 1, "loss": 0.5}),
        (2, {"step": 2, "loss": 0.75}),
    ]
    assert returned == [3, 4, 5]


def test_a_cohort_of_one_has_lists_too_and_may_be_a_generator(users: Users) -> None:
    host = users(
        "def train(points, seeds, report):\n    yield 0, {'loss': len(points)}", cohort=True
    )
    assert trained(host) == ([(0, {"step": 1, "loss": 1})], [None])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("report(3, loss=1)", "the place of a point is 0 to 2, not 3"),
        ("report(-1, loss=1)", "the place of a point is 0 to 2, not -1"),
        ("report({'loss': 1})", "the place of a point is 0 to 2, not {'loss': 1}"),
        ("yield {'loss': 1}", 'a generator yields a place and metrics, (0, {"loss": 1}), not {'),
        ("yield 3, {'loss': 1}", "the place of a point is 0 to 2, not 3"),
        ("return 0.5", "the function returned 1 results for 3 points"),
        ("return [0.5, 0.5]", "the function returned 2 results for 3 points"),
    ],
)
def test_a_cohort_answers_for_each_of_its_points(users: Users, line: str, message: str) -> None:
    host = users(f"def train(points, seeds, report):\n    {line}\n", cohort=True)
    with pytest.raises(TrialError) as caught:
        trained(host, 3)
    assert message in caught.value.reason


def test_an_exception_comes_with_the_frames_of_the_user(users: Users) -> None:
    host = users("""
def loss():
    try:
        return {}["loss"]
    except KeyError as error:
        raise ValueError("no loss\\nat all") from error

def train(parameters, seed, report):
    print("before")
    return loss()
""")
    with pytest.raises(TrialError) as caught:
        trained(host)
    assert caught.value.reason == "train.py:train raised ValueError: no loss"
    lines = caught.value.output.splitlines()
    assert lines[0] == "before"
    assert lines[-1] == "at all"
    assert "    return loss()" in lines
    assert "KeyError: 'loss'" in lines
    assert "host.py" not in caught.value.output


@pytest.mark.parametrize("studies", ["studies/__init__.py", "studies/first.py"])
def test_the_users_modules_are_found_and_not_those_of_klayer(
    users: Users, tmp_path: Path, studies: str
) -> None:
    for name in ("model.py", "search.py", "json.py", studies):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("OWNER = 'user'\n")
    host = users("""
import sys, model, search, studies
from search import OWNER
from pathlib import Path

def train(parameters, seed, report):
    owners = {Path(path).resolve() for path in studies.__path__}
    assert OWNER == search.OWNER == model.OWNER == "user"
    assert owners == {Path("studies").resolve()}, owners
    assert sys.path[0] == str(Path.cwd()), sys.path
    assert not [folder for folder in sys.path if "objectives" in folder]
    return 1
""")
    assert trained(host) == ([], [1])


def test_a_module_of_klayer_does_not_stand_in_for_one_that_is_missing(users: Users) -> None:
    with pytest.raises(FunctionError) as caught:
        users("import model").check()
    assert (
        caught.value.reason
        == "train.py:train cannot be loaded: ModuleNotFoundError: No module named 'model'"
    )


def test_a_file_has_its_own_name_and_the_children_of_its_function_find_it(
    users: Users, tmp_path: Path
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/helper.py").write_text("FACTOR = 2\n")
    (tmp_path / "code/fit.py").write_text("""
import multiprocessing
from helper import FACTOR

def double(value):
    return FACTOR * value

def train(parameters, seed, report):
    for method in ("spawn", "fork"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            report(loss=pool.map(double, [seed])[0])
    return len(__name__)
""")
    reports, returned = trained(users(function="code/fit.py:train"))
    assert [report["loss"] for _, report in reports] == [14, 14]
    assert returned == [len("fit")]


def test_a_function_of_a_package(users: Users, tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package/module.py").write_text("def train(parameters, seed, report): return 2\n")
    assert trained(users(function="package.module:train")) == ([], [2])


@pytest.mark.parametrize(
    ("function", "source", "message"),
    [
        ("train.py", "", "train.py is not of the form train.py:train or package.module:train"),
        ("missing.py:train", "", "there is no file missing.py in {folder}"),
        ("missing.module:train", "", "there is no module missing.module in {folder} or"),
        ("train.py:fit", "", "train.py has no function fit; it has helper, train"),
        ("train:fit", "", "train has no function fit; it has helper, train"),
        ("train.py:LIMIT", "", "train.py has no function LIMIT; it has helper, train"),
        (
            "train.py:helper",
            "",
            "train.py: helper(point) cannot be called as helper(parameters, seed, report): "
            "too many positional arguments",
        ),
        (
            "train.py:slow",
            "async def slow(parameters, seed, report): ...",
            "train.py: slow is async; give a function that calls asyncio.run",
        ),
        ("model:train", "", "there is no module model in {folder} or the packages of"),
        ("operator:train", "", "operator has no function train; it has "),
        ("train.py:train", "import nothing_such", "ModuleNotFoundError: No module named"),
        ("train:train", "import nothing_such", "ModuleNotFoundError: No module named"),
        ("train.py:train", "def train(:", "train.py:train cannot be loaded: SyntaxError: "),
        ("train.py:train", "raise SystemExit(2)", "train.py:train cannot be loaded: SystemExit: 2"),
    ],
)
def test_a_function_that_is_not_there_is_one_clear_message(
    users: Users, tmp_path: Path, function: str, source: str, message: str
) -> None:
    (tmp_path / "train.py").write_text(
        f"LIMIT = 3\ndef helper(point): ...\ndef train(parameters, seed, report): ...\n{source}"
    )
    with pytest.raises(FunctionError) as caught:
        users(function=function).check()
    assert message.format(folder=tmp_path.resolve()) in caught.value.reason
    assert "\n" not in caught.value.reason
    assert "host.py" not in str(caught.value)


def test_a_cohorts_function_that_takes_one_point_is_told_what_it_would_get(users: Users) -> None:
    host = users("def train(parameters, seed): pass", cohort=True)
    for ask in (host.check, lambda: trained(host, 3)):
        with pytest.raises(FunctionError, match=r"called as train\(points, seeds, report\)"):
            ask()


def test_reports_of_a_thread_do_not_count_for_the_next_trial(users: Users) -> None:
    host = users("""
import threading
late = []

def train(parameters, seed, report):
    if late:
        try:
            late[0](loss=1)
        except RuntimeError as error:
            assert "after its trial had ended" in str(error)
            return 1
    late.append(report)
""")
    assert trained(host) == ([], [None])
    assert trained(host) == ([], [1])


def test_a_forked_child_cannot_report(users: Users) -> None:
    host = users("""
import os

def train(parameters, seed, report):
    child = os.fork()
    if child == 0:
        try:
            report(loss=1)
        except RuntimeError:
            os._exit(3)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
""")
    assert trained(host) == ([], [3])
