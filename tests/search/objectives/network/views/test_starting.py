"""`klayer init` writes a study file that is valid as it stands, whatever the table is called."""

import gzip
import shlex
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model.data import table
from search.errors import KlayerError
from search.objectives.network.data_section import DataSection
from search.objectives.network.facts import Facts
from search.objectives.network.views.starting import name_of, study_text, write_study
from search.plan.plan import expected_trials, steps
from search.study.reading import load
from tests.model.data.arrays import rows_and_labels, write_folder, write_image, write_mnist
from tests.model.data.tables import HEADER, column, rows_of, write_table

ROWS = rows_of(60)
TARGET, EXCLUDE = ["label"], ["patient", "price"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "study"),
    [
        ("cars.csv", "cars"),
        ("Cars.CSV", "cars"),
        ("my cars  2024.csv", "my-cars-2024"),
        ("größe.csv", "grosse"),
        ("車.tsv.csv", "tsv"),
        ("車.csv", "own"),
        ('it\'s "cars" \\ & co.csv', "it-s-cars-co"),
        ("line\nbreak\ttab\x7f.csv", "line-break-tab"),
        ("...csv", "own"),
        ("..csv", "own"),
        ("-cars-.csv", "cars"),
        ("digits.csv", "digits"),
        ("x" * 200 + ".csv", "x" * 60),
        ("cars.txt", "cars"),
    ],
)
def test_the_study_is_valid_whatever_the_table_is_called(here: Path, name: str, study: str) -> None:
    write_table(here / name, ROWS)
    file = write_study(Path(name), TARGET, EXCLUDE, None).file
    assert file == Path(f"{study}.toml")
    found = load(str(file))
    assert found.name == study
    assert found.objective.data.source == name
    assert found.objective.facts == Facts(36, 12, 7, 2)
    assert sum(expected_trials(found, step) for step in steps(found)[:-1]) == 64
    text = file.read_text("utf-8")
    assert [line for line in text.splitlines() if line.startswith("#")] == text.splitlines()[:4]


@pytest.mark.parametrize("name", ['pri"ce', "pri\nce", "größe\x7f", "a" * 300, "[data]", "# x"])
def test_columns_may_be_called_anything(here: Path, name: str) -> None:
    header = [name if column == "price" else column for column in HEADER]
    write_table(here / "cars.csv", ROWS, header)
    file = write_study(Path("cars.csv"), [name], ["patient", "label"], None).file
    data = load(str(file)).objective.data
    assert (data.target, data.exclude) == ((name,), ("patient", "label"))
    file.unlink()
    file = write_study(Path("cars.csv"), TARGET, ["patient", name], None).file
    assert load(str(file)).objective.data.exclude == ("patient", name)


