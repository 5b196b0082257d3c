"""Which machine this is, so that a file that one machine's memory holds is not used from two."""

import platform
import uuid
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def host_identity(boot_id: Path = _BOOT_ID) -> str:
    """A name of the running kernel: the same for all processes on it, in all its containers.

    On Linux it is another one after each start of the machine. Elsewhere it is the machine's name
    with the address of its network card, where it has one.

    Args:
        boot_id: The file in which Linux says it.
    """
    try:
        found = boot_id.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        found = ""
    return found or _machine(platform.node(), uuid.getnode())


def _machine(name: str, node: int) -> str:
    is_drawn = bool(node >> 40 & 1)  # without a card Python draws a number in each process anew
    return name if is_drawn else f"{name}-{node:012x}"
