"""Testbeds that start side by side get ports of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.testbed import processes
from tests.testbed.errors import TestbedError

OTHER = """
from tests.testbed import processes
processes._PORTS, processes._DRAWS = {ports}, {draws}
print(*processes.free_ports(12), flush=True)
input()
"""


def test_no_other_process_draws_a_port_before_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    start = processes.free_ports(1)[0]
    ports = (start + 1, start + 31)
    monkeypatch.setattr(processes, "_PORTS", ports)
    monkeypatch.setattr(processes, "_DRAWS", 30)
    code = OTHER.format(ports=ports, draws=30)
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        theirs = set(map(int, other.stdout.readline().split()))
        assert len(theirs) == 12
        ours = set(processes.free_ports(8))
        assert not ours & theirs, "nothing listens on these ports yet"
        with pytest.raises(TestbedError, match=r"Of 30 ports between .* fewer than 30 are free"):
            processes.free_ports(30)
        other.communicate("\n")
    assert set(processes.free_ports(6)) <= theirs, "they are free again"