def test_the_table_is_read_once(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_table(here / "cars.csv", ROWS)
    real, read = table.read, []

    def counted(path: Path, *rest: Any) -> table.Table:
        read.append(path.name)
        return real(path, *rest)

    monkeypatch.setattr(table, "read", counted)
    write_study(Path("cars.csv"), TARGET, EXCLUDE, None)
    assert read == ["cars.csv"]


def test_a_packed_table_serves_too(here: Path) -> None:
    plain = write_table(here / "cars.csv", ROWS).read_bytes()
    (here / "cars.csv.gz").write_bytes(gzip.compress(plain))
    (here / "cars.csv").unlink()
    file = write_study(Path("cars.csv.gz"), TARGET, EXCLUDE, None).file
    assert file == Path("cars.toml")
    assert load("cars.toml").objective.facts == Facts(36, 12, 7, 2)


def test_a_file_that_is_there_is_not_replaced(here: Path) -> None:
    write_table(here / "cars.csv", ROWS)
    for name in ("cars.toml", "given.toml"):
        (here / name).write_text("mine")
    (here / "dangling.toml").symlink_to(here / "none" / "gone")
    for output in (None, Path("given.toml"), here / "given.toml"):
        with pytest.raises(KlayerError, match="is there already; give another name, or remove it"):
            write_study(Path("cars.csv"), TARGET, EXCLUDE, output)
    with pytest.raises(KlayerError, match=r"^target: missing"):  # which is missing, comes first
        write_study(Path("cars.csv"), (), EXCLUDE, None)
    with pytest.raises(KlayerError, match=r"dangling.toml"):
        write_study(Path("cars.csv"), TARGET, EXCLUDE, Path("dangling.toml"))
    assert (here / "cars.toml").read_text() == (here / "given.toml").read_text() == "mine"


def test_a_table_elsewhere_is_found_from_the_study_file(here: Path) -> None:
    for folder in ("tables", "studies"):
        (here / folder).mkdir()
    table = write_table(here / "tables" / "cars.csv", ROWS)
    below = write_study(Path("tables/cars.csv"), TARGET, EXCLUDE, None).file
    assert load(str(below)).objective.data.source == "tables/cars.csv"
    beside = write_study(Path("tables/cars.csv"), TARGET, EXCLUDE, Path("studies/mine.toml")).file
    found = load(str(beside))
    assert (found.name, found.objective.data.source) == ("mine", str(table))
    (here / "tables" / "x.toml").unlink(missing_ok=True)
    with_it = write_study(table, TARGET, EXCLUDE, Path("tables/x.toml")).file
    assert load(str(with_it)).objective.data.source == "cars.csv"


@pytest.mark.parametrize("name", ["My Study.toml", "Größe.toml", f"{'y' * 70}.toml", "_.toml"])
def test_a_file_whose_name_is_none_for_a_search_names_it(here: Path, name: str) -> None:
    write_table(here / "cars.csv", ROWS)
    file = write_study(Path("cars.csv"), TARGET, EXCLUDE, Path(name)).file
    assert file == Path(name)
    expected = {"My Study.toml": "my-study", "Größe.toml": "grosse", "_.toml": "own"}
    assert load(str(file)).name == expected.get(name, "y" * 60)


@pytest.mark.parametrize("count", [7, 9, 12, 33])
@pytest.mark.parametrize("target", ["label", "price"])
def test_small_tables_have_studies_too(here: Path, count: int, target: str) -> None:
    rows = [[*row[:4], ("no", "yes")[place % 2], row[5]] for place, row in enumerate(ROWS[:count])]
    write_table(here / "cars.csv", rows)
    others = [name for name in ("patient", "label", "price") if name != target]
    found = load(str(write_study(Path("cars.csv"), [target], others, None).file))
    training, facts = found.objective.training, found.objective.facts
    assert 1 <= training.batch_size <= facts.rows
    assert training.schedule.epochs == 60


@pytest.mark.parametrize(
    ("rows", "batch", "epochs"),
    [(5, 5, 60), (36, 8, 60), (640, 16, 60), (12_000, 128, 32), (60_000, 128, 10)],
)
def test_batches_and_epochs_follow_from_the_size(rows: int, batch: int, epochs: int) -> None:
    section = DataSection(source="cars.csv", target=("price",))
    found = tomllib.loads(study_text(section, Facts(rows, 20, 7, 1, "regression")))
    assert found["training"]["batch_size"] == batch
    assert found["training"]["schedule"]["epochs"] == epochs
    assert found["training"]["schedule"]["factor"] ** epochs == pytest.approx(0.05, rel=0.11)
    assert found["box"]["learning_rate"]["high"] == 0.1


@pytest.mark.parametrize(
    ("rows", "inputs", "decay", "width"),
    [
        (4_999, 10, (1e-5, 1.0), 128),
        (5_000, 10, (1e-6, 0.1), 256),
        (5_000, 10_000, (1e-6, 0.1), 256),
        (45_000, 3_072, (1e-6, 0.1), 128),
    ],
)
def test_many_rows_bear_wider_layers_and_few_more_decay(
    rows: int, inputs: int, decay: tuple[float, float], width: int
) -> None:
    section = DataSection(source="cars.csv", target=("label",))
    found = tomllib.loads(study_text(section, Facts(rows, 20, inputs, 3, "classification")))
    box = found["box"]
    assert (box["weight_decay"]["low"], box["weight_decay"]["high"]) == decay
    assert box["width_1"]["high"] == width
    assert box["learning_rate"]["high"] == 0.5


@pytest.mark.parametrize(
    ("table", "target", "output", "told"),
    [
        ("none.csv", ["label"], None, "none.csv"),
        ("cars.csv", ["lable"], None, "did you mean 'label'"),
        ("cars.csv", [""], None, "target: found"),
        ("cars.csv", ["label", "price"], None, "label"),
        ("cars.csv", ["label", "label"], None, "named twice"),
        ("cars.xlsx", ["label"], None, 'source: found "cars.xlsx"; give digits'),
        (".csv", ["label"], None, 'source: found ".csv"'),
        ("cars.parquet.gz", ["label"], None, "source: found"),
        ("cars.csv", ["label"], "none/x.toml", "--output: none/x.toml: cannot be written"),
        ("cars.csv", ["label"], "study", "give a name that ends in .toml"),
        ("b\udce9.csv", ["label"], None, "cannot name this file; rename it"),
    ],
)
def test_what_cannot_be_started_is_one_message_and_no_file(
    here: Path, table: str, target: list[str], output: str | None, told: str
) -> None:
    for name in ("cars.csv", "cars.xlsx", ".csv"):
        write_table(here / name, ROWS)
    before = sorted(here.iterdir())
    with pytest.raises(KlayerError) as caught:
        write_study(Path(table), target, ["patient"], output and Path(output))
    assert told in str(caught.value)
    assert sorted(here.iterdir()) == before


def test_the_search_s_name_is_short_enough() -> None:
    assert name_of(Path("a" * 59 + "--b.csv")) == "a" * 59


def test_the_command_says_how_to_go_on(klayer_here: Any, tmp_path: Path) -> None:
    write_table(tmp_path / "cars.csv", ROWS)
    status, out, err = klayer_here(
        "init", "cars.csv", "-t", "price", "--exclude", "label", "--exclude", "patient",
        "-o", "My cars.toml",
    )  # fmt: skip
    assert status == 0
    missing = [sum(not text for text in column(ROWS, name)) for name in ("colour", "size")]
    told = "2 inputs with missing values: 'colour' ({}), 'size' ({})".format(*missing)
    assert err == f"klayer: cars.csv: {told}\n"
    assert out == "My cars.toml: run it with `klayer run 'My cars.toml'`\n"
    command = shlex.split(out.split("`")[1])
    assert command[:2] == ["klayer", "run"]
    assert load(command[2]).name == "my-cars"
    status, out, err = klayer_here("init", "cars.csv", "-t", "label", "-o", "My cars.toml")
    assert (status, out) == (2, "")
    assert "klayer: --output: My cars.toml is there already" in err


def test_what_a_refusal_recommends_can_be_said(klayer_here: Any, tmp_path: Path) -> None:
    rows = [f"{number},{number % 7},{number % 2}" for number in range(1, 61)]
    (tmp_path / "t.csv").write_text("\n".join(["id,grade,b", *rows]))
    assert "name it in numbers" in klayer_here("init", "t.csv", "-t", "grade")[2]
    said = ("--set", 'data.numbers=["id"]', "--set", "data.task=regression")
    status, _, errors = klayer_here("init", "t.csv", "-t", "grade", *said)
    assert (status, errors) == (0, "")
    objective = load(str(tmp_path / "t.toml")).objective
    assert (objective.facts.task, objective.facts.inputs) == ("regression", 2)
    assert objective.data.numbers == ("id",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("data.tasks=regression", "tasks: unknown key"),
        ("training.batch_size=8", "give keys of data, such as data.task=regression"),
        ("data.test=1.5", "test: found 1.5; give a count from 1, a share"),
    ],
)
def test_other_keys_are_refused(
    klayer_here: Any, tmp_path: Path, change: str, message: str
) -> None:
    (tmp_path / "t.csv").write_text("\n".join(["a,b", *(f"{n % 5},{n % 2}" for n in range(40))]))
    status, _, errors = klayer_here("init", "t.csv", "-t", "b", "--set", change)
    assert status == 2
    assert message in errors
    assert not (tmp_path / "t.toml").exists()


