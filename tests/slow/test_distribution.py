"""What `pip install bayplan` brings: sdist and wheel built from this checkout, and the wheel in a Python of its own.

That Python finds what the wheel declares that it needs, and nothing else: the packages are links to those that run the tests.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bayplan_operator.cli.missing import EXTRAS

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = (ROOT / "placement" / "bayplan", ROOT / "operator" / "bayplan_operator")
BESIDE = {".gitignore", "CHANGELOG.md", "CITATION.cff", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
"""Of the sdist, beside the packages; hatchling always adds the first, and writes PKG-INFO."""
GRAPH, NODES = ROOT / "examples" / "minimal.yaml", ROOT / "examples" / "simulation" / "nodes.yaml"


@dataclass(frozen=True)
class Built:
    """An sdist, and a wheel that was built from what is in it."""

    sdist: Path
    wheel: Path

    def metadata(self) -> Message:
        """That of the wheel; its payload is the README as PyPI shows it."""
        with zipfile.ZipFile(self.wheel) as archive:
            name = next(each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
            return message_from_string(archive.read(name).decode())


def files(package: Path) -> Iterator[Path]:
    """Of a package, but for what Python writes itself."""
    yield from (path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def build(source: Path, kind: str, into: Path) -> Path:
    run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)], cwd=source)
    return next(into.glob("*.tar.gz" if kind == "sdist" else "*.whl"))


def run(command: list[str], cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What a program says, which has to end with that exit code; what this run's Python imports is not for it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{command}: {done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    sdist = build(ROOT, "sdist", folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return Built(sdist, build(folder / sdist.name.removesuffix(".tar.gz"), "wheel", folder))


@pytest.fixture(scope="module")
def python(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of a fresh environment with the wheel, and with what it declares."""
    home = tmp_path_factory.mktemp("home")
    venv.create(home / "venv", with_pip=False)
    programs = home / "venv" / "bin"
    arguments = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check", str(built.wheel)]
    run([sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", *arguments], cwd=home)
    site = next((home / "venv" / "lib").glob("python*/site-packages"))
    link(needed(built.metadata()), site)
    return programs


def needed(metadata: Message) -> set[str]:
    """The distributions that the wheel asks for without an extra, and those that these ask for."""
    found: set[str] = set()
    waiting = [Requirement(each) for each in metadata.get_all("Requires-Dist", [])]
    while waiting:
        asked = waiting.pop()
        name = canonicalize_name(asked.name)
        if name not in found and (asked.marker is None or asked.marker.evaluate({"extra": ""})):
            found.add(name)
            waiting += [Requirement(each) for each in importlib.metadata.requires(name) or ()]
    return found


def link(distributions: set[str], site: Path) -> None:
    for name in distributions:
        distribution = importlib.metadata.distribution(name)
        for top in {Path(file).parts[0] for file in distribution.files or ()} - {"..", "__pycache__"}:
            source = Path(str(distribution.locate_file(top)))
            if source.exists() and not (site / top).exists():
                (site / top).symlink_to(source)


def test_the_sdist_holds_the_packages_and_what_a_build_needs(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        inside = {each.name.partition("/")[2] for each in archive.getmembers() if each.isfile()}
    ours = {str(path.relative_to(ROOT)) for package in PACKAGES for path in files(package)}
    assert inside == ours | BESIDE


def test_the_wheel_holds_the_two_packages_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == {str(path.relative_to(package.parent)) for package in PACKAGES for path in files(package)}


def test_without_extras_it_brings_no_client_of_a_cluster(built: Built) -> None:
    brought = needed(built.metadata())
    assert brought & {canonicalize_name(module) for modules in EXTRAS.values() for module in modules} == set()
    assert {"numpy", "scipy", "pydantic", "typer"} <= brought


def test_what_is_said_of_missing_packages_is_what_the_extras_bring() -> None:
    """The modules of these are called as their distributions are."""
    for extra, modules in EXTRAS.items():
        declared = {canonicalize_name(Requirement(each).name) for each in PROJECT["optional-dependencies"][extra]}
        assert declared == {canonicalize_name(module) for module in modules}


def test_the_command_runs_from_the_wheel(python: Path, tmp_path: Path) -> None:
    assert "plan" in run([str(python / "bayplan"), "--help"], cwd=tmp_path).stdout
    planned = run([str(python / "kubectl-bayplan"), "plan", "-f", str(GRAPH), "--nodes", str(NODES)], cwd=tmp_path)
    assert "minimal" in planned.stdout


@pytest.mark.parametrize(
    "arguments", [("show",), ("release",), ("operator",), ("plan", "-f", str(GRAPH))], ids=lambda each: each[0]
)
def test_a_command_that_lacks_a_package_says_what_to_install(python: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run([str(python / "bayplan"), *arguments], cwd=tmp_path, code=1)
    assert re.fullmatch(
        rf"bayplan: bayplan {arguments[0]} talks to a cluster, and the Python package [a-z-]+ is missing: "
        r"install it with pip install 'bayplan\[operator\]'\n",
        done.stderr,
    )


def targets(markdown: str) -> Iterator[str]:
    yield from re.findall(r"\]\(([^)\s]+)\)", markdown)


def test_the_readme_on_pypi_has_no_relative_link(built: Built) -> None:
    """Its links lead where the README's own do, below the project's one address."""
    home = PROJECT["urls"]["Homepage"]
    here, there = list(targets((ROOT / "README.md").read_text(encoding="utf-8"))), list(targets(built.metadata().get_payload()))
    assert [each for each in there if not each.startswith(("https://", "#"))] == []
    assert len(here) == len(there) > 10
    for link_here, link_there in zip(here, there, strict=True):
        if not link_here.startswith(("https://", "#")):
            raw = home.replace("https://github.com", "https://raw.githubusercontent.com")
            assert link_there in (f"{home}/blob/main/{link_here}", f"{raw}/main/{link_here}")
    assert all(address.startswith(home) for address in PROJECT["urls"].values())
