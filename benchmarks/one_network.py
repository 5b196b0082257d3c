"""Part 1: one network on one thread, klayer beside PyTorch and scikit-learn."""

import statistics

from benchmarks.machine import kernels
from benchmarks.report import Section, Table
from benchmarks.rounds import Spread, ratio, take_turns
from benchmarks.setting import Setting, say
from benchmarks.timing import Work

EPOCHS = 3
OURS, OLD_KERNELS = "klayer", "klayer, AVX2 kernels"
PYTORCH, COMPILED = "PyTorch, eager", "PyTorch, torch.compile"
SCIKIT = "scikit-learn MLPClassifier"
CONTENDERS = {
    work.label: work
    for work in (
        Work(OURS, "klayer"),
        Work(OLD_KERNELS, "klayer", kernels="Haswell"),
        Work(PYTORCH, "pytorch"),
        Work(COMPILED, "pytorch", {"compiled": True}),
        Work(SCIKIT, "scikit_learn"),
    )
}


def run(setting: Setting) -> Section:
    """Seconds an epoch, its evaluation included."""

    def epoch(label: str) -> float:
        (seconds,) = setting.seconds(CONTENDERS[label], 1, EPOCHS)
        return statistics.mean(seconds)

    measured = take_turns(list(CONTENDERS), setting.rounds, epoch, say)
    ours = measured.figures[OURS]
    rows = []
    for label in CONTENDERS:
        if label in measured.reasons:
            rows.append([label, f"does not run here: {measured.reasons[label]}", ""])
            continue
        seconds = measured.figures[label]
        rows.append([label, Spread.of(seconds).text(), ratio(seconds, ours).text(2)])
    figures = {
        f"one network / {label}": ratio(measured.figures[label], ours).median
        for label in (PYTORCH, COMPILED, SCIKIT)
        if label in measured.figures
    }
    return Section(
        "1. One network, one thread",
        [Table(["", "seconds an epoch", "times klayer's"], rows)],
        figures,
        [
            f"{setting.problem.name}, {setting.problem.rows:,} rows, batch "
            f"{setting.problem.batch_size}; klayer's BLAS: {kernels()}. scikit-learn has neither "
            "batch normalisation nor leaky ReLU: its epoch is less work.",
        ],
    )
