"""The wheel, built and installed into an environment of its own, is all of klayer.

The environment is new. Besides the wheel it holds links to exactly those installed libraries that
the wheel says it needs, and that these need in turn. So the test needs no network, and fails when
the wheel lacks a package, a study file, the command, or a dependency that it does not declare.
"""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
STUDIES = sorted(path.name for path in (ROOT / "studies").glob("*.toml"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


def needed(distribution: metadata.Distribution) -> dict[str, metadata.Distribution]:
    """The libraries that a distribution needs without extras, and those that these need."""
    found: dict[str, metadata.Distribution] = {}
    asked = [(distribution, "")]
    while asked:
        one, extra = asked.pop()
        for requirement in map(Requirement, one.requires or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                known = requirement.name in found
                library = found.setdefault(
                    requirement.name, metadata.distribution(requirement.name)
                )
                asked += [(library, more) for more in requirement.extras]
                asked += [] if known else [(library, "")]
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of executables of the environment that the wheel is installed in."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python")]
    install = ["install", "--quiet", "--no-deps", "--no-index", "--no-cache-dir", str(wheel)]
    subprocess.run([*pip, *install], check=True, capture_output=True)
    (klayer,) = metadata.distributions(path=[str(site)])
    for library in needed(klayer).values():
        for top in {file.parts[0] for file in library.files or ()} - {"..", "__pycache__"}:
            if not (site / top).exists():
                (site / top).symlink_to(Path(str(library.locate_file(top))).resolve())
    return folder / "bin"


@pytest.fixture
def environment() -> dict[str, str]:
    """A shell's environment that leads to no other klayer, and to none of its settings."""
    away = ("KLAYER_", "PYTHON", "VIRTUAL_ENV", "COV_")
    return {key: value for key, value in os.environ.items() if not key.startswith(away)}


def test_the_wheel_holds_the_packages_and_the_studies_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert sorted(name for name in names if name.endswith(".toml")) == [
        f"studies/{name}" for name in STUDIES
    ]
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"model", "search", "studies"}
    modules = {
        path.relative_to(ROOT).as_posix()
        for package in ("model", "search", "studies")
        for path in (ROOT / package).rglob("*.py")
    }
    assert {name for name in names if name.endswith(".py")} == modules


@pytest.mark.long
def test_klayer_runs_from_the_wheel_alone(
    installed: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    def out(*arguments: str) -> str:
        done = subprocess.run(
            [installed / arguments[0], *arguments[1:]],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    where = (
        "import model, search, studies; print(model.__file__, search.__file__, studies.__file__)"
    )
    for file in out("python", "-c", where).split():
        assert Path(file).is_relative_to(installed.parent)
    listed = out("klayer", "studies")
    assert all(name.removesuffix(".toml") in listed for name in STUDIES)
    told = out("klayer", "run", "digits", "--workers", "2")
    assert "digits: finished in " in told
    assert "Test accuracy" in told
    assert (tmp_path / "klayer.db").is_file()
