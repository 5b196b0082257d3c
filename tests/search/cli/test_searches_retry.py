"""`klayer retry`: what failed is trained again, and the search comes to what it would have been."""

import json
from pathlib import Path
from typing import Any

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
[[stages]]
name = "fine"
trials = 2
zoom = {rule = "quantile", quantile = 0.5}
"""
TRAIN = """
case $1 in 0.[0-4]*) [ -e mended ] || { echo no licence; exit 1; };; esac
echo "{\\"loss\\": $1}" >> "$KLAYER_REPORT"
"""


def exported(klayer_here: Any, name: str) -> Any:
    _, out, _ = klayer_here("export", name, "--format", "json")
    return [
        {key: one[key] for key in ("stage", "number", "state", "value", "parameters", "seed")}
        for one in json.loads(out)["trials"]
    ]


def test_a_run_with_failed_trials_says_so_and_they_are_trained_again(
    klayer_here: Any, tmp_path: Path
) -> None:
    (tmp_path / "line.toml").write_text(STUDY)
    (tmp_path / "train.sh").write_text(TRAIN)
    status, out, err = klayer_here("run", "line.toml")
    assert status == 3
    assert "no licence" in out
    assert err.endswith("failed; `klayer retry line` lets them be trained again\n")
    assert "failed" in {one["state"] for one in exported(klayer_here, "line")}

    (tmp_path / "mended").touch()
    status, _, err = klayer_here("retry", "line")
    assert (status, err) == (
        2,
        "klayer: line: nothing was done: nobody can be asked here; give --yes\n",
    )
    status, out, err = klayer_here("retry", "line", "--yes")
    assert (status, err) == (0, "")
    assert out.endswith("that followed without them planned anew\n")
    assert klayer_here("run", "line.toml")[0] == 0
    assert klayer_here("run", "line.toml", "--name", "whole")[0] == 0
    assert exported(klayer_here, "line") == exported(klayer_here, "whole")
    status, _, err = klayer_here("retry", "line")
    assert (status, err) == (2, "klayer: line: no trial of this search failed\n")
