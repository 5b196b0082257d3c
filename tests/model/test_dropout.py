"""A member's masks are its own, whatever the stack; what stays makes up for what is dropped."""

import numpy as np

from model.dropout import Masks, of_inputs
from model.members import Member
from model.seeding import generator

ONE = Member((40, 30), 11, 0.1, dropout=0.5)
OTHER = Member((50, 20), 12, 0.1, dropout=0.2)
PLAIN = Member((45, 25), 13, 0.1)
FLOAT = np.dtype(np.float32)


def test_a_members_masks_are_those_it_has_alone_in_every_batch() -> None:
    together = Masks([PLAIN, ONE, OTHER], 3, FLOAT)
    alone = Masks([ONE], 3, FLOAT)
    for rows in (16, 16, 5):
        for mask, own in zip(together.draw(rows), alone.draw(rows), strict=True):
            assert mask.dtype == own.dtype == FLOAT
            assert np.array_equal(mask[1, :, : own.shape[2]], own[0])
            assert (mask[0] == 1).all()


def test_masks_differ_between_members_layers_batches_and_epochs() -> None:
    alike = [ONE, Member((40, 40), 12, 0.1, dropout=0.5)]
    epochs = [Masks(alike, epoch, FLOAT) for epoch in (1, 2)]
    drawn = [
        mask[i, :, :30] for e in epochs for _ in range(2) for mask in e.draw(20) for i in (0, 1)
    ]
    assert len({one.tobytes() for one in drawn}) == 16


def test_a_share_is_dropped_and_the_mean_stays() -> None:
    (mask, _) = Masks([Member((300, 1), 1, 0.1, dropout=0.3)], 1, np.dtype(np.float64)).draw(300)
    assert set(np.unique(mask)) == {0, 1 / (1 - 0.3)}
    assert abs((mask == 0).mean() - 0.3) < 0.01


def test_of_a_rate_of_nearly_1_next_to_nothing_stays() -> None:
    (mask, _) = Masks([Member((300, 1), 1, 0.1, dropout=1 - 1e-6)], 1, FLOAT).draw(300)
    assert (mask == 0).mean() > 0.999


def test_without_a_rate_there_are_no_masks() -> None:
    assert Masks([PLAIN, PLAIN], 1, FLOAT).draw(10) == ()


def test_inputs_stay_shared_where_the_rates_are_equal() -> None:
    x = np.ones((50, 60))
    rates = [Member((), i, 0.1, input_dropout=rate) for i, rate in enumerate((0.0, 0.25, 0.5))]
    drawn = [
        of_inputs(x, members, generator(1, "input dropout", 1))
        for members in ([rates[1]] * 2, [rates[2]], rates)
    ]
    assert [one.shape for one in drawn] == [(50, 60), (50, 60), (3, 50, 60)]
    assert np.array_equal(drawn[2], [x, drawn[0], drawn[1]])
    assert not drawn[1][drawn[0] == 0].any()  # what a lower rate drops, a higher one does too
    own = of_inputs(np.stack([x] * 3), rates, generator(1, "input dropout", 1))
    assert np.array_equal(own, drawn[2])
    assert abs((drawn[1] == 0).mean() - 0.5) < 0.03
    assert of_inputs(x, rates[:1], generator(1, "input dropout", 1)) is x
