"""What the decider is told: requests made from graphs, what has changed of them, and the turn."""

from __future__ import annotations

from typing import Any

import pytest

from bayplan.cluster.cluster import Cluster
from bayplan.core.changes import Changes
from bayplan.core.decider import Decider
from bayplan.model.decision import Decision
from bayplan.model.gpu import GpuAsk, Gpus
from bayplan.model.workload import NodeInfo, Request
from bayplan_operator.cli import main
from bayplan_operator.conductor.graphs import intake
from bayplan_operator.conductor.placing.wishes import Wishes
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.translate.policy import compile_policy

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
    made = intake.new_graph(raw(**fields), CREATED + 60, intake.IntakeTerms())
    assert made.running is not None
    made.running.wants.start = list(range(made.running.prepared.graph.units))
    made.known.policy = compile_policy({"metadata": {"name": "p"}, "spec": policy or {}})
    return made


def requests(of: GraphRun) -> list[Request]:
    return [each.request for each in Wishes().changes([of]).wanted]


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
        intake.refresh(made, raw(generation, **spec), CREATED + 120, intake.IntakeTerms())
        assert requests(made)[0].deadline == expected


def cluster(nodes: int, **fields: Any) -> Cluster:
    made = Cluster()
    for number in range(nodes):
        made.set_node(NodeInfo(f"n{number}", {"cpu": 8000, "pods": 10, MILLI: 2000}, **fields))
    return made


def decided(nodes: Cluster, *graphs: GraphRun, placed: int = 0) -> tuple[Decision, ...]:
    decider = Decider(nodes)
    decider.update(Wishes().changes(graphs))
    decider.update(Changes(placed=placed))
    return decider.decide(CREATED).placements


def test_turns_go_on_from_what_is_recorded_and_from_policy_to_policy() -> None:
    round_robin = {"preset": "RoundRobin"}
    first, second = graph(round_robin), graph(round_robin)
    second.ref = type(second.ref)("ns", "other", "v")
    second.known.policy = compile_policy({"metadata": {"name": "q"}, "spec": round_robin})
    assert [each.node for each in decided(cluster(4), first, second, placed=2)] == ["n2", "n3", "n0", "n1"]


def test_places_on_gpus_are_apart() -> None:
    asking = graph(limits={MILLI: 600})
    assert requests(asking)[0].request_class.gpus == GpuAsk(1, 600)
    assert sorted(each.gpus for each in decided(cluster(1, gpus=Gpus(2)), asking)) == [(0,), (1,)]


def test_only_what_has_changed_is_told() -> None:
    asking, wishes = graph(), Wishes()
    assert asking.running is not None
    assert [wish.request.unit for wish in wishes.changes([asking]).wanted] == [0, 1]
    assert wishes.changes([asking]) == Changes()
    asking.running.asking.requests.clear()  # more is expected of its tasks than before
    assert len(wishes.changes([asking]).wanted) == 2
    wishes.placed("u", ("u", 0))
    asking.running.wants.start = [1]
    assert wishes.changes([asking]) == Changes()
    asking.known.suspended = True
    assert wishes.changes([asking]) == Changes(dropped=(("u", 1),))


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
