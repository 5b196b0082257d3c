"""What a sampler needs of the ranges, and of the installation; `bad_files.txt` has the messages."""

import sys
from pathlib import Path
from typing import Any

import pytest

from search.errors import StudyFileError
from search.study.file import Study, study_of
from search.study.reading import load
from search.study.sampler_checks import missing_libraries

ZOOM = {"rule": "decades", "decades": 1}
CMAES = {"sampler": "cmaes", "trials": 20, "generation": 8}


def after(first: dict[str, Any], **second: Any) -> Study:
    return study_of(
        {"name": "x", "stages": [{"trials": 4, "box": first}, CMAES | {"zoom": ZOOM} | second]}
    )


def test_a_zoom_carries_lists_over_which_cma_es_cannot_draw() -> None:
    rates = {"learning_rate": {"low": 0.01, "high": 0.1}}
    listed = rates | {"activation": ["relu", "elu"]}
    assert after(rates).stages[1].sampler == "cmaes"
    with pytest.raises(StudyFileError, match=r"stages\.2\.sampler: .* with a list for activation"):
        after(listed)
    with pytest.raises(StudyFileError, match="with a list for batch_size"):
        after(rates, box={"batch_size": [50, 100]})


def test_a_range_beside_a_zoom_replaces_its_list() -> None:
    widths = {"width_1": [10, 20]}
    assert after(widths, box={"width_1": {"low": 10, "high": 20}}).stages[1].sampler == "cmaes"


def test_a_library_that_is_not_installed_is_told_when_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not when a study that is recorded already is read back: looking at it needs no library."""
    path = tmp_path / "own.toml"
    path.write_text(
        '[[stages]]\nname="near"\nsampler="cmaes"\ntrials=20\ngeneration=8\n'
        "box={momentum={low=0.1, high=0.9}}"
    )
    study = load(str(path))
    assert not list(missing_libraries(study.stages))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.setattr(sys, "modules", {k: v for k, v in sys.modules.items() if "cma" not in k})
    with pytest.raises(StudyFileError) as caught:
        load(str(path))
    assert str(caught.value) == (
        f'{path}: stages.near.sampler: found "cmaes", which needs a library that is not installed; '
        'install it with `pip install cmaes`, or give "tpe"'
    )
    assert study_of(study.canonical()) == study
