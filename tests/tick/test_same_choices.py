"""Simulator and operator choose the same candidates: which, when, with which words, and what follows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bayplan.simulation import Trace
from bayplan_operator.translate.choice_record import chosen_line, failed_line
from tests.cluster.kube import Object, task
from tests.testbed.nodes import NodeKind
from tests.tick.both import Case, in_the_cluster, in_the_simulator
from tests.tick.seen import label
from tests.tick.test_same_flows import same, work
from tests.tick.world import World

SMALL = NodeKind("small", 8, "32Gi")


def candidate(name: str, says: Any = None, cpu: str = "2", code: int = 0, seconds: float = 2.0) -> Object:
    """One that says what it is given, and asks for so much."""
    said = {"sim.bayplan.dev/results": json.dumps(says)} if says is not None else {}
    if code:
        said["sim.bayplan.dev/exit-code"] = str(code)
    said["sim.bayplan.dev/seconds"] = str(seconds)
    containers = [{"resources": {"requests": {"cpu": cpu}}}]
    return {"name": name, "template": {"metadata": {"annotations": said}, "spec": {"containers": containers}}}


def choosing(name: str, *after: str, choose: Object, of: list[Object], **more: Any) -> Object:
    return task(name, *after, candidates=of, choose=choose, retry={"limit": 1}, expectedDuration="2s", **more)


def graph(*tasks: Object, **spec: Any) -> Object:
    return {"tasks": list(tasks), "policyName": "p", "profile": "family", **spec}


LARGE, TINY = candidate("large", {"accuracy": 0.9}, cpu="4", seconds=4), candidate("tiny", {"accuracy": 0.5}, cpu="1")
PERFORMANCE = {"by": "Performance", "metric": "accuracy"}
AUCTION = {"by": "Auction", "metric": "accuracy", "pricePerSecond": "0.001"}


def nightly(count: int, every: float, *tasks: Object, **spec: Any) -> dict[str, tuple[float, Object]]:
    return {f"g{number:02}": (every * number, graph(*tasks, **spec)) for number in range(count)}


RULES = {"by": "Rule", "rules": [{"when": "look.people >= 10", "candidate": "large"}], "default": "tiny"}
BAD = candidate("bad", code=3, cpu="4")
HUGE = candidate("huge", {"accuracy": 1.0}, cpu="400")
LOSING, LESS, LEAST = (candidate(name, {"loss": loss}) for name, loss in (("losing", 0.9), ("less", 0.7), ("least", 0.1)))
JOINT = {"terms": [{"name": "all", "loss": "answer.loss"}], "bound": "0.5", "otherwise": "ChooseAgain"}
EACH = {
    "tasks": ["answer", "evaluate"], "max": 5, "until": "evaluate.x > 9",
}  # fmt: skip
CASES: dict[str, dict[str, tuple[float, Object]]] = {
    "rules": {
        name: (at, graph(
            work("look", says={"people": people}),
            choosing("answer", "look", choose=RULES, of=[LARGE, TINY], shards=2), work("after", "answer"),
        ))
        for name, at, people in (("many", 0.0, 12), ("few", 20.0, 3))
    },
    "performance": nightly(10, 20.0, work("look"), choosing("answer", "look", choose=PERFORMANCE, of=[LARGE, TINY], shards=2)),
    "under way": nightly(5, 0.5, choosing("answer", choose=PERFORMANCE, of=[LARGE, TINY], shards=2), work("after", "answer")),
    "auction": nightly(4, 20.0, choosing("answer", choose=PERFORMANCE, of=[LARGE, TINY]))
    | {"block": (90.0, graph(work("block", cpu="6", seconds=30.0, shards=2)))}
    | {"last": (95.0, graph(choosing("answer", choose=AUCTION, of=[LARGE, TINY]), work("after", "answer")))}
    | {"dear": (96.0, graph(choosing("answer", choose=AUCTION | {"pricePerSecond": "1"}, of=[LARGE, TINY])))},
    "too large": nightly(2, 20.0, choosing("answer", choose=AUCTION, of=[HUGE, LARGE])),
    "nowhere": nightly(1, 0.0, work("look"), choosing("answer", "look", choose=AUCTION, of=[HUGE, HUGE | {"name": "more"}])),
    "fails": nightly(3, 30.0, choosing("answer", choose=PERFORMANCE, of=[BAD, TINY], shards=3), work("after", "answer")),
    "all fail": nightly(1, 0.0, choosing("answer", choose=PERFORMANCE, of=[BAD, BAD | {"name": "worse"}])),
    "kept in rounds": nightly(
        1, 0.0, choosing("answer", choose=PERFORMANCE, of=[LARGE, TINY]), work("evaluate", "answer", says={"x": 1}), rounds=EACH
    ),
    "another for a joint loss": nightly(
        1, 0.0, choosing("answer", choose={"by": "Rule"}, of=[LOSING, LESS, LEAST]), work("after", "answer"),
        rounds={"tasks": ["answer"], "max": 6, "joint": JOINT},
    ),
    "none left for a joint loss": nightly(
        1, 0.0, choosing("answer", choose={"by": "Rule"}, of=[LOSING, LESS]), work("after", "answer"),
        rounds={"tasks": ["answer"], "max": 6, "joint": JOINT | {"limit": 4}},
    ),
    "each round": nightly(
        1, 0.0, choosing("answer", choose=PERFORMANCE | {"every": "Round"}, of=[LARGE, TINY]),
        work("evaluate", "answer", says={"x": 1}), rounds=EACH,
    ),
}  # fmt: skip


def in_words(trace: Trace, number: int) -> list[str]:
    """The choices of a graph as its status would have them in the end."""
    found: dict[int, list[str]] = {}
    for each in trace.choices:
        if each.graph == number:
            name = trace.submissions[number].graph.tasks[each.task].name
            failed = [failed_line(name, one.round, candidate, one.why).text for candidate, one in each.failed.items()]
            found[each.task] = [*failed, chosen_line(name, each.round, each.made).text]
    return [line for lines in found.values() for line in lines]


def ran(trace: Trace) -> dict[tuple[str, str, int, int], str]:
    """Which candidate each attempt was of."""
    attempts, found = trace.attempts, {}
    for row in range(len(attempts)):
        submission, number = trace.submissions[attempts.graph[row]], int(attempts.task[row])
        unit = submission.name.rpartition("/")[2], submission.graph.tasks[number].name
        if attempts.candidate[row] >= 0:
            one = submission.candidates[number].candidates[attempts.candidate[row]]
            found[*unit, int(attempts.shard[row]), int(attempts.incarnation[row])] = one.name
    return found


def ran_in_the_cluster(world: World) -> dict[tuple[str, str, int, int], str]:
    found = {}
    for pod in world.created():
        name, of, shard, incarnation = (label(pod, f"bayplan.dev/{part}") for part in ("graph", "task", "shard", "incarnation"))
        candidate = pod["metadata"]["annotations"].get("bayplan.dev/candidate")
        if candidate is not None:
            found[name, of, int(shard), int(incarnation)] = candidate
    return found


@pytest.mark.parametrize("what", CASES)
def test_the_same_candidates(what: str, tmp_path: Path) -> None:
    case = Case(CASES[what], {"p": {"preset": "BestFit"}}, [(SMALL, 2)], learn=True)
    trace, readings = case.simulated(tmp_path)
    world = case.operated(trace, readings)
    try:
        assert ran(trace) == ran_in_the_cluster(world)
        same(in_the_simulator(trace), in_the_cluster(world))
        for number, name in enumerate(case.graphs):
            assert in_words(trace, number) == list(world.status(name).get("choices", ()))[: len(in_words(trace, number))]
            if trace.graphs.ended_at[number] == trace.graphs.ended_at[number]:
                ended = "Complete" if trace.graphs.succeeded[number] else "Failed"
                assert world.condition(name, ended, "True"), (name, ended)
    finally:
        world.close()