def test_a_part_column_takes_the_place_of_sizes(klayer_here: Any, tmp_path: Path) -> None:
    parts = ["train"] * 40 + ["validation"] * 10 + ["test"] * 10
    rows = [f"{n % 5},{n % 2},{part}" for n, part in enumerate(parts)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,part", *rows]))
    change = ("--set", "data.part_column=part")
    assert klayer_here("init", "t.csv", "-t", "b", *change)[0] == 0
    facts = load(str(tmp_path / "t.toml")).objective.facts
    assert (facts.rows, facts.held_out) == (40, 10)
    assert "What that column says is tested on" in (tmp_path / "t.toml").read_text()


def test_classes_of_unequal_size_are_told_with_what_helps(here: Path) -> None:
    classes = ["no"] * 50 + ["yes"] * 8 + ["rare"] * 2
    lines = [f"{number % 7},{number % 5},{said}" for number, said in enumerate(classes)]
    (here / "few.csv").write_text("\n".join(["a,b,said", *lines]))
    most, absent = write_study(Path("few.csv"), ["said"], [], None).remarks
    assert most.startswith("few.csv: 83 % of the rows are of class 'no', and whoever always says")
    assert absent == "few.csv: no validation row is of 'rare': nothing is chosen by such rows"
    file = Path("few.toml")
    file.write_text(file.read_text() + '[objective]\nscore = "balanced_accuracy"\n')
    assert load(str(file)).objective.scored_by == "balanced_accuracy"


# --- other kinds ----------------------------------------------------------------------------------


def test_arrays_are_named_from_the_study_file(here: Path) -> None:
    x, y = rows_and_labels(60, (9, 8))
    (here / "rows é").mkdir()
    np.save(here / "rows é" / "x.npy", x)
    np.save(here / "y.npy", y)
    done = write_study(Path("rows é/x.npy"), ["y.npy"], [], None)
    found = load(str(done.file))
    assert (done.file, done.remarks) == (Path("x.toml"), ())
    assert (found.objective.data.source, found.objective.data.target) == (
        "rows é/x.npy",
        ("y.npy",),
    )
    assert found.objective.facts == Facts(36, 12, 72, 3, shape=(9, 8))
    (here / "studies").mkdir()
    done = write_study(Path("rows é/x.npy"), ["y.npy"], [], Path("studies/mine.toml"))
    assert load(str(done.file)).objective.data.target == (str(here / "y.npy"),)


def test_an_npz_file_and_idx_files_need_no_target(here: Path) -> None:
    x, y = rows_and_labels(60)
    np.savez(here / "My Rows.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    done = write_study(Path("My Rows.npz"), [], [], None, ["data.validation=10"])
    assert done.file == Path("my-rows.toml")
    assert done.remarks == ("My Rows.npz: the test rows are x_test",)
    assert load("my-rows.toml").objective.facts == Facts(50, 10, 3, 3)
    write_mnist(here)
    done = write_study(Path("train-images-idx3-ubyte.gz"), [], [], None)
    assert done.file == Path("train-images-idx3-ubyte.toml")
    assert "those of t10k-images-idx3-ubyte.gz, beside it" in done.remarks[0]
    text = done.file.read_text()
    assert "# The test part, or else a fifth of all rows, is tested on once" in text
    assert load(str(done.file)).objective.facts.rows == 24


@pytest.mark.parametrize("given", ["Tiere é", "Tiere é/", "./Tiere é"])
def test_a_folder_of_images_is_named_with_a_slash(here: Path, given: str) -> None:
    write_folder(here / "Tiere é")
    done = write_study(Path(given), [], [], None)
    assert done.file == Path("tiere-e.toml")
    assert done.remarks == ("Tiere é: 20 images, as grey ones of 8 x 9 pixels",)
    found = load("tiere-e.toml").objective
    assert (found.data.source, found.facts) == ("Tiere é/", Facts(12, 4, 72, 2, shape=(1, 8, 9)))


def test_an_example_is_named_as_it_is(here: Path) -> None:
    done = write_study(Path("iris"), [], [], None)
    assert "What is learned: species (3 classes)." in done.file.read_text()
    assert load("iris.toml").objective.data.source == "iris"
    write_folder(here / "wine")
    assert load(str(write_study(Path("wine"), [], [], None).file)).objective.facts.inputs == 72


@pytest.mark.parametrize(
    ("data", "target", "told"),
    [
        ("cars.csv", [], "target: missing; name the column that is to be learned"),
        ("x.npy", [], "target: missing; name the .npy file of the labels or values"),
        ("x.npy", ["none.npy"], "none.npy: is missing"),
        ("none.npz", [], "none.npz: is missing"),
        ("none/", [], 'found "none"; give digits'),
        ("digits", [], "digits: has studies that ship with klayer, such as `klayer run digits`"),
        ("cifar10", ["y"], "such as `klayer run lambda-coarse-to-fine`"),
        ("empty", [], "for each of two classes or more, found none"),
        ("mixed", [], "give a size that all are scaled to, such as size = [32, 32]"),
        ("mixed", ["cat"], "target: found, which is for tables and arrays"),
    ],
)
def test_what_cannot_be_started_with_is_one_message(
    here: Path, data: str, target: list[str], told: str
) -> None:
    write_table(here / "cars.csv", ROWS)
    np.save(here / "x.npy", np.zeros((9, 2)))
    (here / "empty").mkdir()
    write_image(write_folder(here / "mixed") / "cat" / "large.png", np.zeros((20, 20)))
    with pytest.raises(KlayerError) as caught:
        write_study(Path(data), target, [], None)
    assert told in str(caught.value)
    assert not list(here.glob("*.toml"))
