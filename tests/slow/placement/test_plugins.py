"""A package of a few lines adds a strategy: the one that the documentation shows, built, installed and used."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bayplan.core.engine import place
from bayplan.knowledge.run_times import ByTask, RunTimes, TaskRun
from bayplan.model.workload import Request
from bayplan.strategy.compile import Named, compile_strategy
from bayplan.strategy.context import Context
from bayplan.strategy.needs import Need
from bayplan.strategy.plugins import Plugin
from tests.unit.placement.building import asking, cluster, node
from tests.unit.placement.load_examples import measured

PAGE = Path(__file__).parents[3] / "docs" / "strategies.md"
USE = """
import sys
from bayplan.cluster.cluster import Cluster
from bayplan.strategy.context import Context
from bayplan.core.engine import place
from bayplan.strategy.plugins import installed
from bayplan.strategy.compile import Named, StrategyError, compile_strategy
from bayplan.model.workload import NodeInfo, Request, RequestClass

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

CARELESS = """
from dataclasses import dataclass
from bayplan.strategy.needs import Need, needs
from bayplan.strategy.assigning.greedy import Greedy
from bayplan.strategy.plugins import Plugin

@needs(Need.RUN_TIMES, "PLAN")
def shortest(requests, context):
    return [0.0 for _ in requests]

@dataclass(frozen=True)
class Idlest:
    needs = {"LAOD"}

    def __call__(self, request, cluster, places, context):
        return places.rows * 0.0

@dataclass(frozen=True)
class Patient:
    need = frozenset({Need.PLANS})

    def __call__(self, requests, cluster, strategy, context):
        return Greedy()(requests, cluster, strategy, context)

PLUGIN = Plugin({"Shortest": shortest}, {"Idlest": Idlest}, {"Patient": Patient})
"""
COMPILE = """
from bayplan.strategy.plugins import installed
from bayplan.strategy.compile import Named, StrategyError, compile_strategy

for order, scorer, planner in (
    ("Shortest", "BestFit", "Greedy"), ("Age", "Idlest", "Greedy"), ("Age", "BestFit", "Patient"), ("Age", "BestFit", "Greedy")
):
    try:
        compile_strategy([order], [Named(scorer)], Named(planner), plugin=installed())
        print("compiled")
    except StrategyError as error:
        print(error)
"""


def run(code: str, installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own, which finds the package."""
    paths = {"PYTHONPATH": os.pathsep.join([str(installed), *sys.path])}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, env=paths, capture_output=True, text=True, timeout=60)


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
    done = run(USE, installed, "usualPrice=2", "usualPrice=0", "usualprice=1")
    done.check_returncode()
    return done.stdout.splitlines()


def test_a_scorer_of_another_package_decides(answers: list[str]) -> None:
    assert answers[0] == "b"


def test_a_scorer_and_an_order_of_the_page_declare_what_they_go_by() -> None:
    shown: dict[str, Any] = {}
    exec(block("python", "import Need"), shown)
    plugin = Plugin({"Longest": shown["longest"]}, {"Idlest": shown["Idlest"]})
    strategy = compile_strategy(["Longest"], [Named("Idlest")], Named("Greedy"), plugin=plugin)
    assert strategy.needs == {Need.LOAD, Need.RUN_TIMES}
    on, request = cluster(node("a", cpu=1), node("b", cpu=1)), Request("new", asking(1), task="new")
    learned = RunTimes()
    learned.observe(TaskRun("quick"), 10.0, 0.0)
    learned.observe(TaskRun("slow"), 1000.0, 0.0)
    known = Context(
        load=measured(on, {"a": {"cpu": 0.9}, "b": {"cpu": 0.1}}),
        run_times=ByTask(learned, lambda request: TaskRun(request.task, hint=request.duration or None)),
    )
    batch = [Request("quick", asking(1), task="quick"), Request("slow", asking(1), task="slow")]
    assert [each.node for each in place(batch, on, strategy, known)] == ["a", "b"]
    assert place([request], on, strategy, Context())[0].node == "a"


def test_its_parameters_are_checked_like_ours(answers: list[str]) -> None:
    assert answers[1:] == [
        "scorers[0].parameters.usualPrice is 0.0: it must be above 0",
        'scorers[0].parameters is "usualprice", which is unknown: did you mean "usualPrice"?',
    ]


def replaced(installed: Path, target: Path, source: str) -> Path:
    """The package, with another source."""
    shutil.copytree(installed, target)
    (target / "cheapest.py").write_text(source, encoding="utf-8")
    return target


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise ImportError('no such luck')", "no such luck"),
        (
            "from bayplan.strategy.needs import Need\nneeds = {Need.LAOD}",
            'Need is "LAOD", which is unknown: did you mean "LOAD"?',
        ),
        (
            "from bayplan.strategy.needs import needs\n@needs\ndef mine(requests, context): ...",
            "@needs lacks its brackets: write @needs(Need.PLANS), for example",
        ),
    ],
)
def test_a_package_that_cannot_be_loaded_is_named(installed: Path, tmp_path: Path, source: str, said: str) -> None:
    broken = replaced(installed, tmp_path / "broken", source)
    done = run("from bayplan.strategy.plugins import installed\ninstalled()", broken)
    assert f"PluginError: entry point cheapest of bayplan.strategies cannot be loaded: {said}" in done.stderr


def test_a_misspelt_need_is_refused_by_name_and_only_where_it_is_used(installed: Path, tmp_path: Path) -> None:
    done = run(COMPILE, replaced(installed, tmp_path / "careless", CARELESS))
    assert done.stdout.splitlines() == [
        'order[0] is "Shortest", whose needs hold "PLAN", which is no Need: did you mean Need.PLANS?',
        'scorers[0].name is "Idlest", whose needs hold "LAOD", which is no Need: did you mean Need.LOAD?',
        'planner.name is "Patient", which has "need", and that has no effect: did you mean "needs"?',
        "compiled",
    ]
    assert not done.stderr
