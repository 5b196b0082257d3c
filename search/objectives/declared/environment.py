"""Environment variables of a user's training: its resources, and those of the study file."""

from collections.abc import Mapping, Sequence

from search.errors import KlayerError
from search.objectives.declared.tables import ResourcesTable
from search.runtime.formatting import plural

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
"""What numerical libraries read before they start threads."""


def variables(
    resources: ResourcesTable, extra: Mapping[str, str], devices: Sequence[str] | None
) -> dict[str, str]:
    """What a trial's environment has besides the worker's own.

    Args:
        resources: What a trial may use.
        extra: Variables of the study file; they win.
        devices: The GPUs of this worker; None where it was not said which they are, and then the
            environment's own CUDA_VISIBLE_DEVICES holds.

    Raises:
        KlayerError: The worker has fewer GPUs than a trial is to have.
    """
    found = dict.fromkeys(THREADS, str(resources.threads))
    if resources.gpus and devices is not None:
        if len(devices) < resources.gpus:
            has = plural(len(devices), "GPU")
            raise KlayerError(
                f"resources.gpus: found {resources.gpus}, but this worker has {has}; list as many "
                "for each worker with --gpus, such as --gpus 0,1, or start fewer workers"
            )
        found["CUDA_VISIBLE_DEVICES"] = ",".join(devices[: resources.gpus])
    return {**found, **extra}
