"""The peer of experiment C4 searches by the same plan as the shipped study."""

from pathlib import Path

import pytest

optuna = pytest.importorskip("optuna")
pytest.importorskip("torch", reason="the peer needs the extra `benchmark`")

from benchmarks.optuna_pytorch import FIRST_BOX, STAGES, box, opened  # noqa: E402
from search.study.reading import load  # noqa: E402


def test_stages_are_those_of_the_study() -> None:
    study = load("lambda-coarse-to-fine")
    assert [(one.name, one.trials) for one in STAGES] == [
        (one.name, one.trials) for one in study.stages
    ]


@pytest.mark.parametrize(
    ("best", "expected"),
    [
        (1e-3, (1e-4, 1e-2)),
        (5e-2, (5e-3, 1e-1)),  # within the old box
        (1e-1, (1e-2, 1.0)),  # on its edge, and past it
    ],
)
def test_the_second_box_lies_round_the_best_of_the_first(
    tmp_path: Path, best: float, expected: tuple[float, float]
) -> None:
    storage = opened(f"sqlite:///{tmp_path / 'peer.db'}")
    study = optuna.create_study(study_name="coarse", storage=storage, direction="maximize")
    extent = optuna.distributions.FloatDistribution(*FIRST_BOX, log=True)
    for place, at in enumerate([1e-5, best, 1e-2]):
        study.add_trial(
            optuna.trial.create_trial(
                params={"weight_decay": at},
                distributions={"weight_decay": extent},
                value=1.0 if at == best else 0.1 * place,
            )
        )
    assert box(1, storage) == pytest.approx(expected)
