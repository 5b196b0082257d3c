"""What a search is recorded to have run on."""

import json
import platform
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

from search.runtime.environment import (
    PACKAGES,
    checked_out,
    code_version,
    environment,
    kernels,
    numeric_changes,
)


def test_the_versions_are_those_that_run() -> None:
    found = environment()
    assert found["python"] == platform.python_version()
    assert found["packages"]["numpy"] == np.__version__
    assert found["packages"]["klayer"] == metadata.version("klayer")
    assert set(found["packages"]) == set(PACKAGES)
    assert "not installed" not in found["packages"].values()


def test_the_blas_and_its_kernels_are_named() -> None:
    (blas, *_) = environment()["blas"]
    assert blas["internal_api"] in ("openblas", "mkl", "blis", "flexiblas")
    assert blas["version"]


def test_the_kernels_are_those_of_the_first_blas_that_names_any() -> None:
    assert kernels(environment()) == environment()["blas"][0]["architecture"]
    assert kernels({"blas": [{"architecture": None}, {"architecture": "Zen"}]}) == "Zen"
    assert kernels({"blas": []}) == kernels({}) == ""


def test_it_is_plain_and_the_same_each_time() -> None:
    found = environment()
    assert json.loads(json.dumps(found)) == found == environment()
    assert found["cores"] >= 1


def test_what_else_is_loaded_later_changes_nothing() -> None:
    before = environment()
    import scipy.linalg  # noqa: F401 (brings a BLAS of its own)

    assert environment() == before
    assert len(before["blas"]) == 1


def test_other_packages_that_numbers_depend_on_are_told() -> None:
    then = environment()
    then["packages"] |= {"scipy": "1.0", "cmaes": "0.1", "rich": "1.0"}
    del then["packages"]["numpy"]  # recorded before it was looked at
    versions = {name: metadata.version(name) for name in ("scipy", "cmaes")}
    assert numeric_changes(then, environment()) == [
        f"scipy {versions['scipy']} rather than 1.0",
        f"cmaes {versions['cmaes']} rather than 0.1",
    ]


@pytest.mark.skipif(shutil.which("git") is None, reason="needs Git")
def test_the_commit_of_a_checkout_is_known_without_git(tmp_path: Path) -> None:
    """On a branch, of packed references, in a worktree, and on no branch."""
    first, second = tmp_path / "first", tmp_path / "second"

    def git(*words: str, at: Path = first) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        run = ["git", "-C", str(at), *who, *words]
        return subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip()

    first.mkdir()
    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "-m", "one")
    head = git("rev-parse", "HEAD")
    git("worktree", "add", "--quiet", "-b", "other", str(second))
    assert [checked_out(one) for one in (first, second)] == [head, head]
    git("pack-refs", "--all")
    assert [checked_out(one) for one in (first, second)] == [head, head]
    git("checkout", "--quiet", "--detach", at=second)
    assert checked_out(second) == head
    assert checked_out(tmp_path) is None


def test_a_version_is_that_of_the_package_and_of_its_commit() -> None:
    number, _, commit = code_version().partition(" ")
    assert number == metadata.version("klayer")
    at = checked_out(Path(__file__).parents[3])
    assert at is None or commit == f"({at[:10]})"
