"""Every module of the library serves the operator, its commands or the simulator."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = {"bayplan": ROOT / "placement", "bayplan_operator": ROOT / "operator"}


@cache
def modules() -> dict[str, Path]:
    """Name to file, of both packages; a folder's own file by the name of the folder."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in (folder / package).rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imported(name: str) -> set[str]:
    """The modules that one needs. What it takes from a folder counts as taken from where that is defined."""
    found = set()
    for node in ast.walk(ast.parse(modules()[name].read_text())):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names} & modules().keys()
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {at for each in node.names if (at := defined(node.module, each.name))}
    return found


def defined(module: str, name: str) -> str | None:
    """The module in which a name is defined that another one offers; none: it is none of ours."""
    if f"{module}.{name}" in modules():
        return f"{module}.{name}"
    path = modules().get(module)
    if path is not None and path.name == "__init__.py":
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.module and name in {each.asname or each.name for each in node.names}:
                return defined(node.module, name)
    return module if path is not None else None


def reached(begin: set[str]) -> set[str]:
    """They and everything that they need."""
    found, todo = set[str](), sorted(begin)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += imported(name)
    return found


def test_a_module_that_nothing_needs_would_be_found() -> None:
    assert "bayplan.core.decider" in reached({"bayplan_operator.process"})
    assert "bayplan.simulation.simulator" not in reached({"bayplan.core.decider"})
    assert defined("bayplan.foresight.graph_plans", "make_plan") == "bayplan.foresight.graph_plans.make"


def test_no_module_of_the_library_serves_tests_and_benchmarks_alone() -> None:
    begin = {name for name in modules() if name.startswith("bayplan_operator")} | {"bayplan.warm.__main__"}
    served = reached(begin)
    offered = {name for name, path in modules().items() if path.name == "__init__.py"}  # a folder's own file holds names
    unused = {name for name in modules() if name.startswith("bayplan.")} - served - offered
    assert unused == set()
