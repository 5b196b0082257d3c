"""What a search ran on, as recorded with it: machine and versions, by which its numbers hold."""

import json
import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

# Those that numbers depend on: samplers draw with the last two.
NUMERIC = ("numpy", "scipy", "cmaes")
PACKAGES = ("klayer", *NUMERIC, "optuna", "sqlalchemy", "joblib", "scikit-learn")
_CODE = Path(__file__).parents[2]


def environment() -> dict[str, Any]:
    """Versions of Python and of what numbers depend on, the BLAS and its kernels, the machine."""
    import numpy as np  # noqa: F401 (its BLAS must be loaded to be seen)

    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "blas": [
            {key: library.get(key) for key in ("internal_api", "version", "architecture")}
            for library in _numpys_blas()
        ],
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def _numpys_blas() -> list[dict[str, Any]]:
    """The BLAS that NumPy computes with.

    SciPy's wheels bring one of their own, which is loaded when a sampler first needs SciPy, or
    never; no number depends on it. Where NumPy brings none, it uses one that all share.
    """
    found = [one for one in threadpool_info() if one.get("user_api") == "blas"]
    own = [one for one in found if _is_numpys(Path(one.get("filepath", "")))]
    return own or found


def _is_numpys(library: Path) -> bool:
    """Whether a library lies in `numpy.libs` or `numpy/.dylibs`, as wheels have it."""
    return any(part.startswith("numpy") for part in library.parts[-3:-1])


def kernels(environment: Mapping[str, Any]) -> str:
    """The name of the kernels that matrix products are computed with; "" where it is not known.

    Args:
        environment: As `environment` gives it, or as a search recorded it.
    """
    found = (blas.get("architecture") for blas in environment.get("blas", ()))
    return next((str(name) for name in found if name), "")


def numeric_changes(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What differs of two environments that the last bits of numbers depend on, a phrase each.

    Args:
        recorded: As a search recorded it.
        here: As `environment` gives it.
    """
    before, now = kernels(recorded), kernels(here)
    found = [f"{now} kernels rather than {before}"] if before and now and before != now else []
    return found + package_changes(recorded, here)


def package_changes(recorded: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    """What differs of the packages among it, a phrase each."""
    found = []
    for name in NUMERIC:
        old, new = (one.get("packages", {}).get(name) for one in (recorded, here))
        if old and old != new:
            found.append(f"{name} {new} rather than {old}")
    return found


@cache
def code_version() -> str:
    """The klayer that runs: its version, and the commit where that is known.

    It is known of a checkout, and of what was installed from a repository. A process has one.
    """
    commit = checked_out(_CODE) or _installed_from()
    return f"{_version('klayer')} ({commit[:10]})" if commit else _version("klayer")


def checked_out(folder: Path) -> str | None:
    """The commit that a folder of Git's is at; None where it is none."""
    git = folder / ".git"
    with suppress(OSError, UnicodeDecodeError):
        if git.is_file():  # a worktree's: "gitdir: PATH"
            git = folder / git.read_text().partition(":")[2].strip()
        kind, _, name = (git / "HEAD").read_text().strip().rpartition("ref: ")
        if not kind and "/" not in name:
            return name
        common = git / "commondir"
        shared = git / common.read_text().strip() if common.is_file() else git
        if (shared / name).is_file():
            return (shared / name).read_text().strip()
        packed = (line.split() for line in (shared / "packed-refs").read_text().splitlines())
        return next((words[0] for words in packed if words[1:] == [name]), None)
    return None


def _installed_from() -> str | None:
    """The commit that pip has installed klayer from."""
    with suppress(metadata.PackageNotFoundError):
        told = metadata.distribution("klayer").read_text("direct_url.json")
        commit = json.loads(told or "{}").get("vcs_info", {}).get("commit_id")
        return commit if isinstance(commit, str) else None
    return None


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
