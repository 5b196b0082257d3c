"""The examples of the README and of the command line's page do what they show, in their order."""

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from search.study.file import study_of

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/command-line.md")
# What needs a download, or the images of one.
# What a machine without the images of CIFAR-10, or a search without failed trials, cannot run.
NEEDS_MORE = re.compile(
    r"klayer (data fetch|retry)|lambda-coarse-to-fine|batch-norm-3-layers|best-mlp"
)
GOES_ON = re.compile(r"klayer (worker|dashboard)( -.*)?$")  # until it is stopped


def text(page: str) -> str:
    """A page as it stands."""
    return (ROOT / page).read_text("utf-8")


def files(page: str) -> dict[str, str]:
    """The TOML examples of a page, by the file name in their first line."""
    examples = re.findall(
        r"^```toml\n# (\S+\.toml)\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL
    )
    return dict(examples)


def commands(page: str) -> list[str]:
    """The shell examples of a page that begin with klayer, without comments."""
    lines = re.findall(r"^(?:    )?(klayer .+)$", text(page), re.MULTILINE)
    return [re.sub(r"\s+#.*", "", line) for line in lines]


@pytest.fixture(scope="module")
def shell_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A shell's environment that finds klayer, with none of its settings."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "klayer"
    script.write_text(
        f"#!{sys.executable}\n"
        "from search.cli import main\n\n"
        'if __name__ == "__main__":\n    main()\n'
    )
    script.chmod(0o755)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("KLAYER_")}
    path = f"{folder}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT)}


@pytest.mark.parametrize(
    "page", ["README.md", pytest.param("docs/command-line.md", marks=pytest.mark.long)]
)
def test_the_shell_examples_run_in_the_order_of_the_page(
    page: str, shell_environment: dict[str, str], tmp_path: Path
) -> None:
    for name, content in files(page).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    lines = [line for line in commands(page) if not NEEDS_MORE.search(line)]
    assert any(line.startswith("klayer run ") for line in lines)
    with ExitStack() as until_the_end:
        for line in lines:
            if GOES_ON.match(line):
                until_the_end.enter_context(going_on(line, tmp_path, shell_environment))
                continue
            done = subprocess.run(
                ["/bin/sh", "-c", line],
                cwd=tmp_path,
                env=shell_environment,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


@contextmanager
def going_on(line: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """A command beside those that follow it, which ends well when it is asked to."""
    with subprocess.Popen(
        ["/bin/sh", "-c", f"exec {line}"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()  # from then on it hears that it is asked
        try:
            yield
        finally:
            process.terminate()
            said += process.stdout.read()
    assert process.returncode == 0, said


@pytest.mark.parametrize(
    ("page", "content"),
    [
        (page, content)
        for page in PAGES
        for content in re.findall(r"^```toml\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)
    ],
)
def test_each_toml_example_is_a_study(page: str, content: str) -> None:
    study_of({"name": "example"} | tomllib.loads(content))


@pytest.mark.parametrize("page", PAGES)
def test_each_study_that_a_page_names_is_there(page: str) -> None:
    shipped = {path.stem for path in (ROOT / "studies").glob("*.toml")}
    named = re.findall(r"klayer (?:run|plan|gradcheck) ([\w./-]+)", text(page))
    studies = {one.removesuffix(".toml") for one in named if one not in ("STUDY", "my.toml")}
    begun = set(re.findall(r"klayer init ([\w-]+)\.csv", text(page)))
    assert studies <= shipped | begun | {name.removesuffix(".toml") for name in files(page)}


@pytest.mark.parametrize("page", PAGES)
def test_each_link_leads_to_a_file(page: str) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", text(page))
    assert targets
    assert [one for one in targets if not ((ROOT / page).parent / one).is_file()] == []


def test_each_make_target_of_the_readme_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", text("Makefile"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", text("README.md"))) <= targets
