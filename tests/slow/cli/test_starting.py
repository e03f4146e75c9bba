"""The command starts fast: what it imports, and the processor time that it takes."""

from __future__ import annotations

import pytest

from tests.unit.cli.flags import commands
from tests.unit.cli.processes import imported_by, processor_seconds

HEAVY = {"scipy", "numba", "kopf", "kubernetes"}
MINIMAL = ("plan", "-f", "examples/minimal.yaml", "--nodes", "examples/simulation/nodes.yaml")
BUSY = 1.7
"""Processor time on a machine that does other things too, as a multiple: caches and hyper-threads are shared."""


@pytest.mark.parametrize("name", ["", *commands()])
def test_help_imports_no_more_than_the_options_need(name: str) -> None:
    imported = imported_by(*([name] if name else []), "--help")
    assert imported & (HEAVY | {"numpy", "aiohttp"}) == set()
    assert "typer" in imported


def test_a_plan_of_a_few_tasks_imports_no_compiler_and_no_client() -> None:
    assert imported_by(*MINIMAL) & HEAVY == set()


@pytest.mark.parametrize(
    ("arguments", "seconds"), [(("--help",), 0.3), (("show", "--help"), 0.3), (MINIMAL, 1.0)], ids=["help", "show", "plan"]
)
def test_processor_time(arguments: tuple[str, ...], seconds: float) -> None:
    assert processor_seconds(*arguments) < seconds * BUSY
