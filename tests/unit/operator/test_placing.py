"""What the library is asked: requests made from graphs, the turn, and the time box."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.workload import NodeInfo, Request
from bayplan.strategy.context import Context, never
from bayplan_operator.cli import main
from bayplan_operator.conductor.graph_run import GraphRun
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.placing import place as placing
from bayplan_operator.translate.policy import compile_policy
from bayplan_operator.view import PodStore

CREATED = 1_800_000_000.0
STAMP = "2027-01-15T08:00:00Z"  # CREATED
MILLI = "bayplan.dev/gpu-milli"


def raw(generation: int = 1, limits: dict[str, Any] | None = None, shards: int = 1, **spec: Any) -> dict[str, Any]:
    container = {"image": "i", "resources": {"limits": limits or {"cpu": "1"}}}
    tasks = [
        {"name": "fit", "shards": shards, "expectedDuration": "5m", "template": {"spec": {"containers": [container]}}},
        {"name": "plain", "template": {"spec": {"containers": [container]}}},
    ]
    metadata = {"namespace": "ns", "name": "train", "uid": "u", "generation": generation, "creationTimestamp": STAMP}
    return {"metadata": metadata, "spec": {"tasks": tasks, **spec}}


def graph(policy: dict[str, Any] | None = None, **fields: Any) -> GraphRun:
    """A graph of which every shard wants a place."""
    made = intake.new_graph(raw(**fields), CREATED + 60, 60.0)
    assert made.running is not None
    made.running.wants.start = list(range(made.running.prepared.graph.units))
    made.policy = compile_policy({"metadata": {"name": "p"}, "spec": policy or {}})
    return made


def requests(of: GraphRun) -> list[Request]:
    return [each.request for each in placing.wanted([of])]


def test_a_request_says_what_strategies_may_go_by() -> None:
    fit, plain = requests(graph(deadline="45m"))
    assert (fit.task, fit.name, fit.duration, fit.deadline) == ("ns/train/fit", "train/fit", 300.0, CREATED + 2700)
    assert (plain.task, plain.duration) == ("ns/train/plain", 0.0)


def test_a_deadline_counts_from_the_creation_and_may_be_changed_or_taken_away() -> None:
    made = graph()
    assert requests(made)[0].deadline is None
    said: tuple[tuple[dict[str, Any], float | None], ...] = (
        ({"deadline": "1h"}, CREATED + 3600),
        ({"deadline": "2h"}, CREATED + 7200),
        ({}, None),
    )
    for generation, (spec, expected) in enumerate(said, 2):
        intake.refresh(made, raw(generation, **spec), CREATED + 120, 60.0)
        assert requests(made)[0].deadline == expected


def cluster(nodes: int, **fields: Any) -> Cluster:
    made = Cluster()
    for number in range(nodes):
        made.set_node(NodeInfo(f"n{number}", {"cpu": 8000, "pods": 10, MILLI: 2000}, **fields))
    return made


def test_turns_go_on_from_batch_to_batch_and_from_policy_to_policy() -> None:
    nodes = cluster(4)
    pods = PodStore(nodes, lambda: CREATED, lambda: None)
    round_robin = {"preset": "RoundRobin"}
    first, second = graph(round_robin), graph(round_robin)
    second.ref = type(second.ref)("ns", "other", "v")
    second.policy = compile_policy({"metadata": {"name": "q"}, "spec": round_robin})
    batch = placing.wanted([first, second])
    decided = placing.decide(batch, nodes, Context(turn=2), lambda: never, pods)
    assert [decision.node for _, decision in decided] == ["n2", "n3", "n0", "n1"]


def test_a_place_on_a_gpu_is_taken_at_once() -> None:
    nodes = cluster(1, gpus=Gpus(2))
    pods = PodStore(nodes, lambda: CREATED, lambda: None)
    asking = graph(limits={MILLI: 600})
    assert requests(asking)[0].request_class.gpus == GpuAsk(1, 600)
    decided = placing.decide(placing.wanted([asking]), nodes, Context(), lambda: never, pods)
    assert sorted(decision.gpus for _, decision in decided) == [(0,), (1,)]
    assert [device.free for device in nodes.gpus("n0")] == [400, 400]


def test_the_time_box_ends() -> None:
    box = placing.time_box(0.02)
    assert not box()
    time.sleep(0.03)
    assert box()


@pytest.mark.parametrize("seed", ["-1", "x", "0.5"])
def test_a_seed_is_a_whole_number_from_zero(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["operator", "--seed", seed])
    assert "argument --seed: must be a whole number, 0 or more" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("bandwidth", "wrong"),
    [
        ("0", "must be a quantity of bytes per second above 0, such as \"125M\", not '0'"),
        ("-1G", "must be a quantity of bytes per second above 0"),
        ("1 Gbit", "must be a quantity: a number with an optional suffix"),
    ],
)
def test_a_bandwidth_is_a_quantity_above_zero(bandwidth: str, wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["operator", f"--bandwidth={bandwidth}"])
    assert f"argument --bandwidth: {wrong}" in capsys.readouterr().err
