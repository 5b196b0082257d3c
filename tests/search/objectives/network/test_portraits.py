"""Each network of the final that did not diverge has a portrait, and drawing it moves no number."""

import io
from typing import Any

import numpy as np
import pytest

from model import schedule, training
from model.data import digits
from model.members import Architecture, Member
from model.portrait import histograms, weight_gradients
from model.recipe import Recipe
from model.rows import Data
from search.errors import DataError, KlayerError
from search.objective.report import Assignment
from search.objectives.network import final
from search.objectives.network.portrait import Portrait, from_bytes, to_bytes
from search.objectives.network.portraits import portraits
from tests.search.objectives.network.trainings import (
    DECAY,
    DIVERGING,
    ORDER_SEED,
    TRIALS,
    directly,
    drained,
    evaluated,
    fold_of,
    portraits_of,
    section_and_data,
    study_with,
)

LINEAR = ("network.widths=[]", "network.batch_norm='none'")


@pytest.mark.parametrize("train_on", ["training", "training+validation"])
def test_the_histograms_are_those_of_the_trained_networks(train_on: str) -> None:
    study = study_with(DECAY, f"final.train_on={train_on!r}")
    _, data = section_and_data(study)
    fold = fold_of(data, whole=train_on != "training")
    last = directly(study, fold, schedule.Decay(3, 0.9))[-1]
    recipe = Recipe(100, schedule.Decay(3, 0.9), ORDER_SEED)
    expected = histograms(last.network, weight_gradients(last.network, recipe, fold))
    _, said = evaluated(study)
    assert list(portraits_of(said)) == [0, 1, 2]
    for place, layers in enumerate(expected):
        found = portraits_of(said)[place]
        assert layers is not None
        assert found.gradient_counts.shape == (3, 60)
        assert found.gradient_counts.sum(axis=1).tolist() == [64 * 50, 50 * 50, 50 * 10]
        np.testing.assert_array_equal(found.gradient_counts, [one.counts for one in layers])
        np.testing.assert_array_equal(found.gradient_edges, [one.edges for one in layers])
        assert found.images is None
        assert found.classes == digits.CLASSES


def test_of_one_layer_each_class_has_an_image() -> None:
    _, said = evaluated(study_with(DECAY, *LINEAR))
    for found in portraits_of(said).values():
        assert found.images is not None
        assert (found.images.shape, found.images.dtype) == ((10, 8, 8), np.float32)
        assert found.gradient_counts.shape == (1, 60)
    first, second = (portraits_of(said)[place].images for place in (0, 1))
    assert not np.array_equal(first, second)  # type: ignore[arg-type]


def test_the_images_tell_the_classes_apart() -> None:
    """As a template, each class's weights fit the training images of that class best."""
    study = study_with(DECAY, *LINEAR, "final.train_on='training'")
    _, data = section_and_data(study)
    _, said = evaluated(study, TRIALS[:1])
    images = portraits_of(said)[0].images
    assert images is not None
    fold = fold_of(data)
    means = [fold.x[fold.targets == label].mean(axis=0).reshape(8, 8) for label in range(10)]
    fits = np.einsum("chw,lhw->cl", images, np.array(means))
    assert fits.argmax(axis=1).tolist() == list(range(10))


def test_drawing_moves_no_number_of_the_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    study = study_with(DECAY)
    with_portraits = evaluated(study)
    monkeypatch.setattr(final, "portraits", lambda *_: {})
    without = evaluated(study)
    assert portraits_of(without[1]) == {}
    assert repr(with_portraits[0]) == repr(without[0])  # NaN is not itself
    assert with_portraits[1].result == without[1].result


def test_the_same_final_has_the_same_portraits() -> None:
    first, second = (portraits_of(evaluated(study_with(DECAY))[1]) for _ in range(2))
    for place in range(3):
        assert_same(first[place], second[place])


def assert_same(one: Portrait, other: Portrait) -> None:
    np.testing.assert_array_equal(one.gradient_counts, other.gradient_counts)
    np.testing.assert_array_equal(one.gradient_edges, other.gradient_edges)
    assert one.classes == other.classes
    assert (one.images is None) == (other.images is None)
    if one.images is not None:
        np.testing.assert_array_equal(one.images, other.images, strict=True)


