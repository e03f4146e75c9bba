"""The rooms of both packages: their number, their size, and that no two files need each other."""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"bayplan": ROOT / "placement/bayplan", "bayplan_operator": ROOT / "operator/bayplan_operator"}
MOST_ROOMS = 12
MOST_LINES = 400
MOST_PARAMETERS = 7


@cache
def modules(package: str) -> dict[str, Path]:
    """Dotted name to file."""
    folder = PACKAGES[package]
    found = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imports(package: str) -> dict[str, dict[str, ast.ImportFrom]]:
    """Module to the modules of its package that it imports from, wherever in the file."""
    known = modules(package)
    found: dict[str, dict[str, ast.ImportFrom]] = {}
    for name, path in known.items():
        found[name] = {}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    target = f"{node.module}.{alias.name}"
                    found[name][target if target in known else node.module] = node
        found[name] = {target: node for target, node in found[name].items() if target in known and target != name}
    return found


def cycle(edges: dict[str, dict[str, ast.ImportFrom]]) -> list[str]:
    """Modules that need each other in a ring; empty: there are none."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        stack: list[Iterator[str]] = [iter([start])]
        while stack:
            module = next(stack[-1], None)
            if module is None:
                stack.pop()
                if path:
                    done.add(path.pop())
            elif module in path:
                return [*path[path.index(module) :], module]
            elif module not in done:
                path.append(module)
                stack.append(iter(edges[module]))
    return []


def test_a_ring_of_imports_is_found() -> None:
    node = ast.ImportFrom("", [], 0)
    assert cycle({"a": {"b": node}, "b": {"c": node}, "c": {"b": node}}) == ["b", "c", "b"]
    assert cycle({"a": {"b": node, "c": node}, "b": {"c": node}, "c": {}}) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_two_files_need_each_other(package: str) -> None:
    assert cycle(imports(package)) == []


def test_no_import_of_the_library_hides_inside_a_function_or_behind_type_checking() -> None:
    hidden = [
        f"{name} imports {target} in line {node.lineno}"
        for name, found in imports("bayplan").items()
        for target, node in found.items()
        if node.col_offset > 0
    ]
    assert hidden == []


def test_the_library_has_few_rooms() -> None:
    rooms = [each for each in PACKAGES["bayplan"].iterdir() if each.suffix == ".py" or (each / "__init__.py").exists()]
    assert len(rooms) - 1 <= MOST_ROOMS, sorted(each.name for each in rooms)  # the package's own __init__.py is no room


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_long(package: str) -> None:
    long = {
        name: lines for name, path in modules(package).items() if (lines := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


@cache
def class_names(package: str) -> dict[str, list[str]]:
    """Public class to the places that give its name a meaning: classes, and names bound at the top of a module."""
    classes: dict[str, list[str]] = {}
    others: list[tuple[str, str]] = []
    for path in modules(package).values():
        where = path.relative_to(ROOT)
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                classes.setdefault(node.name, []).append(f"{where}:{node.lineno}")
        for node in tree(path).body:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
            others += [(each.id, f"{where}:{node.lineno}") for each in targets if isinstance(each, ast.Name)]
    for name, place in others:
        if name in classes:
            classes[name].append(place)
    return classes


@pytest.mark.parametrize("package", PACKAGES)
def test_a_class_name_has_one_meaning(package: str) -> None:
    doubles = [f"{name}: {' and '.join(places)}" for name, places in class_names(package).items() if len(places) > 1]
    assert class_names(package)
    assert not doubles, "\n".join(doubles)


@cache
def constructors(room: str) -> dict[str, int]:
    """Class of a room of the operator to the number of parameters of its constructor."""
    found = {}
    for name in [each for each in modules("bayplan_operator") if each.startswith(room)]:
        module = importlib.import_module(name)
        for each in vars(module).values():
            if isinstance(each, type) and each.__module__ == name and not issubclass(each, Enum):
                found[f"{name}.{each.__qualname__}"] = len(inspect.signature(each).parameters)
    return found


def test_nothing_in_the_conductor_needs_more_than_seven_things_to_be_made() -> None:
    needs = constructors("bayplan_operator.conductor.")
    assert len(needs) > 50
    assert {name: count for name, count in needs.items() if count > MOST_PARAMETERS} == {}


CLOCKS = re.compile(r"time\.(time|monotonic|perf_counter|process_time|thread_time)\b|datetime\.now\(")


@pytest.mark.parametrize("package", PACKAGES)
def test_clocks_are_handed_in(package: str) -> None:
    """Commands may look at the clock; everything else is told what time it is."""
    reads = {
        str(path.relative_to(ROOT))
        for name, path in modules(package).items()
        if CLOCKS.search(path.read_text()) and not name.startswith("bayplan_operator.cli.")
    }
    assert reads == {"placement/bayplan/warm/__main__.py" if package == "bayplan" else "operator/bayplan_operator/clock.py"}
