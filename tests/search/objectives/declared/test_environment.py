"""What a trial's environment says of threads and GPUs."""

import pytest

from search.errors import KlayerError
from search.objectives.declared.environment import THREADS, variables
from search.objectives.declared.tables import ResourcesTable


def test_numerical_libraries_are_told_how_many_threads() -> None:
    assert variables(ResourcesTable(threads=4), {}, None) == dict.fromkeys(THREADS, "4")


def test_the_study_file_wins() -> None:
    assert variables(ResourcesTable(), {"OMP_NUM_THREADS": "9"}, None)["OMP_NUM_THREADS"] == "9"


def test_a_trial_takes_the_first_gpus_of_its_worker() -> None:
    found = variables(ResourcesTable(gpus=2), {}, ["4", "GPU-8f", "6"])
    assert found["CUDA_VISIBLE_DEVICES"] == "4,GPU-8f"
    assert "CUDA_VISIBLE_DEVICES" not in variables(ResourcesTable(), {}, ["4"])
    assert "CUDA_VISIBLE_DEVICES" not in variables(ResourcesTable(gpus=1), {}, None)


def test_too_few_gpus_are_one_message() -> None:
    with pytest.raises(KlayerError) as caught:
        variables(ResourcesTable(gpus=2), {}, ["0"])
    assert str(caught.value) == (
        "resources.gpus: found 2, but this worker has 1 GPU; list as many for each worker with "
        "--gpus, such as --gpus 0,1, or start fewer workers"
    )
