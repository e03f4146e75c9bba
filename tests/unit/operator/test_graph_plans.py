"""Plans in the operator: made beside the ticks, followed, and made again when reality differs; on a real event loop."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from prometheus_client import REGISTRY

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.graph_plans import Plan
from bayplan.foresight.graph_plans.reservations import until
from bayplan.knowledge.node_states import NodeState, NodeStates, Survival
from bayplan.knowledge.run_times import RunTimes, StartUps
from bayplan.lifecycle import UnitState
from bayplan_operator.conductor.outlook.graph_plans import GraphPlans
from bayplan_operator.conductor.outlook.graph_plans import followed as graph_plans
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.settings import Settings
from tests.unit.operator.planned import CREATED, cluster, graph, node, running, task
from tests.unit.operator.timing import Hands, Later, tick

NOW = CREATED + 20.0
CHAIN = (task("a"), task("b", "a"))
BEGUN = ("a Running 1/0 n0 15", "b Pending")


@dataclass
class Taught:
    """What was learned, as plans ask for it."""

    run_times: RunTimes
    survival: Survival | None = None
    start_ups: StartUps | None = None


class Fixture:
    """Plans of some graphs, with clocks that are moved by hand; what is planned beside them is done when a test says so."""

    def __init__(self, nodes: Cluster, *graphs: GraphRun, plan_wait: float = 1.0, learned: Taught | None = None) -> None:
        self.hands, self.beside, self.nodes = Hands(NOW), Later(seconds=0.5), nodes
        self.graphs = {each.ref.uid: each for each in graphs}
        settings = Settings("test", plan_wait=plan_wait, plan_search=0.0)
        self.plans = GraphPlans(nodes, settings, self.hands.clock, self.beside, learned)

    @property
    def now(self) -> float:
        return self.hands.now

    @now.setter
    def now(self, now: float) -> None:
        """The monotonic clock stands: so no rest is over."""
        self.hands.now = now

    def step(self) -> None:
        self.plans.step(tick(self.now, self.graphs.values()))

    def advanced(self, graph: GraphRun) -> None:
        self.plans.advanced(graph, running(graph).run, self.now)

    def gone(self, uid: str) -> None:
        del self.graphs[uid]
        self.plans.forget(uid)

    def settle(self, rest: float = 10_000.0) -> None:
        """A tick so many seconds later, by when all rests are over, and whatever it began."""
        self.hands.moment += rest
        self.step()
        self.beside.finish_all()
        self.step()

    def ready(self) -> list[str]:
        return [uid for uid in self.graphs if uid not in self.plans.awaited]

    def plan(self, uid: str) -> Plan:
        return self.plans.made[uid]


def planned(kind: str) -> float:
    return REGISTRY.get_sample_value("bayplan_plans_total", {"cause": kind}) or 0.0


def failures() -> float:
    return REGISTRY.get_sample_value("bayplan_plan_failures_total") or 0.0


def test_the_first_plan_is_waited_for_and_not_made_in_the_tick() -> None:
    fixture = Fixture(cluster(2), graph("g", *CHAIN), graph("other", *CHAIN, preset="BestFit"))
    fixture.step()
    assert not fixture.plans.made, "it is under way"
    assert fixture.ready() == ["other"]
    revision, first = fixture.plans.revision, planned("first")
    fixture.settle()
    assert fixture.plan("g").node.tolist() == [0, 0]
    assert fixture.ready() == ["g", "other"]
    assert fixture.plans.revision > revision
    assert planned("first") == first + 1
    assert "other" not in fixture.plans.made


def test_the_first_plan_is_not_waited_for_longer_than_was_said() -> None:
    fixture = Fixture(cluster(2), graph("g", *CHAIN), plan_wait=3.0)
    fixture.step()
    assert fixture.plans.next_time(fixture.now) == NOW + 3.0
    fixture.now += 2.9
    fixture.step()
    assert fixture.ready() == []
    revision = fixture.plans.revision
    fixture.now += 0.1
    fixture.step()
    assert fixture.ready() == ["g"]
    assert fixture.plans.revision > revision, "else nobody would be placed"
    fixture.settle()
    assert "g" in fixture.plans.made, "it comes all the same"


def test_nobody_waits_where_the_wait_is_nought() -> None:
    fixture = Fixture(cluster(2), graph("g", *CHAIN), plan_wait=0.0)
    fixture.step()
    assert fixture.ready() == ["g"]
    fixture.settle()


def test_a_single_unit_is_not_planned() -> None:
    fixture = Fixture(cluster(2), graph("g", task("a")))
    fixture.settle()
    assert not fixture.plans.made
    assert fixture.ready() == ["g"]
    assert fixture.plans.next_time(fixture.now) is None


def test_a_plan_that_holds_is_kept_and_follows_what_happens() -> None:
    made = graph("g", *CHAIN, lines=BEGUN)
    fixture = Fixture(cluster(2), made)
    fixture.settle()
    before = fixture.plan("g")
    run = running(made).run
    run.state[0], run.finished[0] = UnitState.SUCCEEDED, fixture.now + 5.0
    fixture.now += 5.0
    fixture.advanced(made)
    fixture.settle()
    assert fixture.plan("g").made_at == before.made_at
    assert fixture.plan("g").progress.done.tolist() == [True, False]


@pytest.mark.parametrize("kind", ["new", "gone", "late", "early", "again"])
def test_what_makes_a_plan_worth_making_again(kind: str) -> None:
    nodes, made = cluster(2), graph("g", *CHAIN, lines=BEGUN)
    fixture = Fixture(nodes, made)
    fixture.settle()
    before, count, run = fixture.plan("g"), planned(kind), running(made).run
    if kind == "new":
        nodes.set_node(node("n9"))
    elif kind == "gone":
        nodes.remove_node("n0")
    elif kind == "late":
        fixture.now += 20.0
    elif kind == "early":
        run.state[0], run.finished[0] = UnitState.SUCCEEDED, fixture.now + 0.1
    else:
        run.state[0] = UnitState.READY
    fixture.now += 0.1
    fixture.advanced(made)
    fixture.settle()
    assert fixture.plan("g").made_at > before.made_at
    assert planned(kind) == count + 1


def test_lateness_is_noticed_though_nothing_happens() -> None:
    made = graph("g", *CHAIN, lines=BEGUN)
    fixture = Fixture(cluster(2), made)
    fixture.settle()
    before = fixture.plan("g").made_at
    at = fixture.plans.next_time(fixture.now)
    assert at is not None
    assert fixture.now < at <= fixture.now + 10.0
    fixture.now += 60.0
    fixture.settle()
    assert fixture.plan("g").made_at > before


def test_a_graph_is_not_planned_again_at_once() -> None:
    nodes, made = cluster(2), graph("g", *CHAIN)
    fixture = Fixture(nodes, made)
    fixture.settle()
    before = fixture.plan("g").made_at
    nodes.set_node(node("n9"))
    fixture.now += 0.5
    fixture.step()
    assert not fixture.beside.busy
    at = fixture.plans.next_time(fixture.now)
    assert at is not None
    assert fixture.now < at <= fixture.now + 1.0
    fixture.settle()
    assert fixture.plan("g").made_at > before


def test_first_plans_go_before_others_and_need_no_rest() -> None:
    nodes, old = cluster(2), graph("old", *CHAIN)
    fixture = Fixture(nodes, old)
    fixture.settle()
    nodes.set_node(node("n8"))
    fixture.settle()  # after a plan that is not a graph's first there is a rest of 1.5 s
    nodes.set_node(node("n9"))
    fixture.graphs["new"] = graph("new", *CHAIN)
    fixture.now += 1.0
    fixture.hands.moment += 1.2
    fixture.step()
    fixture.beside.finish_all()
    assert fixture.plan("new").made_at == fixture.now
    assert fixture.plan("old").made_at < fixture.now


def test_a_plan_that_fails_holds_nobody_up_and_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Plan:
        raise ValueError("no figures")

    fixture, before = Fixture(cluster(2), graph("g", *CHAIN), plan_wait=60.0), failures()
    with monkeypatch.context() as patched:
        patched.setattr(graph_plans, "make_plan", broken)
        fixture.settle()
    assert failures() == before + 1
    assert fixture.ready() == ["g"]
    assert not fixture.plans.made
    fixture.step()
    assert not fixture.beside.busy, "not at once"
    at = fixture.plans.next_time(fixture.now)
    assert at is not None, "and it does not end"
    fixture.settle()
    assert "g" in fixture.plans.made


@pytest.mark.parametrize("end", ["suspended", "gone", "policy", "failing", "over"])
def test_who_needs_no_plan_any_more_has_none(end: str) -> None:
    made = graph("g", *CHAIN)
    fixture = Fixture(cluster(2), made)
    fixture.settle()
    revision = fixture.plans.revision
    if end == "suspended":
        made.known.suspended = True
    elif end == "gone":
        fixture.gone("g")
    elif end == "policy":
        made.known.policy = graph("h", *CHAIN, preset="BestFit").known.policy
    elif end == "failing":
        running(made).run.failure = "a failed"
    else:
        running(made).all_over = True
    fixture.settle()
    assert not fixture.plans.made
    assert fixture.plans.revision > revision
    assert fixture.plans.next_time(fixture.now) is None


def test_a_graph_that_goes_while_it_is_planned_leaves_nothing_behind() -> None:
    fixture = Fixture(cluster(2), graph("g", *CHAIN))
    fixture.step()
    fixture.gone("g")
    fixture.settle()
    assert not fixture.plans.made


def test_who_waits_for_a_planned_place_is_asked_again_once_that_is_over() -> None:
    fixture = Fixture(cluster(2), graph("g", *CHAIN))
    fixture.settle()
    over = until(fixture.plan("g"), 1)
    fixture.now = over - 0.1
    fixture.step()
    fixture.plans.reserved([("g", 1), ("unknown", 0)], fixture.now)
    assert fixture.plans.next_time(fixture.now) == over
    revision = fixture.plans.revision
    fixture.step()
    assert fixture.plans.revision == revision
    fixture.now = over
    fixture.step()
    assert fixture.plans.revision == revision + 1
    fixture.step()
    assert fixture.plans.revision == revision + 1
    fixture.plans.reserved([("g", 1)], fixture.now)
    assert fixture.plans.next_time(fixture.now) != over, "it would tick for ever"


def test_plans_go_by_what_was_learned_on_which_nodes_a_moment_ago() -> None:
    nodes, made, learned = Cluster(), graph("g", *CHAIN), RunTimes()
    for name in ("a-slow", "z-fast"):
        nodes.set_node(node(name, node_class=name[2:]))

    def learn(slow: float, fast: float) -> None:
        for run in running(made).prepared.runs:
            for node_class, seconds in (("slow", slow), ("fast", fast)):
                for _ in range(20):
                    learned.observe(replace(run, node_class=node_class), seconds, NOW)

    learn(slow=40.0, fast=5.0)
    fixture = Fixture(nodes, made, learned=Taught(learned))
    fixture.settle()
    plan = fixture.plan("g")
    assert {plan.nodes.names[number] for number in plan.node.tolist()} == {"z-fast"}
    assert plan.seconds == pytest.approx(5.0, rel=0.3)
    known = plan.situation.seconds.tolist()
    learn(slow=1.0, fast=400.0)
    for age, same in ((0.0, True), (11.0, False)):
        fixture.hands.moment += age
        nodes.set_node(node(f"more-{age}", cpu=1))
        fixture.now += 1.0
        fixture.settle(rest=2.0)
        assert fixture.plan("g").made_at == fixture.now
        assert (fixture.plan("g").situation.seconds[:, :2].tolist() == known) is same, age


def test_plans_keep_away_from_nodes_that_fail_often() -> None:
    nodes, made, learned = Cluster(), graph("g", *CHAIN), RunTimes()
    for name in ("a-spot", "z-steady"):
        nodes.set_node(node(name, node_class=name[2:]))
    for run in running(made).prepared.runs:
        for node_class, seconds in (("spot", 500.0), ("steady", 600.0)):
            for _ in range(20):
                learned.observe(replace(run, node_class=node_class), seconds, NOW)
    spot = NodeStates()
    for _ in range(20):
        spot.observe(NodeState.BUSY, 900.0, NodeState.FAILING)
        spot.observe(NodeState.FAILING, 60.0, NodeState.BUSY)
    for survival, where in ((None, "a-spot"), (Survival({"spot": spot}, {}), "z-steady")):
        fixture = Fixture(nodes, made, learned=Taught(learned, survival))
        fixture.settle()
        plan = fixture.plan("g")
        assert {plan.nodes.names[number] for number in plan.node.tolist()} == {where}


def test_auto_is_spared_plans_that_could_gain_nothing_until_they_could() -> None:
    nodes, made, learned = cluster(2, node_class="slow"), graph("g", *CHAIN, preset="Auto"), RunTimes()
    fixture = Fixture(nodes, made, plan_wait=60.0, learned=Taught(learned))
    fixture.settle()
    assert not fixture.plans.made
    assert fixture.ready() == ["g"], "nobody waits for what does not come"
    fixture.step()
    assert not fixture.beside.busy, "nor is it tried again at once"
    for run in running(made).prepared.runs:
        for node_class, seconds in (("slow", 40.0), ("fast", 5.0)):
            learned.observe(replace(run, node_class=node_class), seconds, NOW)
    nodes.set_node(node("n9", node_class="fast"))
    fixture.hands.moment += 11.0
    fixture.now += 1.0
    fixture.settle()
    assert fixture.plan("g").nodes.names[fixture.plan("g").node[1]] == "n9"
    nodes.remove_node("n9")
    fixture.now += 1.0
    fixture.settle()
    assert not fixture.plans.made, "the plan before would keep places for nothing"


def test_what_is_learned_may_make_a_plan_worth_while() -> None:
    nodes, made, learned = cluster(1, node_class="slow"), graph("g", *CHAIN, preset="Auto"), RunTimes()
    nodes.set_node(node("n9", node_class="fast"))
    fixture = Fixture(nodes, made, learned=Taught(learned))
    fixture.settle()
    assert not fixture.plans.made
    for run in running(made).prepared.runs:
        for node_class, seconds in (("slow", 40.0), ("fast", 5.0)):
            learned.observe(replace(run, node_class=node_class), seconds, NOW)
    fixture.hands.moment += 11.0
    fixture.now += 61.0
    fixture.settle()
    assert "g" in fixture.plans.made


def test_another_policy_is_another_beginning() -> None:
    made = graph("g", *CHAIN, preset="Auto")
    fixture = Fixture(cluster(2), made)
    fixture.settle()
    assert not fixture.plans.made
    made.known.policy = graph("h", *CHAIN).known.policy
    fixture.settle()
    assert "g" in fixture.plans.made
