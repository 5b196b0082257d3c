"""Which kernels are chosen for which processor, and that processes compute with them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from search.errors import KlayerError
from search.runtime.blas import (
    CORETYPE,
    KERNELS,
    SETTING,
    Processor,
    choose_kernels,
    read_processor,
    set_kernels,
)

ROOT = Path(__file__).parents[3]
AVX512 = KERNELS["SkylakeX"]
AMD, INTEL = "AuthenticAMD", "GenuineIntel"
NEW_AMD = Processor(AMD, AVX512 | {"avx2", "fma", "avx", "sse4_2", "pni"})
runs_nehalem = pytest.mark.skipif(
    "sse4_2" not in read_processor().flags, reason="needs an x86 processor with SSE4.2"
)


def test_auto_is_for_processors_that_openblas_does_not_know() -> None:
    assert choose_kernels(NEW_AMD, {}) == "SkylakeX"
    assert choose_kernels(NEW_AMD, {SETTING: "auto"}) == "SkylakeX"
    assert choose_kernels(NEW_AMD, {SETTING: ""}) == "SkylakeX"
    assert choose_kernels(Processor(INTEL, NEW_AMD.flags), {}) is None
    assert choose_kernels(Processor("", frozenset()), {}) is None


@pytest.mark.parametrize("missing", sorted(AVX512))
def test_auto_needs_every_part_of_avx_512(missing: str) -> None:
    assert choose_kernels(Processor(AMD, NEW_AMD.flags - {missing}), {}) is None


def test_what_the_user_says_goes_before_auto() -> None:
    assert choose_kernels(NEW_AMD, {CORETYPE: "Haswell"}) is None
    assert choose_kernels(NEW_AMD, {SETTING: "default"}) is None
    assert choose_kernels(NEW_AMD, {SETTING: "Haswell", CORETYPE: "SkylakeX"}) == "Haswell"
    assert choose_kernels(NEW_AMD, {SETTING: "skylakex"}) == "SkylakeX"


@pytest.mark.parametrize("wrong", ["Skylake", "avx512", "Auto", "1"])
def test_a_word_that_names_no_kernels_is_refused(wrong: str) -> None:
    with pytest.raises(KlayerError, match=rf"^{SETTING}: '{wrong}' is none of auto, default, "):
        choose_kernels(NEW_AMD, {SETTING: wrong})


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_that_the_processor_cannot_run_are_refused(name: str) -> None:
    able = Processor(AMD, KERNELS[name])
    assert choose_kernels(able, {SETTING: name}) == name
    one = sorted(KERNELS[name])[0]
    with pytest.raises(KlayerError, match=rf"^{SETTING}: {name} kernels need {one}, which"):
        choose_kernels(Processor(AMD, KERNELS[name] - {one}), {SETTING: name})


def test_the_first_processor_is_read(tmp_path: Path) -> None:
    file = tmp_path / "cpuinfo"
    file.write_text(
        "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu avx2\n\nflags\t: fpu\n"
    )
    assert read_processor(file) == Processor(AMD, frozenset({"fpu", "avx2"}))
    assert read_processor(tmp_path / "none") == Processor("", frozenset())
    file.write_text("processor\t: 0\nFeatures\t: fp asimd\n")  # as on ARM
    assert read_processor(file) == Processor("", frozenset())


def test_the_environment_is_left_alone_where_nothing_is_chosen() -> None:
    environment = {SETTING: "default", CORETYPE: "Haswell"}
    set_kernels(environment)
    assert environment == {SETTING: "default", CORETYPE: "Haswell"}


LOKY = """
import os
from search.runtime.blas import set_kernels
set_kernels(os.environ)
from joblib import Parallel, delayed
from search.runtime.environment import environment, kernels
if __name__ == "__main__":
    here = kernels(environment())
    there = Parallel(n_jobs=2)(delayed(lambda: kernels(environment()))() for _ in range(2))
    print(here, *there)
"""


@runs_nehalem
def test_worker_processes_compute_with_the_same_kernels(
    tmp_path: Path, shell_environment: dict[str, str]
) -> None:
    script = tmp_path / "script.py"
    script.write_text(LOKY)
    done = subprocess.run(
        [sys.executable, script],
        env=shell_environment | {SETTING: "Nehalem"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["Nehalem"] * 3


Klayer = Callable[..., subprocess.CompletedProcess[str]]


@runs_nehalem
def test_a_run_computes_with_them_and_says_so(klayer: Klayer, tmp_path: Path) -> None:
    study = ["digits", "--set", "training.schedule.epochs=1", "--workers", "1"]
    done = klayer("run", *study, cwd=tmp_path, **{SETTING: "Nehalem"})
    assert done.returncode == 0, done.stderr
    assert ", Nehalem kernels" in done.stdout.splitlines()[0]


def test_a_wrong_setting_is_one_message(klayer: Klayer, tmp_path: Path) -> None:
    done = klayer("studies", cwd=tmp_path, **{SETTING: "fast"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"klayer: {SETTING}: 'fast' is none of auto, default, Prescott")
    assert len(done.stderr.splitlines()) == 1