def test_stacks_of_their_own_have_portraits_at_their_places() -> None:
    study = study_with(DECAY)
    other = Assignment({"learning_rate": 0.05, "batch_size": 50}, 8)
    _, said = evaluated(study, (TRIALS[0], other, TRIALS[1]))
    _, pair = evaluated(study, (TRIALS[0], TRIALS[1]))
    _, single = evaluated(study, (other,))
    assert sorted(portraits_of(said)) == [0, 1, 2]
    assert_same(portraits_of(said)[0], portraits_of(pair)[0])
    assert_same(portraits_of(said)[1], portraits_of(single)[0])
    assert_same(portraits_of(said)[2], portraits_of(pair)[1])


def test_who_diverged_has_none() -> None:
    study = study_with(DECAY, "network.batch_norm='none'")
    _, said = evaluated(study, (DIVERGING, TRIALS[0]))
    assert list(portraits_of(said)) == [1]
    _, nobody = evaluated(study, (DIVERGING,))
    assert portraits_of(nobody) == {}


def test_who_diverged_in_the_last_epoch_has_none() -> None:
    study = study_with("training.schedule={kind='constant', epochs=1}", "network.batch_norm='none'")
    _, said = evaluated(study, (TRIALS[0], DIVERGING))
    assert list(portraits_of(said)) == [0]


def test_a_winner_that_is_trained_again_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(final, "portraits", lambda *given: drawn.append(given) or {})
    study = study_with(DECAY)
    section, data = section_and_data(study)
    drained(final.retrain(study.objective, section, TRIALS, ORDER_SEED, data))  # type: ignore[arg-type]
    assert drawn == []
    evaluated(study)
    assert len(drawn) == 1


def test_what_is_no_image_of_the_data_set_is_refused() -> None:
    study = study_with(DECAY, *LINEAR)
    _, data = section_and_data(study)
    fold = fold_of(data)
    narrow = Data(fold.x[:, :60], fold.targets, fold.validation_x[:, :60], fold.validation_targets)
    recipe = Recipe(100, schedule.Constant(1), 0)
    (epoch,) = training.train(Architecture(60, 10), [Member((), 1, 0.1)], recipe, narrow)
    with pytest.raises(KlayerError, match="60 inputs are no image"):
        portraits(epoch.network, [0], [], recipe, narrow, data)


def drawn(seed: int, *, images: bool = True) -> Portrait:
    draw = np.random.default_rng(seed)
    return Portrait(
        gradient_counts=draw.integers(0, 2**40, (3, 60)),
        gradient_edges=np.sort(draw.standard_normal((3, 61))),
        images=draw.standard_normal((2, 4, 5, 3)).astype(np.float32) if images else None,
        classes=("cat", "Föhn"),
    )


def test_the_same_portrait_is_the_same_bytes() -> None:
    assert to_bytes(drawn(1)) == to_bytes(drawn(1))
    assert to_bytes(drawn(1)) != to_bytes(drawn(2))
    for one in (drawn(1), drawn(2, images=False)):
        assert_same(from_bytes(to_bytes(one)), one)


def archive(**changed: object) -> bytes:
    """The bytes of a portrait with other arrays; None leaves one out."""
    with np.load(io.BytesIO(to_bytes(drawn(1))), allow_pickle=False) as good:
        arrays = {name: good[name] for name in good.files} | changed
    file = io.BytesIO()
    np.savez(file, **{name: one for name, one in arrays.items() if one is not None})  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing of the kind",
        to_bytes(drawn(1))[:-40],
        bytes(byte ^ (place == 700) for place, byte in enumerate(to_bytes(drawn(1)))),
        archive(gradient_counts=None),
        archive(classes=None),
        archive(gradient_counts=np.zeros(60, int)),
        archive(gradient_edges=np.zeros((3, 60))),
        archive(classes=np.array(["one"])),
        archive(gradient_counts=np.array([[object()] * 60] * 3)),
    ],
    ids=[
        "empty",
        "text",
        "cut",
        "one byte",
        "no counts",
        "no classes",
        "one dimension",
        "edges",
        "names",
        "pickle",
    ],
)
def test_what_is_no_portrait_is_refused_and_no_pickle_is_opened(content: bytes) -> None:
    with pytest.raises(DataError, match="a portrait of a trained network is damaged: "):
        from_bytes(content)
    assert_same(from_bytes(archive()), drawn(1))
