"""What a search is recorded to have run on."""

import json
import platform
from importlib import metadata

import numpy as np

from search.runtime.environment import PACKAGES, environment, kernels


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
