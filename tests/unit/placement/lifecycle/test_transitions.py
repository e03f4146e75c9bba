from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.lifecycle import TRANSITIONS, Flow, Phase, Repeated, Retry, Round, Run, UnitState, begun
from bayplan.lifecycle.state import TERMINAL
from bayplan.model.graph import Graph, Task
from tests.draws import cases
from tests.unit.placement.lifecycle.simulated import World

TASKS = [Task("a", shards=2), Task("b", ("a",)), Task("c", ("a",)), Task("d", ("b", "c"))]

EVENTS = st.sampled_from(
    ["run", "succeed", "fail", "evict", "vanish", "end", "bind", "unschedulable", "record", "release", "lose", "find", "wait"]
)


def test_a_terminal_state_is_left_only_where_a_backup_does_what_has_failed() -> None:
    left = [(source, to) for source, to in TRANSITIONS if source in TERMINAL]
    assert left == [(UnitState.FAILED, UnitState.SUCCEEDED)]
    assert "backup" in TRANSITIONS[left[0]]


def test_when_a_round_begins_what_repeats_is_as_it_was_at_first_and_all_else_stays() -> None:
    graph = Graph.build([Task("once"), Task("again", ("once",), shards=2)])
    repeated = Repeated(np.array([False, True]), np.array([False, True, True]))
    flow = replace(Flow.plain(graph), repeated=repeated)
    run = begun(graph, flow, Run.fresh(3), Round(1))
    run.state[:] = [UnitState.SUCCEEDED, UnitState.SUCCEEDED, UnitState.FAILED]
    run.incarnation[:] = run.settled[:] = [2, 3, 4]
    run.failures[:] = 1
    after = begun(graph, flow, run, Round(2, frozenset({1})))
    assert after.state.tolist() == [UnitState.SUCCEEDED, UnitState.SKIPPED, UnitState.PENDING]
    assert after.settled.tolist() == after.incarnation.tolist() == [2, 3, 4]
    assert after.failures.tolist() == [1, 0, 0]
    assert after.round_before == {1: 3}


def test_a_round_begins_only_after_the_one_before() -> None:
    graph = Graph.build([Task("again")])
    flow = replace(Flow.plain(graph), repeated=Repeated(np.array([True]), np.array([True])))
    with pytest.raises(ValueError, match="round 3 cannot follow round 1"):
        begun(graph, flow, begun(graph, flow, Run.fresh(1), Round(1)), Round(3))


def test_a_way_that_is_not_in_the_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="from PENDING to RUNNING"):
        Run.fresh(1).move(0, UnitState.RUNNING)


def happen(world: World, event: str, unit: int) -> None:
    keys = [key for key in world.attempts if key[0] == unit]
    if event == "record":
        world.record()
    elif event == "lose":
        world.lost_nodes |= {f"n{unit % 3}"}
    elif event == "find":
        world.lost_nodes -= {f"n{unit % 3}"}
    elif event == "wait":
        world.now += 30.0
    elif keys:
        key = max(keys)
        seen = world.attempts[key]
        if event == "vanish" and not seen.held:
            del world.attempts[key]
        elif event == "release" and seen.incarnation <= world.recorded[unit]:
            world.attempts[key] = replace(seen, held=False)
        elif event in ("run", "bind") and seen.phase == Phase.PENDING:
            world.attempts[key] = replace(seen, bound=True, phase=Phase.RUNNING if event == "run" else Phase.PENDING)
        elif event in ("succeed", "fail", "evict") and seen.phase <= Phase.RUNNING and not seen.ended:
            phase = Phase.SUCCEEDED if event == "succeed" else Phase.FAILED
            world.attempts[key] = replace(seen, bound=True, phase=phase, disrupted=event == "evict")
        elif event == "end" and seen.phase <= Phase.RUNNING:
            world.attempts[key] = replace(seen, terminating=True, ended=True)
        elif event == "unschedulable" and not seen.bound:
            world.attempts[key] = replace(seen, unschedulable="taken")


@cases(120, search=300)
@given(st.lists(st.tuples(EVENTS, st.integers(0, 4)), max_size=60))
def test_whatever_happens_states_move_along_the_table_and_nothing_runs_again_after_its_success(
    events: list[tuple[str, int]],
) -> None:
    world = World(TASKS, Retry(limit=1))
    world.step()
    for event, unit in events:
        happen(world, event, unit)
        before = world.run.state.copy()
        succeeded = {u for u in range(5) if before[u] == UnitState.SUCCEEDED}
        world.step()
        for old, new in zip(before.tolist(), world.run.state.tolist(), strict=True):
            assert old == new or reachable(UnitState(old), UnitState(new)), (UnitState(old), UnitState(new))
        assert not succeeded & set(world.wants.start)
        assert not any(a.incarnation > world.recorded[a.unit] for a in world.wants.release)


def reachable(source: UnitState, to: UnitState) -> bool:
    """One step may pass through several states."""
    seen, queue = {source}, [source]
    for state in queue:
        for left, right in TRANSITIONS:
            if left == state and right not in seen:
                seen.add(right)
                queue.append(right)
    return to in seen


@cases(80, search=200)
@given(st.lists(st.tuples(EVENTS, st.integers(0, 4)), max_size=40), st.integers(0, 1_000))
def test_a_restart_from_any_record_ever_written_comes_to_the_same_successes(events: list[tuple[str, int]], when: int) -> None:
    """Held pods and a stale record together know at least what the operator knew."""
    world = World(TASKS, Retry(limit=50))
    world.step()
    record = (world.run.copy(), world.recorded.copy())
    for number, (event, unit) in enumerate(events):
        if event == "record" and number <= when % (len(events) + 1):
            world.record()
            record = (world.run.copy(), world.recorded.copy())
        elif event not in ("record", "vanish"):
            happen(world, event, unit)
        world.step()
    successes = {u for u in range(5) if world.run.state[u] == UnitState.SUCCEEDED}
    world.run, world.recorded = record
    world.step(start=False)
    assert successes <= {u for u in range(5) if world.run.state[u] == UnitState.SUCCEEDED}
