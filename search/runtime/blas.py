"""Which kernels the BLAS computes with: chosen before NumPy is loaded, from what the processor has.

NumPy's wheels carry OpenBLAS, which picks its kernels by the processor's model when it is loaded. A
release that is older than the processor may not know it, AMD's above all, and then takes kernels
for AVX2 where AVX-512 is there: the same products take up to twice as long. `OPENBLAS_CORETYPE` in
the environment names the kernels instead, for this process and for those that it starts. Numbers of
one kernel differ from another's in their last bits, so what is chosen depends on the machine and
the setting, and on nothing else.

Other BLAS libraries do not read that variable; for them nothing here has an effect.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from search.errors import KlayerError

SETTING = "KLAYER_BLAS_KERNELS"
CORETYPE = "OPENBLAS_CORETYPE"
AUTO, DEFAULT = "auto", "default"

_AVX512 = frozenset({"avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd"})
_AVX2 = frozenset({"avx2", "fma"})

# OpenBLAS's kernels for x86-64 that NumPy's wheels are built with, and what a processor must have
# to run them, as /proc/cpuinfo calls it: one that lacks it ends with an illegal instruction.
KERNELS: Mapping[str, frozenset[str]] = {
    "Prescott": frozenset({"pni"}),  # SSE3
    "Nehalem": frozenset({"sse4_2"}),
    "Sandybridge": frozenset({"avx"}),
    "Haswell": _AVX2,
    "SkylakeX": _AVX512,
}


@dataclass(frozen=True)
class Processor:
    """What /proc/cpuinfo says of an x86 processor.

    Attributes:
        vendor: Such as AuthenticAMD; "" where it is not said.
        flags: What it can do; empty where it is not said, as on other architectures.
    """

    vendor: str
    flags: frozenset[str]


def choose_kernels(processor: Processor, environment: Mapping[str, str]) -> str | None:
    """The name that `OPENBLAS_CORETYPE` should have; None to leave the environment as it is.

    Args:
        processor: What computes.
        environment: Holds the setting, "auto" unless it is there, and perhaps `OPENBLAS_CORETYPE`,
            which goes before "auto".

    Raises:
        KlayerError: The setting is no word that it may be, or names kernels that the processor
            cannot run.
    """
    said = environment.get(SETTING, "") or AUTO
    if said == DEFAULT:
        return None
    if said == AUTO:
        known = bool(environment.get(CORETYPE)) or processor.vendor != "AuthenticAMD"
        return "SkylakeX" if not known and processor.flags >= _AVX512 else None
    name = {known.lower(): known for known in KERNELS}.get(said.lower())
    if name is None:
        raise KlayerError(f"{SETTING}: {said!r} is none of {AUTO}, {DEFAULT}, {', '.join(KERNELS)}")
    missing = KERNELS[name] - processor.flags
    if missing:
        raise KlayerError(
            f"{SETTING}: {name} kernels need {', '.join(sorted(missing))}, which this processor "
            f"does not have; {AUTO} takes what fits"
        )
    return name


def set_kernels(environment: MutableMapping[str, str]) -> None:
    """Put the choice for this machine into the environment; call it before NumPy is imported.

    Raises:
        KlayerError: As `choose_kernels`.
    """
    chosen = choose_kernels(read_processor(), environment)
    if chosen is not None:
        environment[CORETYPE] = chosen


def read_processor(file: Path = Path("/proc/cpuinfo")) -> Processor:
    """This machine's first processor; one without any flags where the file says nothing of it."""
    said: dict[str, str] = {}
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.strip():
                    break  # the others are alike, and there may be hundreds
                key, _, value = line.partition(":")
                said[key.strip()] = value.strip()
    except OSError:
        pass
    return Processor(said.get("vendor_id", ""), frozenset(said.get("flags", "").split()))
