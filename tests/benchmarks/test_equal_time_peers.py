"""The peer trains the family as klayer does, by what PyTorch calls it."""

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

optuna = pytest.importorskip("optuna")
torch = pytest.importorskip("torch", reason="the peer needs the extra `benchmark`")

from benchmarks import equal_time_peers  # noqa: E402
from benchmarks.contenders import pytorch  # noqa: E402
from benchmarks.equal_time_family import EPOCHS, MOMENTUM  # noqa: E402
from benchmarks.equal_time_peers import Job, Rows, found, network, value  # noqa: E402
from model import training  # noqa: E402
from model.members import Architecture, Member  # noqa: E402
from model.parameters import initialise  # noqa: E402
from model.recipe import Recipe  # noqa: E402
from model.rows import Data  # noqa: E402
from model.schedule import Constant  # noqa: E402

DRAW = np.random.default_rng(3)
X = DRAW.standard_normal((40, 6)).astype(np.float32)
LABELS = DRAW.integers(0, 3, 40)


def test_weight_decay_and_momentum_mean_what_klayer_means_by_them() -> None:
    """One batch an epoch, the same first weights, η constant: the same weights after 20 steps."""
    member = Member((5, 4), 1, 0.1, weight_decay=0.03, momentum=MOMENTUM)
    architecture = Architecture(6, 3)
    recipe = Recipe(40, Constant(20), seed=1, optimizer="nesterov", shuffle=False)
    *_, last = training.train(architecture, [member], recipe, Data(X, LABELS, X, LABELS))

    model = network(6, 3, (5, 4), 0.0)
    linear = [one for one in model if hasattr(one, "weight")]
    for layer, first in zip(linear, initialise(architecture, [member], np.float32), strict=True):
        layer.weight.data = torch.tensor(first.weights[0].T.copy())
    optimizer = pytorch.sgd(model, 0.03, momentum=MOMENTUM, nesterov=True)
    forward, x, labels = pytorch.batch_loss(model), torch.from_numpy(X), torch.from_numpy(LABELS)
    for epoch in range(20):
        pytorch.train_epoch(forward, optimizer, x, labels, 40, epoch, lambda *_: 0.1)
    for layer, theirs in zip(linear, last.network.parameters, strict=True):
        np.testing.assert_allclose(layer.weight.detach().T, theirs.weights[0], atol=1e-5)
        np.testing.assert_allclose(layer.bias.detach(), theirs.bias[0, 0], atol=1e-5)


def test_first_weights_have_the_deviation_of_klayers() -> None:
    first = network(400, 3, (256, 32), 0.5)[0].weight.detach()
    assert float(first.std()) == pytest.approx((2 / 400) ** 0.5, rel=0.02)


def rows() -> Rows:
    part = torch.from_numpy(X), torch.from_numpy(LABELS)
    return Rows(part, part, part)


def job(**changed: Any) -> Job:
    now = time.time()
    given = {"contender": "TPE", "seed": 1, "folder": "", "tests": "", "training": 40}
    given |= {"workers": 1, "storage": "", "began": now - 1, "until": now + 60}
    return Job(**{**given, **changed})


def test_each_epoch_is_reported_and_the_test_rows_are_read_at_the_end() -> None:
    study = optuna.create_study(direction="maximize")
    told = job()
    study.optimize(partial(value, rows=rows(), until=told.until), n_trials=3)
    assert [len(one.intermediate_values) for one in study.trials] == [EPOCHS] * 3
    said = found(study.trials, told)
    assert [epochs for _, epochs in said["ended"]] == [EPOCHS] * 3
    values = [value for _, value, _ in said["incumbents"]]
    assert values == sorted(set(values))
    assert values[-1] == study.best_value
    assert all(value == test for _, value, test in said["incumbents"]), "the same rows here"


def test_a_training_amid_which_the_time_ends_is_no_incumbent() -> None:
    study = optuna.create_study(direction="maximize")
    study.optimize(partial(value, rows=rows(), until=time.time() - 1), n_trials=1)
    said = found(study.trials, job())
    assert said["incumbents"] == []
    assert said["ended"][0][1] == 1


def test_a_search_in_processes_ends_when_its_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, some in (("x", X), ("y", LABELS), ("test_x", X), ("test_y", LABELS)):
        np.save(tmp_path / f"{name}.npy", some)
    began = time.time()
    told = {
        **vars(job(contender="Hyperband", workers=2, training=30)),
        "folder": str(tmp_path),
        "tests": str(tmp_path),
        "storage": str(tmp_path / "peer.db"),
        "until": began + 1.5,
        "began": began,
    }
    monkeypatch.setattr(equal_time_peers.sys, "argv", ["", json.dumps(told)])
    equal_time_peers.main()
    said = json.loads(capsys.readouterr().out)
    assert len(said["ended"]) >= 2, "each process begins one, however late it is"
    assert all(1 <= epochs <= EPOCHS for _, epochs in said["ended"])
