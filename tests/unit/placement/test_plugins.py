"""A package of a few lines adds a strategy: the one that the documentation shows, built, installed and used."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "strategies.md"
USE = """
import sys
from bayplan.cluster import Cluster
from bayplan.context import Context
from bayplan.engine import place
from bayplan.plugins import installed
from bayplan.strategy import Named, StrategyError, compile_strategy
from bayplan.workload import NodeInfo, Request, RequestClass

cluster = Cluster()
for name, cost in (("a", 3.0), ("b", 0.5)):
    cluster.set_node(NodeInfo(name, {"cpu": 1000}, cost=cost))
for parameter in sys.argv[1:]:
    name, value = parameter.split("=")
    try:
        scorer = Named("Cheapest", parameters={name: value})
        strategy = compile_strategy(["Age"], [scorer], Named("Greedy"), plugin=installed())
        print(place([Request(0, RequestClass((("cpu", 1),)))], cluster, strategy, Context())[0].node)
    except StrategyError as error:
        print(error)
"""


def block(language: str, having: str) -> str:
    """The block of the page in a language that has something in it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (found,) = [each for each in blocks if having in each]
    return str(found)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, target = tmp_path_factory.mktemp("cheapest"), tmp_path_factory.mktemp("installed")
    (source / "cheapest.py").write_text(block("python", "PLUGIN"), encoding="utf-8")
    (source / "pyproject.toml").write_text(block("toml", "entry-points"), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, timeout=120)
    return target


@pytest.fixture(scope="module")
def answers(installed: Path) -> list[str]:
    """What is said to a usual price of 2, to one of 0, and to a parameter that is misspelt."""
    run = subprocess.run(
        [sys.executable, "-c", USE, "usualPrice=2", "usualPrice=0", "usualprice=1"],
        env={"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return run.stdout.splitlines()


def test_a_scorer_of_another_package_decides(answers: list[str]) -> None:
    assert answers[0] == "b"


def test_its_parameters_are_checked_like_ours(answers: list[str]) -> None:
    assert answers[1:] == [
        "scorers[0].parameters.usualPrice is 0.0: it must be above 0",
        'scorers[0].parameters is "usualprice", which is unknown: did you mean "usualPrice"?',
    ]


def test_a_package_that_cannot_be_loaded_is_named(installed: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(installed, tmp_path / "broken")
    (broken / "cheapest.py").write_text("raise ImportError('no such luck')\n", encoding="utf-8")
    code = "from bayplan.plugins import installed\ninstalled()"
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(broken)}, capture_output=True, text=True, timeout=60
    )
    assert "entry point cheapest of bayplan.strategies cannot be loaded: no such luck" in run.stderr
