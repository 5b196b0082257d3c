"""The page on a user's own data: its example runs, and what it names is in the code."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from model import loss
from model.data import (
    array_files,
    delimited,
    encoding,
    examples,
    image_files,
    kinds,
    own_rows,
    parquet_file,
    row_form,
    table,
    table_file,
    table_target,
)
from model.data.column import MISSING
from model.data.own_table import OwnTable, Parts
from model.data.splits import SAID
from model.data.table_options import TableOptions
from model.errors import DataFileError
from search.cli import main
from search.ledger.ledger import Ledger
from search.objectives.network.data_section import KEYS, DataSection
from search.objectives.network.metrics import MEASURED, Score, metric_of, scores_of
from search.objectives.network.registry import LOSSES
from search.objectives.network.sections import NetworkKind, TrainingSection
from tests.docs.schema_rows import sections
from tests.model.data.arrays import write_idx

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "own-data.md").read_text("utf-8")
FLAT = " ".join(PAGE.split())
SECTIONS = sections(re.sub(r"^```python\n.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL))
OF_TABLES, OF_OTHERS = PAGE.split("\n## Arrays\n")
COMMANDS = re.findall(r"^\$ klayer (.+)$", OF_TABLES, re.MULTILINE)
PYTHON = re.findall(r"^```python\n(.*?)^```", OF_TABLES, re.MULTILINE | re.DOTALL)

NUMBERS = "".join(f"{place * place},{'ab'[place % 2]}\n" for place in range(25))
TWENTY = "".join(f"{i % 7},{'ab'[i % 2]}\n" for i in range(20))
TEXTS = "".join(f"{i * 7 % 5},text {i},{'ab'[i % 2]}\n" for i in range(300))
CLASSES = "".join(f"{i % 7},class {i // 2}\n" for i in range(2_100))
REFUSED: dict[str, tuple[str | bytes, TableOptions]] = {
    "expected equally many, separated by": ("x,y\n1,a\n2\n", TableOptions(("y",))),
    "a double quote is not closed": ('x,y\n1,"a\n2,b\n', TableOptions(("y",))),
    "is not text": (b"x,y\n\0,a\n", TableOptions(("y",))),
    "has no name": ("x,,y\n1,2,a\n", TableOptions(("y",))),
    "has two columns": ("x,x,y\n1,2,a\n", TableOptions(("y",))),
    "take those rows out": (f"x,y\n{TWENTY}3,NA\n", TableOptions(("y",))),
    "expected at least two values": ("x,y\n1,a\n3,a\n", TableOptions(("y",))),
    "expected 2 or more rows of each class": (f"x,y\n{TWENTY}3,c\n", TableOptions(("y",))),
    "expected at most 1,000": (f"x,y\n{CLASSES}", TableOptions(("y",))),
    "regression expected a number in every row": (
        f"x,y\n{TWENTY}",
        TableOptions(("y",), task="regression"),
    ),
    "expected a finite number": (f"x,y\n{TWENTY}1e300,a\n", TableOptions(("y",))),
    "counts the rows": ("x,y\n7,a\n8,b\n9,a\n10,b\n", TableOptions(("y",))),
    "make numbers of them": (
        "x,y\n2024-01-01,a\n2024-01-02,a\n2024-01-05,b\n2024-01-07,b\n",
        TableOptions(("y",)),
    ),
    "holds numbers, but": (f"x,y\n{NUMBERS}n.a.,a\n", TableOptions(("y",))),
    "with a currency, a unit or blanks": (
        "x,y\n" + NUMBERS.replace(",", " kg,"),
        TableOptions(("y",)),
    ),
    "holds numbers with commas": (
        'x,y\n"1,234",a\n"2,345",a\n"1,111",b\n"9,876",b\n',
        TableOptions(("y",)),
    ),
    "holds numbers with decimal commas": (
        'x,y\n"12,5",a\n"2,345",a\n"1,1",b\n7,b\n',
        TableOptions(("y",)),
    ),
    "different texts in": (f"x,z,y\n{TEXTS}", TableOptions(("y",))),
    "which is no column": (f"x,y\n{TWENTY}", TableOptions(("y",), exclude=("z",))),
    "has no input column beside the target": (f"x,y\n{TWENTY}", TableOptions(("y",), None, ("x",))),
}
"""What a message of the page has, and a table that is refused with it."""


def run(arguments: list[str], folder: Path, *, status: int = 0) -> str:
    """Run Python in a folder, with none of klayer's settings; what it printed, faults too."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KLAYER_")}
    kept["PYTHONPATH"] = os.pathsep.join([str(ROOT), kept.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=folder,
        env=kept | {"XDG_CACHE_HOME": str(folder / "cache")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == status, f"{arguments}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def klayer(line: str, folder: Path, *, status: int = 0) -> str:
    """Run klayer in a folder."""
    code = "from search.cli import main; main()"
    return run(["-c", code, *line.split()], folder, status=status)


def test_the_example_runs_to_its_end_and_a_changed_file_is_refused_by_name(tmp_path: Path) -> None:
    init, whole, *after, quick = COMMANDS
    assert quick.startswith(f"{whole} --name first --set ")
    (tmp_path / "table.py").write_text(PYTHON[0], "utf-8")
    run(["table.py"], tmp_path)
    klayer(init, tmp_path)
    # In place of the run that takes half a minute stands the one that the page offers.
    printed = klayer(quick.replace("--name first ", "") + " --workers 1", tmp_path)
    shown = re.findall(r"^(?:Best conf|Validation RMSE|Test RMSE).*\n", PAGE, re.MULTILINE)
    assert [line.split("  ")[0] for line in shown] == [
        "Best configuration",
        "Validation RMSE",
        "Test RMSE",
    ]
    assert all(line.split("  ")[0] in printed for line in shown)
    assert "88 rows, read once" in "".join(shown)
    assert "88 rows, read once" in printed
    for line in after:
        klayer(line, tmp_path)
        if "--output " in line:
            assert (tmp_path / line.split()[-1]).stat().st_size > 200
    with Ledger(f"sqlite:///{tmp_path}/klayer.db") as ledger:
        assert ledger.read.search("diabetes").finished_at is not None
    predicted = (tmp_path / "predicted.csv").read_text("utf-8").split()
    said = run(["-c", PYTHON[1]], tmp_path)
    assert said.startswith("('progression',)\n()\n")
    assert predicted[0] == "progression"
    assert len(predicted) == 443
    with (tmp_path / "diabetes.csv").open("a") as file:
        file.write("59,2,32.1,101,157,93.2,38,4,4.8598,87,151\n")
    told = klayer("model diabetes --output other.npz", tmp_path, status=2)
    assert re.search(r"this search ran on other data \(.*diabetes\.csv has [0-9a-f]{12}\)", told)
    assert "this search ran on other data (fingerprint" in PAGE


def test_the_readme_shows_the_first_commands_of_the_page() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"^\$ klayer (.+)$", readme, re.MULTILINE)
    assert shown
    as_here = [line.replace("cars", "diabetes").replace("price", "progression") for line in shown]
    assert as_here == COMMANDS[: len(shown)]


def test_each_fragment_is_valid() -> None:
    fragments = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert fragments
    for fragment in map(tomllib.loads, fragments):
        if "data" in fragment:
            assert DataSection.model_validate(fragment.pop("data")).is_own
        if "objective" in fragment:
            NetworkKind.model_validate(fragment.pop("objective"))
        if "training" in fragment:
            TrainingSection.model_validate(fragment.pop("training"))
        assert not fragment


def test_the_page_names_every_key_of_data_and_none_else() -> None:
    cells = re.findall(r"^\| (`.+?`) \| ", SECTIONS["`[data]` of a table"], re.MULTILINE)
    listed = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(key for key in DataSection.model_fields if takes("table", key))
    split = re.findall(r"^\| `(\w+)` \|", SECTIONS["Validation and test rows"], re.MULTILINE)
    assert split == ["group", "time", "part_column"]
    for text in kinds.TABLES:
        assert f"`{text}`" in SECTIONS["`[data]` of a table"]
    for heading, kind in (("Arrays", "arrays"), ("Images", "images")):
        cells = re.findall(r"^\| (`.+?`) \| ", SECTIONS[heading], re.MULTILINE)
        listed = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
        assert sorted(listed) == sorted(key for key in DataSection.model_fields if takes(kind, key))


def takes(kind: Any, key: str) -> bool:
    """Whether data of a kind have a key."""
    return key not in KEYS or kind in KEYS[key]


@pytest.mark.long
def test_the_examples_of_arrays_and_images_run_to_their_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With fewer and shorter trials; only what starts workers is a process of its own."""
    less = "--set training.schedule.epochs=2 --set budget.trainings=24"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    for name, text in re.findall(r"^```python\n# (\S+)\n(.*?)^```", OF_OTHERS, re.M | re.DOTALL):
        exec(compile(text, name, "exec"), {})
    for part, count in (("train", 30), ("t10k", 10)):
        images, labels = np.zeros((count, 4, 5), np.uint8), np.arange(count) % 2
        write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", images + labels[:, None, None])
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", labels)
    for line in re.findall(r"^\$ klayer (.+)$", OF_OTHERS, re.MULTILINE):
        if line.startswith("run "):
            klayer(f"{line} {less} --workers 1", tmp_path)
            continue
        monkeypatch.setattr(sys, "argv", ["klayer", *line.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code, line
    assert "zero" in capsys.readouterr().out
    for name, count in (("digits.csv", 1_797), ("three.csv", 177)):
        assert len((tmp_path / name).read_text().splitlines()) == 1 + count
    assert (tmp_path / "digits.csv").read_text().startswith("y,probability of 0,")
    assert (tmp_path / "three.csv").read_text().startswith("file,class,probability of one,")


def test_shares_that_are_not_given_are_those_of_the_page() -> None:
    section = DataSection(source="cars.csv", target=("price",))
    assert (section.validation, section.test) == (0.2, None)
    assert (Parts().validation, Parts().test) == (0.2, 0.2)
    assert FLAT.count("0.2 unless said") == 3


def test_the_page_tells_each_refusal_that_is_tried_here() -> None:
    listed = re.findall(r"\| `(.+)` \|$", SECTIONS["What is refused"], re.MULTILINE)
    assert listed == list(REFUSED)


@pytest.mark.parametrize("phrase", REFUSED)
def test_each_refused_table_gets_the_message(phrase: str, tmp_path: Path) -> None:
    content, options = REFUSED[phrase]
    file = tmp_path / "table.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataFileError, match=re.escape(phrase)) as caught:
        table.read(file, options)
    assert str(file) in str(caught.value)


def test_scores_and_losses_are_those_of_the_code() -> None:
    found = re.findall(r"^\| `(\w+)` \| (\w+) \| (\w+) \|(.*)", SECTIONS["The task"], re.MULTILINE)
    words = {"maximize": "higher", "minimize": "lower"}
    assert [row[:3] for row in found] == [
        (score, task, words[metric_of(score, "test").direction])
        for task in MEASURED
        for score in scores_of(task)
    ]
    assert [row[0] for row in found] == list(get_args(Score))
    first = [row[0] for row in found if "used unless another is given" in row[3]]
    assert first == list(MEASURED.values())
    classes, values = (
        " or ".join(f'`"{name}"`' for name in LOSSES[task])
        for task in ("classification", "regression")
    )
    assert f"It is {classes} for a classification, and {values} for a regression" in FLAT
    assert set(get_args(loss.Kind)) == {name for names in LOSSES.values() for name in names}


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    listed = re.search(r"\*\*Missing values\*\* are empty, or one of (.*?)\.\s", FLAT)
    assert listed is not None
    assert {"", *re.findall(r"`(.+?)`", listed[1])} == MISSING
    assert f"at most {table_target.MOST_WHOLE_CLASSES} different values" in FLAT
    assert f"more than {table_target.MOST_CLASSES:,} classes" in FLAT
    assert f"more than {table.MANY_CATEGORIES} different texts" in FLAT
    assert f"or more than {table.MOST_CATEGORIES:,} |" in FLAT
    assert f"More than {encoding.MOST_OUTPUTS:,} inputs" in FLAT
    assert f"at most 100 GB ({delimited.MOST_BYTES:,} bytes)" in FLAT
    assert f"at most {parquet_file.MOST_VALUES:,} values" in FLAT
    assert f"a column of more than {table_file.MOST_TEXTS:,} is refused" in FLAT
    assert f"there may be {own_rows.MOST_INPUTS:,}" in FLAT
    assert f"images of more than {own_rows.MOST_INPUTS:,} numbers" in FLAT
    assert f"height and width of the first have {row_form.LEAST_SIDE} or more" in FLAT
    assert array_files.MOST_UNPACKED == 100 * 10**9
    assert "in your cache folder first, 100 GB at most" in FLAT
    assert image_files.FORMATS == ("PNG", "JPEG", "BMP", "GIF")
    assert "Images are PNG, JPEG, BMP or GIF" in FLAT
    assert all(f'"{name}"' in FLAT for name in kinds.EXAMPLES)
    assert all(f"`{target}`" in FLAT for target in examples.TARGETS.values())
    assert delimited.SEPARATORS == (",", ";", "\t", "|")
    assert "commas, semicolons, tabs or bars (`|`)" in FLAT
    assert delimited.FALLBACK_ENCODING == "cp1252"
    assert "or else Windows-1252" in FLAT
    (row,) = re.findall(r"^\| `part_column` \|.*", SECTIONS["Validation and test rows"], re.M)
    assert set(SAID) <= set(re.findall(r"`(\w+)`", row))


def test_each_column_becomes_the_inputs_that_the_page_says(tmp_path: Path) -> None:
    file = tmp_path / "cars.csv"
    lines = ["km;fuel;same;part;price"]
    for i in range(40):
        part = ("train", "train", "val", "test")[i % 4]
        km = "" if i == 4 else f"{i * i % 17},5"
        fuel = "steam" if i == 6 else ("petrol", "diesel")[i % 3 == 0]
        lines.append(f"{km};{fuel};1;{part};{i * 37 % 101},25")
    file.write_text("\n".join(lines), encoding="cp1252")
    own = OwnTable(file, TableOptions(("price",)), Parts(said="part"), 1)
    fold = own.fold()
    assert fold.encoding is not None
    found = encoding.of(fold.encoding)
    # No input for steam, which is the category of a validation row alone.
    assert found.names == ("km", "km is missing", "fuel=diesel", "fuel=petrol")
    assert set(found.ignored) == {"same", "part", "price"}
    assert (len(fold.rows[0]), len(fold.rows[1])) == (20, 10)
    assert fold.raw.x[20 + 1, 2:].tolist() == [0, 0]


def test_each_link_leads_to_a_page_or_a_heading() -> None:
    headings = {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in SECTIONS}
    for page, heading in re.findall(r"\]\(([\w./-]*\.md)?(?:#([\w-]+))?\)", PAGE):
        assert not page or (ROOT / "docs" / page).is_file(), page
        assert page or heading in headings, heading
