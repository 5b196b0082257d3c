"""What a search ran on, as recorded with it: machine and versions, by which its numbers hold."""

import os
import platform
from importlib import metadata
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
            for library in threadpool_info()
            if library.get("user_api") == "blas"
        ],
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
