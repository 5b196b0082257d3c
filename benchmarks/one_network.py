"""Part 1: one network on one thread, klayer beside PyTorch and scikit-learn."""

import statistics

from benchmarks.machine import kernel_settings, kernels, klayer_kernels
from benchmarks.report import Section, Table
from benchmarks.rounds import Spread, counted, ratio, take_turns
from benchmarks.setting import Setting, say
from benchmarks.timing import Work

EPOCHS = 3
AVX2 = "Haswell"
OURS, OLD_KERNELS = "klayer", "klayer, AVX2 kernels"
PYTORCH, COMPILED = "PyTorch, eager", "PyTorch, torch.compile"
SCIKIT = "scikit-learn MLPClassifier"


def contenders() -> dict[str, Work]:
    """Who takes turns, by label."""
    works = [Work(OURS, "klayer", kernels=klayer_kernels())]
    if AVX2 in kernel_settings():
        works.append(Work(OLD_KERNELS, "klayer", kernels=AVX2))
    works += [
        Work(PYTORCH, "pytorch"),
        Work(COMPILED, "pytorch", {"compiled": True}),
        Work(SCIKIT, "scikit_learn"),
    ]
    return {work.label: work for work in works}


def run(setting: Setting) -> Section:
    """Seconds an epoch, its evaluation included."""
    known = contenders()

    def epoch(label: str) -> float:
        (seconds,) = setting.seconds(known[label], 1, EPOCHS)
        return statistics.mean(seconds)

    measured = take_turns(list(known), setting.rounds, epoch, say)
    ours = measured.of(OURS)

    def cells(_: str, seconds: list[float]) -> list[str]:
        return [Spread.of(seconds).text(), ratio(seconds, ours).text(2)]

    columns = ["", "seconds an epoch", "times klayer's"]
    figures = {
        f"one network / {label}": ratio(measured.figures[label], ours).median
        for label in (PYTORCH, COMPILED, SCIKIT)
        if label in measured.figures
    }
    return Section(
        "1. One network, one thread",
        [Table(columns, measured.rows(known, cells, len(columns)))],
        figures,
        [
            f"{setting.problem.name}, {setting.problem.rows:,} rows, batch "
            f"{setting.problem.batch_size}; {counted(measured.rounds)}. klayer's BLAS: "
            f"{kernels(klayer_kernels())}. "
            "scikit-learn has neither batch normalisation nor leaky ReLU: its epoch is less work.",
        ],
    )
