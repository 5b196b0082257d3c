"""The name of the running kernel: one for all processes on it."""

import subprocess
import sys
from pathlib import Path

import pytest

from search.ledger.host import _machine, host_identity


def test_all_processes_of_a_machine_have_one_name() -> None:
    code = "from search.ledger.host import host_identity; print(host_identity())"
    said = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    }
    assert said == {host_identity()}
    assert host_identity()


@pytest.mark.skipif(sys.platform != "linux", reason="a file of Linux")
def test_a_container_has_the_name_of_its_machine() -> None:
    """What a container changes is the name of the host; the kernel stays."""
    assert host_identity() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff"])
def test_where_the_kernel_does_not_say_it_is_the_name_of_the_machine(
    tmp_path: Path, content: bytes
) -> None:
    missing = host_identity(tmp_path / "missing")
    (tmp_path / "boot_id").write_bytes(content)
    assert host_identity(tmp_path / "boot_id") == missing
    assert missing


def test_a_number_that_python_draws_anew_is_left_out() -> None:
    assert _machine("lab-1", 0x02_42_AC_11_00_02) == "lab-1-0242ac110002"
    assert _machine("lab-1", 0x01_42_AC_11_00_02) == "lab-1"
