"""What the peer of experiment C4 reads from its database; its plan is tested without PyTorch."""

from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna")
pytest.importorskip("torch", reason="the peer needs the extra `benchmark`")

from benchmarks.optuna_pytorch import best, opened  # noqa: E402
from benchmarks.peer_plan import FIRST_BOX, Best  # noqa: E402


def test_the_best_of_each_earlier_stage_is_read(tmp_path: Path) -> None:
    storage = opened(f"sqlite:///{tmp_path / 'peer.db'}")
    extent = optuna.distributions.FloatDistribution(*FIRST_BOX, log=True)
    for stage, values in (("coarse", (0.1, 0.5, 0.2)), ("fine", (0.3, 0.4))):
        study = optuna.create_study(study_name=stage, storage=storage, direction="maximize")
        for value in values:
            study.add_trial(
                optuna.trial.create_trial(
                    params={"weight_decay": value / 10},
                    distributions={"weight_decay": extent},
                    value=value,
                )
            )
    assert best(0, storage) == []
    assert best(2, storage) == [Best(0.5, 0.05), Best(0.4, 0.04)]
