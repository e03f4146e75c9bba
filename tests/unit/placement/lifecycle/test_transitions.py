from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.lifecycle import TRANSITIONS, Phase, Retry, Run, UnitState
from bayplan.lifecycle.state import TERMINAL
from bayplan.model.graph import Task
from tests.unit.placement.lifecycle.simulated import World

TASKS = [Task("a", shards=2), Task("b", ("a",)), Task("c", ("a",)), Task("d", ("b", "c"))]

EVENTS = st.sampled_from(
    ["run", "succeed", "fail", "evict", "vanish", "end", "bind", "unschedulable", "record", "release", "lose", "find", "wait"]
)


def test_no_terminal_state_is_ever_left() -> None:
    assert not [source for source, _ in TRANSITIONS if source in TERMINAL]


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


@settings(max_examples=300, deadline=None)
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


@settings(max_examples=200, deadline=None)
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
