"""Components as scikit-learn has them, and networks of them as ones of plain inputs."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.decomposition import PCA

from model.data import digits, prepared
from model.data.whitening import fit, of_plain_inputs, whitened
from model.errors import ModelError
from model.inference import Network
from model.members import Architecture, Member
from model.parameters import initialise

DRAW = np.random.default_rng(3)
ROWS = DRAW.standard_normal((200, 4)) @ DRAW.standard_normal((4, 9))
ROWS = (ROWS - ROWS.mean(axis=0)) / ROWS.std(axis=0)


def test_they_are_those_of_scikit_learn() -> None:
    found = fit([ROWS[:150], ROWS[150:]], 9, 3)
    oracle = PCA(3, whiten=True).fit(ROWS)
    x = whitened(ROWS, found.matrix)
    right = oracle.transform(ROWS) * np.sqrt(200 / 199)  # it divides by n − 1
    signs = np.sign((x * right).sum(axis=0))
    np.testing.assert_allclose(x, right * signs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(x.T @ x / 200, np.eye(3), atol=1e-5)
    assert found.explained == pytest.approx(oracle.explained_variance_ratio_.sum(), rel=1e-9)
    largest = np.abs(found.matrix).argmax(axis=0)
    assert (found.matrix[largest, np.arange(3)] > 0).all()


def test_more_than_there_are_is_refused() -> None:
    assert fit([ROWS], 9, 4).explained == pytest.approx(1)
    with pytest.raises(ModelError, match=r"must be 4 or fewer, .* 9 inputs of 200 .*, not 5"):
        fit([ROWS], 9, 5)
    with pytest.raises(ModelError, match="at most 5,000 inputs, not of 5,001"):
        fit([], 5_001, 2)


@pytest.mark.parametrize("widths", [(), (5,)])
def test_a_network_of_components_says_the_same_as_one_of_plain_inputs(
    widths: tuple[int, ...],
) -> None:
    matrix = fit([ROWS], 9, 3).matrix
    architecture, members = Architecture(3, 2), (Member(widths, 1, 0.1),)
    parameters = initialise(architecture, members, float)
    network = Network(architecture, members, parameters, (None,) * len(widths))
    plain = of_plain_inputs(network, matrix)
    assert plain.architecture.inputs == 9
    np.testing.assert_allclose(plain.scores(ROWS), network.scores(ROWS @ matrix), atol=1e-12)


def test_prepared_rows_and_test_rows_are_components_of_the_training_rows(tmp_path: Path) -> None:
    source = digits.source()
    ready = prepared.prepare(source, tmp_path, validation=300, seed=1, components=20)
    plain = prepared.prepare(source, tmp_path, validation=300, seed=1)
    assert ready.components is not None
    assert (ready.both.x.shape, ready.components.shape) == ((1500, 20), (64, 20))
    x = plain.both.x @ ready.components
    np.testing.assert_allclose(ready.both.x, x, atol=1e-4)
    learned = ready.training.x.astype(float)
    np.testing.assert_allclose(learned.T @ learned / 1200, np.eye(20), atol=1e-4)
    assert 0.5 < (ready.explained or 0) < 1
    blocks = np.concatenate(list(prepared.test_set(ready, source).blocks()))
    standard = np.concatenate(list(prepared.test_set(plain, source).blocks()))
    np.testing.assert_allclose(blocks, standard @ ready.components, atol=1e-4)
    again = prepared.prepare(source, tmp_path, validation=300, seed=1, components=20)
    assert again.folder == ready.folder
    assert again.explained == ready.explained
    folds = prepared.prepare_folds(source, tmp_path, count=2, seed=1, components=5)
    assert [one.both.x.shape[1] for one in folds] == [5, 5, 5]
    assert len({one.components[20, 0] for one in folds if one.components is not None}) == 3
