"""Hidden load on virtual nodes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.knowledge.load import LoadModel
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import Request, RequestClass
from bayplan.simulation import (
    Crash,
    Drawn,
    Failures,
    HiddenLoad,
    Occupied,
    Policy,
    Scrapes,
    Setup,
    SetupError,
    Steps,
    Submission,
    Trace,
    simulate,
)
from bayplan.simulation.events import Agenda
from bayplan.simulation.hidden import Hidden
from bayplan.simulation.log import AttemptLog
from bayplan.simulation.machines import Machines
from bayplan.simulation.world import World
from bayplan.strategy.compile import with_hot
from bayplan.strategy.presets import compile_preset
from bayplan.strategy.protocols import Strategy
from tests.draws import cases
from tests.unit.placement.simulation_checks import GPU, LARGE, ONE_GPU, SMALL, check, nodes, same, setups, submissions

LOADED = HiddenLoad({"n0": {"cpu": Steps.constant(0.6)}})
HOT = with_hot(compile_preset("BestFit"), {"cpu": 0.5})


def jobs(count: int, seconds: float = 100.0, gap: float = 20.0, asked: RequestClass = SMALL) -> list[Submission]:
    graph = Graph.build([Task("work", duration=seconds)])
    return [Submission(f"job-{number}", graph, (asked,), at=number * gap) for number in range(count)]


def ran(work: list[Submission], load: HiddenLoad | None, strategy: Strategy | None = None, **more: object) -> Trace:
    policy = Policy(strategy or compile_preset("LeastLoaded"))
    return simulate(work, Setup(nodes(), {"": policy}, load=load, **more))  # type: ignore[arg-type]


def lengths(trace: Trace) -> dict[str, set[float]]:
    """Node to the seconds that attempts ran there."""
    found: dict[str, set[float]] = {}
    seconds = (trace.attempts.ended_at - trace.attempts.started_at).round(9).tolist()
    for node, took in zip(trace.attempts.node.tolist(), seconds, strict=True):
        found.setdefault(trace.nodes[node].name, set()).add(took)
    return found


# How it slows


def test_tasks_are_slowed_in_proportion() -> None:
    found = ran(jobs(6), LOADED)
    assert lengths(found) == {"n0": {250.0}, "n1": {100.0}, "n2": {100.0}}
    assert sorted(set(found.attempts.slowed.round(9).tolist())) == [1.0, 2.5]


def test_only_by_what_they_ask_for() -> None:
    load = HiddenLoad({"n1": {GPU: Steps.constant(0.5), "cpu": Steps.constant(0.2), "memory": Steps.constant(0.9)}})
    assert lengths(ran(jobs(1, asked=ONE_GPU), load)) == {"n1": {200.0}}
    on_n1 = with_hot(compile_preset("LeastLoaded"), {})
    trace = simulate(jobs(1, asked=LARGE), Setup([nodes()[1]], {"": Policy(on_n1)}, load=load))
    assert lengths(trace) == {"n1": {125.0}}


def test_load_that_changes_while_a_task_runs() -> None:
    course = Steps((10.0, 30.0, 100.0), (0.5, 0.75, 0.0))
    load = HiddenLoad({name: {"cpu": course} for name in ("n0", "n1", "n2")})
    # 10 s in full, 20 s at half, 70 s at a quarter speed are 37.5 s of work; the rest in full
    assert lengths(ran(jobs(1), load)) == {"n0": {162.5}}


@given(
    at=st.lists(st.floats(0.1, 50), min_size=1, max_size=4, unique=True).map(sorted),
    shares=st.lists(st.floats(0, 0.99), min_size=4, max_size=4),
    begin=st.floats(0, 60),
    seconds=st.floats(0.001, 80),
)
@settings(max_examples=80, deadline=None)
def test_work_done_is_the_integral_of_speed(at: list[float], shares: list[float], begin: float, seconds: float) -> None:
    steps = Steps(tuple(at), tuple(shares[: len(at)]))
    end = Hidden(HiddenLoad({"n": {"cpu": steps}}), ["n"], 0).ends(0, SMALL, begin, seconds)
    edges = np.unique(np.clip([begin, *at, end], begin, end))
    speeds = [1.0 - next((share for when, share in zip(at[::-1], steps.share[::-1], strict=True) if when <= edge), 0.0)
              for edge in edges[:-1].tolist()]  # fmt: skip
    assert float((np.diff(edges) * speeds).sum()) == pytest.approx(seconds, rel=1e-9)


@given(every=st.sampled_from([0.1, 0.3, 7.0]), seconds=st.floats(0.01, 300), begin=st.floats(0, 300))
@settings(max_examples=60, deadline=None)
def test_drawn_load_stays_within_its_limits_and_every_period_has_its_own(every: float, seconds: float, begin: float) -> None:
    hidden = Hidden(HiddenLoad({"n": {"cpu": Drawn(0.2, 0.6, every)}}), ["n"], 7)
    assert 0.2 <= next(iter(hidden.shares(begin)))[2] <= 0.6
    assert seconds / 0.8 - 1e-6 <= hidden.ends(0, SMALL, begin, seconds) - begin <= seconds / 0.4 + 1e-6


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    load = HiddenLoad({f"n{number}": {"cpu": Drawn(0.0, 0.9, 30.0)} for number in range(3)})
    first, again, other = (ran(jobs(9), load, seed=seed) for seed in (1, 1, 2))
    assert same(first, again)
    assert not same(first, other)
    hidden = Hidden(load, ["n0", "n1", "n2"], 1)
    shares = {now: [share for _, _, share in hidden.shares(now)] for now in (0.0, 29.9, 30.0)}
    assert shares[0.0] == shares[29.9] != shares[30.0]
    assert len(set(shares[0.0])) == 3


# What is known of it


def test_measured_load_keeps_tasks_off_busy_nodes() -> None:
    assert set(lengths(ran(jobs(30), LOADED, compile_preset("LoadAware")))) == {"n1", "n2"}


def test_without_a_setup_of_load_decisions_are_those_of_requests() -> None:
    aware, alone = ran(jobs(30), None, compile_preset("LoadRisk")), ran(jobs(30), None)
    assert np.array_equal(aware.attempts.node, alone.attempts.node)
    assert aware.events == alone.events == 90


def machines(load: HiddenLoad, **more: object) -> tuple[Machines, AttemptLog]:
    log = AttemptLog()
    setup = Setup(nodes(), {"": Policy(HOT)}, load=load, **more)  # type: ignore[arg-type]
    return Machines(jobs(9), setup, log, Agenda()), log


def shown(made: Machines, now: float, resource: str = "cpu") -> list[float]:
    assert made.scraping is not None
    reading = made.scraping._measured(now, lambda name: name == "n2")
    values: list[float] = reading.values[:, reading.resources.index(resource)].tolist()
    return values


def test_a_scrape_shows_hidden_load_others_and_what_running_tasks_use_by_now() -> None:
    others = [Occupied("n1", {"cpu": 1000})]
    made, log = machines(HiddenLoad({"n0": {"cpu": Steps.constant(0.6), "disk": Steps((50.0,), (0.3,))}}), occupied=others)
    assert shown(made, 0.0)[:2] == [0.6, 0.25]
    assert np.isnan(shown(made, 0.0)[2])
    for number, node in enumerate([0, 1, 1]):
        row = log.add(number, 0, 1, node, (), (0.0, 0.0), ("", ""))
        made.take(row, Request(row, SMALL), 10.0 * number)
    after = [1 - np.exp(-(40.0 - start) / 30) for start in (0.0, 10.0, 20.0)]
    expected = [min(0.6 + after[0] / 4, 1.0), 0.25 + (after[1] + after[2]) / 4]
    assert shown(made, 40.0)[:2] == pytest.approx(expected)
    made.end(0, 41.0)
    assert shown(made, 41.0)[0] == pytest.approx(0.6)
    assert [shown(made, now, "disk")[0] for now in (49.0, 50.0)] == [0.0, 0.3]
    assert max(shown(made, 1e6)[:2]) <= 1.0


def test_of_a_node_without_an_exporter_what_others_show_is_expected() -> None:
    shares = {"n0": {"cpu": Steps.constant(0.2)}, "n1": {"cpu": Steps.constant(0.4)}, "n2": {"cpu": Steps.constant(0.6)}}
    made, _ = machines(HiddenLoad(shares, Scrapes(unmeasured=frozenset({"n1"}))))
    assert made.scraping is not None
    estimate = made.scraping.estimate(made.cluster, 0.0)
    assert estimate is not None
    found = estimate.of(made.cluster, np.arange(3))[:, estimate.resources.index("cpu")]
    assert dict(zip(made.cluster.names, found.round(9).tolist(), strict=True)) == {"n0": 0.2, "n1": 0.4, "n2": 0.6}


def test_a_node_without_an_exporter_is_never_hot_and_so_never_waited_for_in_vain() -> None:
    load = HiddenLoad({f"n{n}": {"cpu": Steps.constant(0.6)} for n in range(3)}, Scrapes(unmeasured=frozenset({"n1"})))
    assert set(lengths(ran(jobs(9), load, HOT))) == {"n1"}
    broken = Failures((Crash("n1", 1.0, 2000.0),))
    assert ran(jobs(2, gap=500.0)[1:], load, HOT, failures=broken).graphs.succeeded.all(), "it is waited for during its repair"


def test_the_estimate_is_what_is_hidden_and_what_is_requested_while_readings_rise() -> None:
    load = HiddenLoad({"n0": {"cpu": Steps.constant(0.2)}})
    world = World(jobs(8, 1000.0, 7.0), Setup(nodes(), {"": Policy(compile_preset("LoadAware"))}, load=load), True)
    cluster, scraping = world.machines.cluster, world.machines.scraping
    assert scraping is not None
    while (now := world.agenda.next_at) is not None and now < 120.0:
        world.tick(now)
        estimate, column = scraping.estimate(cluster, now), cluster.resources.index("cpu")
        assert estimate is not None
        found = estimate.of(cluster, np.arange(3))[:, estimate.resources.index("cpu")]
        assert found == pytest.approx(cluster.used[:, column] / 4000 + np.array([0.2, 0.0, 0.0]), abs=1e-9)
    assert cluster.used[:, column].sum() == 8000


def test_a_change_is_known_once_it_was_scraped_and_has_arrived() -> None:
    """Nodes are hot until 100 s; the scrape at 105 s shows it, and is known at 112 s."""
    load = HiddenLoad({f"n{n}": {"cpu": Steps((0.0, 100.0), (0.6, 0.1))} for n in range(3)}, Scrapes(15.0, 7.0))
    trace = ran(jobs(1), load, HOT)
    assert trace.attempts.placed_at.tolist() == [112.0]
    assert trace.attempts.reason == ("NoCapacity",)


@pytest.mark.parametrize("shortcuts", [True, False])
@pytest.mark.parametrize(
    "failures", [Failures(), Failures((Crash("n1", 5.0),)), Failures((Crash("n1", 5.0, 60.0),)), Failures(mtbf=500.0)]
)
def test_a_simulation_ends_where_nodes_stay_hot(shortcuts: bool, failures: Failures) -> None:
    load = HiddenLoad({f"n{n}": {"cpu": Steps.constant(0.6)} for n in range(3)})
    policies = {"": Policy(HOT)}
    trace = simulate(jobs(3), Setup(nodes(), policies, load=load, failures=failures), shortcuts=shortcuts)
    assert not trace.graphs.succeeded.any()
    assert trace.attempts.why[0].startswith("0/3 nodes: 3 are hot (cpu at 60 %)")


def test_and_where_only_a_broken_node_would_be_cool() -> None:
    load = HiddenLoad({name: {"cpu": Steps.constant(0.6)} for name in ("n0", "n2")})
    trace = ran(jobs(2, gap=100.0)[1:], load, HOT, failures=Failures((Crash("n1", 1.0),)))
    assert not trace.graphs.succeeded.any()
    assert trace.ended_at < 200.0


def test_a_hot_node_that_will_cool_down_is_waited_for() -> None:
    load = HiddenLoad({f"n{n}": {"cpu": Drawn(0.2, 0.99, 60.0)} for n in range(3)})
    assert ran(jobs(9), load, HOT).graphs.succeeded.all()


# Whatever the setup


@st.composite
def loads(draw: st.DrawFn) -> HiddenLoad:
    course = st.one_of(
        st.floats(0, 0.9).map(Steps.constant),
        st.just(Steps((5.0, 40.0), (0.8, 0.1))),
        st.builds(Drawn, st.just(0.1), st.just(0.9), st.sampled_from([3.0, 50.0])),
    )
    given = {f"n{n}": {resource: draw(course) for resource in ("cpu", "disk")} for n in range(3) if draw(st.booleans())}
    interval, delay = draw(st.sampled_from([3.0, 15.0])), draw(st.sampled_from([0.0, 5.0, 40.0]))
    unmeasured = draw(st.frozensets(st.sampled_from(["n0", "n1", "n2"])))
    return HiddenLoad(given, Scrapes(interval, delay, unmeasured=unmeasured))


@pytest.mark.parametrize("preset", ["LoadAware", "TargetUtilization", "LoadRisk", "Auto", "RoundRobin"])
@given(data=st.data())
@cases(4, search=8)
def test_nothing_is_broken_and_shortcuts_change_nothing(preset: str, data: st.DataObject) -> None:
    work, setup = data.draw(submissions()), replace(data.draw(setups(preset)), load=data.draw(loads()), until=1_000.0)
    if data.draw(st.booleans()):
        setup = replace(setup, policies={"": Policy(with_hot(compile_preset(preset), {"cpu": 0.7, "disk": 0.8}))})
    first = simulate(work, setup)
    check(first)
    assert (first.attempts.slowed >= 1 - 1e-12).all()
    assert same(first, simulate(work, setup, shortcuts=False))


# What cannot be


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: Steps.constant(1.0), "hidden load is 1: it must be a share from 0 to 0.99"),
        (lambda: Steps((0.0,), (-0.1,)), "hidden load is -0.1: it must be a share from 0 to 0.99"),
        (lambda: Steps((0.0, 1.0), (0.1,)), "hidden load has 2 instants and 1 shares: there must be one each"),
        (lambda: Steps((5.0, 5.0), (0.1, 0.2)), "hidden load changes at 5: it must be seconds, 0 or above, each later than"),
        (lambda: Drawn(0.5, 0.4, 1.0), "hidden load is from 0.5 to 0.4: the second must not be below the first"),
        (lambda: Drawn(0.1, 0.4, 0.0), "hidden load changes every 0 seconds: it must be above 0"),
        (lambda: Scrapes(interval=0.0), "scrapes.interval is 0: it must be seconds above 0"),
        (lambda: Scrapes(delay=-1.0), "scrapes.delay is -1: it must be seconds, 0 or above"),
        (lambda: Scrapes(rise=0.0), "scrapes.rise is 0: it must be a number above 0, per second"),
        (lambda: Setup(nodes(), {}, load=HiddenLoad({}, Scrapes(unmeasured=frozenset("x")))), "scrapes.unmeasured is"),
        (lambda: Setup(nodes(), {}, load=HiddenLoad({"x": {}})), 'hidden load is given for node "x": there is no such node'),
    ],
)
def test_what_cannot_be(made: Callable[[], object], sentence: str) -> None:
    with pytest.raises(SetupError, match=re.escape(sentence)):
        made()


def test_the_tracker_may_be_told_what_it_makes_of_readings() -> None:
    """A tracker that never believes a reading for more than a second after it was taken decides by requests alone."""
    forgetful = Scrapes(delay=2.0, model=LoadModel(fresh=0.5, stale=1.0))
    load = HiddenLoad(LOADED.nodes, forgetful)
    assert "n0" in lengths(ran(jobs(30)[1:], load, compile_preset("LoadAware")))
