"""The machine and the versions that figures hold for."""

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.timing import ROOT, environment
from search.runtime.blas import KERNELS, choose_kernels, read_processor

PACKAGES = ("numpy", "torch", "scikit-learn", "optuna")
SHOW_KERNELS = (
    "import numpy; from threadpoolctl import threadpool_info as blas; "
    "print(', '.join(f\"{b['internal_api']} {b['version']} {b['architecture']}\" for b in blas()))"
)
COMPARED = ("Haswell", "SkylakeX")  # OpenBLAS's names for AVX2 and AVX-512


def kernels(coretype: str = "") -> str:
    """NumPy's BLAS, its version and its kernels, under a setting of OPENBLAS_CORETYPE."""
    done = subprocess.run(
        [sys.executable, "-c", SHOW_KERNELS],
        cwd=ROOT,
        env=environment(coretype),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def klayer_kernels() -> str:
    """The OPENBLAS_CORETYPE that klayer sets where the shell says nothing; "" if it sets none."""
    return choose_kernels(read_processor(), {}) or ""


def kernel_settings() -> tuple[str, ...]:
    """The settings of OPENBLAS_CORETYPE that are compared: the BLAS's choice, AVX2, AVX-512."""
    return ("", *(name for name in COMPARED if KERNELS[name] <= read_processor().flags))


def description() -> list[str]:
    """The machine in lines, with the kernels of its BLAS."""
    *lines, revision = system(PACKAGES)
    blas = (
        f"NumPy's BLAS, by its own choice: {kernels()}; as klayer sets it: "
        f"{kernels(klayer_kernels())}"
    )
    return [*lines, blas, revision]


def system(packages: Sequence[str]) -> list[str]:
    """The machine in lines: processor, caches, memory, system, versions, revision."""
    versions = ", ".join(f"{name} {_version(name)}" for name in packages)
    return [
        f"{_cpuinfo('model name') or platform.processor() or 'unknown processor'}, "
        f"{cores()} cores; {_caches()}",
        f"{_memory_gib():.0f} GiB of memory; {platform.platform()}",
        f"Python {platform.python_version()}, {versions}",
        f"git: {_git('rev-parse', '--short', 'HEAD') or 'unknown'}"
        + (", with changes" if _git("status", "--porcelain", "--", "model", "search") else ""),
    ]


def cores() -> int:
    """How many processes run at once."""
    return len(os.sched_getaffinity(0))


def _cpuinfo(key: str) -> str:
    path = Path("/proc/cpuinfo")
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _caches() -> str:
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (
            (index / name).read_text("ascii").strip() for name in ("level", "type", "size")
        )
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return ", ".join(found) or "caches unknown"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _git(*arguments: str) -> str:
    """What git writes; "" where there is no git, or nothing that it knows."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip()
