"""`klayer extend`: a finished search comes to what the longer study would have come to."""

import json
from pathlib import Path
from typing import Any

import pytest

STUDY = """
[objective]
kind = "command"
command = ["sh", "train.sh", "{x}"]
[hyperparameters]
x = {low = 0.0, high = 1.0, log = false}
[[metrics]]
name = "loss"
direction = "minimize"
[[stages]]
name = "coarse"
trials = 4
"""
FINAL = "[final]\nfinalists = 2\nseeds = 2\n"
MORE = """
[[stages]]
name = "fine"
trials = 3
zoom = {rule = "quantile", quantile = 0.5}
"""
TRAIN = 'echo "{\\"loss\\": $1}" >> "$KLAYER_REPORT"\n'


def trials(klayer_here: Any, name: str) -> Any:
    _, out, _ = klayer_here("export", name, "--format", "json")
    return [
        {key: one[key] for key in ("stage", "number", "state", "value", "parameters", "seed")}
        for one in json.loads(out)["trials"]
    ]


@pytest.mark.long
def test_it_comes_to_what_the_longer_study_would_have_come_to(
    klayer_here: Any, tmp_path: Path
) -> None:
    (tmp_path / "line.toml").write_text(STUDY + FINAL)
    (tmp_path / "longer.toml").write_text(STUDY + MORE + FINAL)
    (tmp_path / "train.sh").write_text(TRAIN)
    assert klayer_here("run", "line.toml")[0] == 0
    status, _, err = klayer_here("extend", "line", "--stages", "longer.toml")
    assert status == 2
    assert err == "klayer: line: nothing was done: nobody can be asked here; give --yes\n"
    status, out, err = klayer_here("extend", "line", "--stages", "longer.toml", "--yes")
    assert (status, err) == (0, "")
    assert "stages.fine: added" in out
    assert "test rows" not in out  # a program has none
    assert klayer_here("run", "longer.toml", "--name", "line")[0] == 0
    assert klayer_here("run", "longer.toml")[0] == 0
    assert trials(klayer_here, "line") == trials(klayer_here, "longer")
    status, out, _ = klayer_here("status", "line")
    assert "stages.fine: added" in out

    assert klayer_here("extend", "line")[2] == (
        "klayer: line: give either --stages FILE or --trials N\n"
    )
    assert klayer_here("extend", "line", "--trials", "2", "--set", "seed=3")[::2] == (
        2,
        "klayer: line: found --set with --trials; give it with --stages FILE\n",
    )
    assert klayer_here("extend", "line", "--trials", "2", "--yes")[0] == 0
    assert klayer_here("run", "line.toml")[0] == 0  # as it was before it grew
    assert [one["stage"] for one in trials(klayer_here, "line")].count("more") == 2
