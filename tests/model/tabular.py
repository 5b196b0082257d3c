"""Networks with drawn weights that read a table's columns, as a search would save them."""

from pathlib import Path

import numpy as np

from model.data import encoding
from model.data.own_table import OwnTable, Parts
from model.data.standardise import Statistics, statistics
from model.data.table_options import Scaling, TableOptions
from model.inference import Network
from model.members import Architecture, Member
from model.parameters import initialise
from model.saved_network import SavedNetwork
from tests.model.data.tables import rows_of, write_table


def network_of_table(
    folder: Path,
    *targets: str,
    snapshots: int = 0,
    table: Path | None = None,
    scaling: Scaling = "standard",
) -> SavedNetwork:
    """Of tests' usual table, or of another one with the same columns."""
    others = {"patient", "label", "price"} - set(targets)
    options = TableOptions(targets, exclude=tuple(sorted(others)), scaling=scaling)
    path = table or write_table(folder / "cars.csv", rows_of(120))
    fold = OwnTable(path, options, Parts(), 3).fold()
    assert fold.encoding is not None
    assert fold.statistics is not None
    loss = "cross_entropy" if fold.classes else "squared_error"
    architecture = Architecture(
        fold.raw.x.shape[1],
        len(fold.classes) or len(targets),
        loss=loss,  # type: ignore[arg-type]
    )
    member = Member((5,), 1, 0.1)
    networks = [
        Network(
            architecture,
            (member,),
            initialise(architecture, [Member((5,), seed, 0.1)], np.float32),
            (None,),
        )
        for seed in range(1, 2 + snapshots)
    ]
    scale: Statistics | None = None if fold.classes else statistics(fold.raw.y, fold.rows[0])
    return SavedNetwork(
        networks[0],
        tuple(networks[1:]),
        fold.statistics.mean,
        fold.statistics.std,
        fold.classes,
        None if scale is None else scale.mean,
        None if scale is None else scale.std,
        fold.target_names,
        encoding.of(fold.encoding),
    )
