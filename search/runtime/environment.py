"""What a search ran on, as recorded with it: machine and versions, by which its numbers hold."""

import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

PACKAGES = ("klayer", "numpy", "optuna", "sqlalchemy", "joblib", "scikit-learn")


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
    old, new = (one.get("packages", {}).get("numpy") for one in (recorded, here))
    return found + ([f"numpy {new} rather than {old}"] if old and old != new else [])


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
