"""Candidates: one is chosen and recorded before its pods are made, and another where it fails for good."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.kube import Object, task
from tests.testbed.nodes import CPU_LARGE
from tests.tick.api.kinds import POD, TASK_GRAPH
from tests.tick.seen import label
from tests.tick.world import World

CANDIDATE = "bayplan.dev/candidate"
ACCURACY = {"large": 0.9, "small": 0.7, "tiny": 0.5}


def runs(pod: Object) -> str:
    """The candidate whose arguments a pod has; empty: it is of a task without any."""
    return str((pod["spec"]["containers"][0].get("args") or [""])[0])


def candidates(*names: str, **cpu: str) -> list[Object]:
    """Each with an argument that says which it is."""

    def template(name: str) -> Object:
        return {"spec": {"containers": [{"resources": {"requests": {"cpu": cpu[name]}}}]}}

    return [{"name": name, "args": [name], **({"template": template(name)} if name in cpu else {})} for name in names]


def choosing(name: str, *after: str, choose: Object, of: list[Object] | None = None, **fields: Any) -> Object:
    return task(name, *after, candidates=of or candidates("large", "small"), choose=choose, **fields)


def says(world: World, extra: dict[str, Any] | None = None) -> None:
    """Each pod says the accuracy of its candidate."""
    world.kubelets.message = lambda pod: json.dumps({"accuracy": ACCURACY.get(runs(pod), 0.6), **(extra or {})})


def fails(world: World, *names: str) -> None:
    """Pods of these candidates fail, and say nothing."""
    before = world.kubelets.message
    world.kubelets.message = lambda pod: "" if runs(pod) in names else before(pod)
    world.kubelets.exit_code = lambda pod: 3 if runs(pod) in names else 0


def created(world: World, name: str, graph: str = "g") -> list[str]:
    """What the pods of a task ran, in their order."""
    return [runs(pod) for pod in world.created(graph) if label(pod, "bayplan.dev/task") == name]


PERFORMANCE = {"by": "Performance", "metric": "accuracy"}
RULE = {"by": "Rule", "rules": [{"when": "detect.people >= 10", "candidate": "large"}], "default": "small"}


@pytest.mark.parametrize(("people", "chosen"), [(12, "large"), (3, "small")])
def test_a_rule_goes_by_results_of_tasks_before(world: World, people: int, chosen: str) -> None:
    says(world, {"people": people})
    world.create("g", task("detect", seconds=1), choosing("answer", "detect", choose=RULE, seconds=1))
    world.wait_condition("g", "Complete")
    assert created(world, "answer") == [chosen]
    (line,) = world.status("g")["choices"]
    assert line.split(" ")[:4] == ["answer", "0", chosen, "-"]
    (event,) = world.events("Chosen")
    assert f"task answer: {chosen}: " in event["message"]
    (pod,) = (pod for pod in world.pods("g", "answer"))
    assert pod["metadata"]["annotations"][CANDIDATE] == chosen


def test_no_pod_is_made_before_its_choice_stands_in_the_status(world: World) -> None:
    says(world)
    world.create("g", task("first", seconds=1), choosing("answer", "first", choose=PERFORMANCE, shards=3, seconds=1))
    world.wait_condition("g", "Complete")
    seen = False
    for _, kind, what, item in world.store.history:
        if kind == TASK_GRAPH:
            seen = seen or bool(item.get("status", {}).get("choices"))
        elif kind == POD and what == "ADDED" and label(item, "bayplan.dev/task") == "answer":
            assert seen
    assert len(set(created(world, "answer"))) == 1


def test_by_performance_each_is_tried_then_the_best_is_taken_and_each_is_learned_for_itself(world: World) -> None:
    says(world)
    for number in range(12):
        world.create(f"g-{number}", choosing("answer", choose=PERFORMANCE, seconds=1), profile="family")
        world.wait_condition(f"g-{number}", "Complete")
    chosen = [created(world, "answer", f"g-{number}")[0] for number in range(12)]
    assert sorted(chosen[:4]) == ["large", "large", "small", "small"], "each is tried twice"
    assert chosen[6:].count("large") >= 5
    world.until(lambda: world.profiles().keys() >= {"family/answer--large", "family/answer--small"}, "both are learned")
    line = world.status("g-11")["choices"][0]
    assert line.startswith("answer 0 large 0.")
    assert " small=0." in line
    assert "accuracy 0.8" in line


def test_choices_that_are_under_way_count_as_tries(world: World) -> None:
    says(world)
    for number in range(4):
        world.create(f"g-{number}", choosing("answer", choose=PERFORMANCE, seconds=30), profile="family")
    world.run(5)
    assert sorted(created(world, "answer", f"g-{number}")[0] for number in range(4)) == ["large", "large", "small", "small"]


def test_an_auction_weighs_a_wait_against_what_a_candidate_is_worth(empty: World) -> None:
    says(empty)
    empty.add_nodes(CPU_LARGE, 1)
    empty.operator.start()
    both = candidates("large", "small", large="60", small="2")
    for number in range(4):  # what is known of both
        empty.create(f"f-{number}", choosing("answer", choose=PERFORMANCE, of=both, seconds=1), profile="family")
        empty.wait_condition(f"f-{number}", "Complete")
    empty.create("blocker", task("work", seconds=None, cpu="10", expectedDuration="100s"))
    blocker = empty.wait_running("blocker")
    for name, price in (("dear", "0.1"), ("cheap", "0.0001")):
        auction = {"by": "Auction", "metric": "accuracy", "pricePerSecond": price}
        empty.create(name, choosing("answer", choose=auction, of=both, seconds=1), profile="family")
        empty.until(lambda name=name: empty.status(name).get("choices"), f"{name} has chosen")  # type: ignore[misc]
    empty.wait_condition("dear", "Complete")
    assert created(empty, "answer", "dear") == ["small"]
    assert "no wait); it is charged the second bid" in empty.status("dear")["choices"][0]
    assert "a wait of" in empty.status("cheap")["choices"][0]
    assert created(empty, "answer", "cheap") == []
    empty.finish(*blocker)
    empty.wait_condition("cheap", "Complete")
    assert created(empty, "answer", "cheap") == ["large"]


def test_a_candidate_that_no_node_can_hold_makes_no_bid_and_where_none_can_the_graph_says_so(world: World) -> None:
    says(world)
    auction = {"by": "Auction", "metric": "accuracy"}
    world.create("g", choosing("answer", choose=auction, of=candidates("large", "small", large="900", small="1"), seconds=1))
    world.wait_condition("g", "Complete")
    assert created(world, "answer") == ["small"]
    assert "large=left-out" in world.status("g")["choices"][0]
    world.create("h", choosing("answer", choose=auction, of=candidates("large", "small", large="900", small="800"), seconds=1))
    waiting = world.wait_condition("h", "Waiting")
    assert waiting["reason"] == "NoSuchNode"
    assert "large (no node can run it) and small (no node can run it)" in waiting["message"]
    assert not world.status("h").get("choices")
    assert created(world, "answer", "h") == []


def test_a_candidate_that_failed_for_good_is_left_out_and_all_shards_start_again_with_another(world: World) -> None:
    world.kubelets.exit_code = lambda pod: 3 if runs(pod) == "large" and label(pod, "bayplan.dev/shard") == "1" else 0
    rule = {"by": "Rule"}
    world.create("g", choosing("answer", choose=rule, shards=3, seconds=1), task("after", "answer"), retry={"limit": 1})
    world.wait_condition("g", "Complete")
    ran = [
        (runs(pod), label(pod, "bayplan.dev/shard")) for pod in world.created("g") if label(pod, "bayplan.dev/task") == "answer"
    ]
    assert sorted(each for each in ran if each[0] == "small") == [("small", "0"), ("small", "1"), ("small", "2")]
    assert ran.count(("large", "1")) == 2, "its retries are used up first"
    failed, chosen = world.status("g")["choices"]
    assert failed.startswith("answer 0 large failed - Error (exit code 3)")
    assert chosen.split(" ")[:5] == ["answer", "0", "small", "-", "large=failed"]
    assert world.status("g")["failed"] == 0
    assert sorted(event["message"].split(":")[1].strip() for event in world.events("Chosen")) == ["large", "small"]


def test_attempts_that_failed_count_for_the_candidate_that_failed(world: World) -> None:
    fails(world, "large")
    world.create("g", choosing("answer", choose={"by": "Rule"}, seconds=1), retry={"limit": 1}, profile="family")
    world.wait_condition("g", "Complete")
    world.until(lambda: len(world.profiles()) == 2, "both are learned")
    world.run(60)
    counted = {name: (each["status"]["runs"], each["status"]["failures"]) for name, each in world.profiles().items()}
    assert counted == {"family/answer--large": (0, 2), "family/answer--small": (1, 0)}


def test_with_none_left_the_graph_fails_and_names_them_all(world: World) -> None:
    fails(world, "large", "small", "tiny")
    of = candidates("large", "small", "tiny")
    world.create("g", choosing("answer", choose={"by": "Rule"}, of=of, seconds=1), retry={"limit": 0})
    message = world.wait_condition("g", "Failed")["message"]
    assert "task answer failed" in message
    assert "candidate tiny has failed, as before it large (Error (exit code 3)), small (Error (exit code 3))" in message
    assert created(world, "answer") == ["large", "small", "tiny"]


def test_an_optional_task_is_left_behind_only_once_no_candidate_is_left(world: World) -> None:
    fails(world, "large", "small")
    world.create("g", choosing("answer", choose={"by": "Rule"}, seconds=1, optional=True), task("b"), retry={"limit": 0})
    world.wait_condition("g", "Complete")
    assert created(world, "answer") == ["large", "small"]


def test_a_pod_that_does_not_say_the_metric_has_failed(world: World) -> None:
    world.kubelets.message = lambda pod: json.dumps({"accuracy": 0.7} if runs(pod) == "small" else {})
    world.create("g", choosing("answer", choose=PERFORMANCE, seconds=1), retry={"limit": 0})
    world.wait_condition("g", "Complete")
    assert created(world, "answer")[-1] == "small"


def in_rounds(world: World, name: str = "g", **choose: Any) -> None:
    says(world)
    world.create(
        name,
        choosing("answer", choose={**PERFORMANCE, **choose}, seconds=1),
        rounds={"tasks": ["answer"], "max": 4},
        retry={"limit": 0},
    )


def test_rounds_keep_the_choice_unless_the_spec_says_otherwise(world: World) -> None:
    in_rounds(world)
    world.wait_condition("g", "Complete")
    assert len(set(created(world, "answer"))) == 1
    assert len(created(world, "answer")) == 4
    in_rounds(world, "h", every="Round")
    world.wait_condition("h", "Complete")
    assert sorted(set(created(world, "answer", "h"))) == ["large", "small"]
    assert world.status("h")["choices"][0].split(" ")[1] == "4"


@pytest.mark.parametrize(("again", "tries"), [(False, 1), (True, 4)])
def test_a_later_round_chooses_again_what_has_failed_only_if_the_spec_says_so(world: World, again: bool, tries: int) -> None:
    rules = [{"when": "first.accuracy > 0", "candidate": "large"}]
    says(world)
    fails(world, "large")
    choose = {"by": "Rule", "rules": rules, "every": "Round", "retryFailed": again}
    world.create(
        "g", task("first"), choosing("answer", "first", choose=choose, seconds=1),
        rounds={"tasks": ["answer"], "max": 4}, retry={"limit": 0},
    )  # fmt: skip
    world.wait_condition("g", "Complete")
    assert created(world, "answer").count("large") == tries
    assert created(world, "answer").count("small") == 4


def test_a_joint_loss_that_is_too_large_has_another_candidate_chosen_for_what_adds_most(world: World) -> None:
    loss = {"large": 0.8, "small": 0.1}
    world.kubelets.message = lambda pod: json.dumps({"loss": loss.get(runs(pod), 0.2)})
    terms = [{"name": name, "loss": f"{name}.loss"} for name in ("understand", "answer")]
    joint = {"terms": terms, "bound": "0.5", "otherwise": "ChooseAgain"}
    of = candidates("middle", "small")
    world.create(
        "g",
        choosing("understand", choose={"by": "Rule"}, of=of, seconds=1),
        choosing("answer", "understand", choose={"by": "Rule"}, seconds=1),
        rounds={"tasks": ["understand", "answer"], "max": 9, "joint": joint},
    )
    world.wait_condition("g", "Complete")
    assert created(world, "understand") == ["middle", "middle"]
    assert created(world, "answer") == ["large", "small"]
    failed = next(line for line in world.status("g")["choices"] if " failed " in line)
    assert failed.startswith("answer 1 large failed - the joint loss is 1, above 0.5, most of it by answer")


MOMENTS = [round(0.1 * step, 2) for step in range(45)]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_operator_that_is_killed_at_any_instant_goes_the_same_way(world: World, moment: float) -> None:
    says(world)
    fails(world, "large")
    of = candidates("large", "small", "tiny")
    world.create(
        "g",
        choosing("answer", choose={"by": "Rule"}, of=of, shards=2, seconds=1),
        choosing("check", "answer", choose=PERFORMANCE, seconds=1, shards=2),
        retry={"limit": 1},
    )
    world.run(moment)
    before = world.status("g").get("choices", [])
    world.operator.restart()
    world.wait_condition("g", "Complete")
    after = world.status("g")["choices"]
    kept = {tuple(line.split(" ")[:3]) for line in after}
    assert {tuple(line.split(" ")[:3]) for line in before} <= kept, "what was recorded stays"
    assert max(world.made().values()) == 1
    ran = created(world, "answer")
    assert ran.count("small") == 2, "no unit runs again after its success"
    assert ran.count("large") in (3, 4)
    assert "tiny" not in ran
    assert len(set(created(world, "check")) - {"large"}) <= 1


@pytest.mark.parametrize("moment", [round(0.3 * step, 2) for step in range(1, 18)])
def test_an_operator_that_is_killed_between_rounds_keeps_the_choice_of_each(world: World, moment: float) -> None:
    in_rounds(world, every="Round")
    world.run(moment)
    before = world.status("g").get("choices", [])
    made = created(world, "answer")
    world.operator.restart()
    world.wait_condition("g", "Complete")
    assert max(world.made().values()) == 1
    after = created(world, "answer")
    assert len(after) == 4, "no round runs twice"
    assert after[: len(made)] == made
    for _, number, candidate in (line.split(" ")[:3] for line in before):
        assert after[int(number) - 1] == candidate, "what was recorded is what runs"


def test_an_operator_finds_what_pods_run_in_a_status_that_was_emptied(world: World) -> None:
    says(world)
    world.create("g", choosing("answer", choose={"by": "Rule", "default": "small"}, shards=2, seconds=20), profile="family")
    world.wait_running("g", count=2)
    world.operator.kill()
    world.patch(TASK_GRAPH, "g", {"status": {"choices": None, "tasks": None}}, "status")
    world.operator.restart()
    world.wait_condition("g", "Complete")
    assert created(world, "answer") == ["small", "small"]
    assert world.status("g")["choices"] == ["answer 0 small - - pods of the task run it already"]
    world.until(lambda: world.profiles().keys() == {"family/answer--small"}, "it is learned as what it ran")


def test_a_choice_that_is_edited_is_written_again(world: World) -> None:
    says(world)
    world.create("g", choosing("answer", choose={"by": "Rule"}, seconds=20))
    world.wait_running("g")
    line = world.status("g")["choices"][0]
    world.patch(TASK_GRAPH, "g", {"status": {"choices": ["answer 0 small - - mine"]}}, "status")
    world.until(lambda: world.status("g")["choices"] == [line], "it is written again")
    world.wait_condition("g", "Complete")
    assert created(world, "answer") == ["large"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"choose": None}, 'spec.tasks[0] ("answer") has candidates and no choose'),
        ({"candidates": []}, "has choose and no candidates: name 2 or more"),
        ({"candidates": candidates("large")}, "has one candidate: name 2 or more"),
        ({"candidates": candidates("large", "large")}, 'has 2 candidates with the name "large"'),
        ({"choose": {"by": "Performance"}}, "spec.tasks[0].choose.metric is missing: Performance goes by a number"),
        ({"choose": {"by": "Auction"}}, "spec.tasks[0].choose.metric is missing: Auction goes by a number"),
        (
            {"choose": {"by": "Rule", "default": "smal"}},
            'spec.tasks[0].choose.default is "smal": no such candidate; did you mean "small"?',
        ),
        (
            {"choose": {"by": "Rule", "rules": [{"when": "answer.x > 1", "candidate": "larg"}]}},
            'spec.tasks[0].choose.rules[0].candidate is "larg": no such candidate; did you mean "large"?',
        ),
        (
            {"choose": {"by": "Rule", "rules": [{"when": "later.x > 1", "candidate": "large"}]}},
            'spec.tasks[0].choose.rules[0].when ("answer") speaks of "later", which need not have run by then',
        ),
        ({"choose": {"by": "Rule", "rules": [{"when": "laterr.x > 1", "candidate": "large"}]}}, 'did you mean "later"?'),
        ({"choose": {"by": "Rule", "rules": [{"when": "1 >", "candidate": "large"}]}}, "spec.tasks[0].choose.rules[0].when"),
        ({"choose": {**PERFORMANCE, "worth": "2"}}, "has worth and by: Performance, which does not look at it"),
        ({"choose": {**PERFORMANCE, "retryFailed": True}}, "has retryFailed and no every: Round"),
        ({"choose": {**PERFORMANCE, "every": "Round"}}, "choose.every (\"answer\") is Round, and the task does not repeat"),
        ({"choose": {"by": "Auction", "metric": "accuracy", "worth": "-1"}}, 'choose.worth is "-1": it must be a number above'),
        (
            {"candidates": None, "choose": None, "joint": True},
            'spec.rounds.joint.otherwise is ChooseAgain, and "answer" of terms[0] has no candidates',
        ),
        ({"gang": {}}, "has candidates and gang: they exclude each other"),
        ({"stages": [{"name": "a"}, {"name": "b"}]}, "has candidates and stages: they exclude each other"),
        (
            {"candidates": [*candidates("large"), {"name": "b", "templateName": "gone"}]},
            'candidates[1].templateName is "gone": no such template',
        ),
    ],
)  # fmt: skip
def test_what_no_choice_can_be_is_refused_by_name(world: World, fields: Object, words: str) -> None:
    made = choosing("answer", choose={"by": "Rule"}) | fields
    joint = {"terms": [{"name": "a", "loss": "answer.loss"}], "bound": "1", "otherwise": "ChooseAgain"}
    spec: dict[str, Any] = {"rounds": {"tasks": ["answer"], "max": 2, "joint": joint}} if made.pop("joint", False) else {}
    world.create("g", {key: value for key, value in made.items() if value is not None}, task("later", "answer"), **spec)
    assert words in world.until(lambda: world.condition("g", "Accepted", "False"), "it is refused")["message"]
