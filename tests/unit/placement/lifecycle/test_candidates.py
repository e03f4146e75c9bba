"""A task that several programs could do: where one fails for good, all its units start again with another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bayplan.lifecycle import Alternatives, Flow, Observations, Phase, Refusal, Retry, UnitState, Wants, advance
from bayplan.model.graph import Task
from tests.unit.placement.lifecycle.simulated import World
from tests.unit.placement.lifecycle.test_incremental import MORE, Both, happens
from tests.unit.placement.lifecycle.test_transitions import EVENTS

TASKS = [Task("a", shards=3), Task("b", ("a",))]
READY, FAILED, SUCCEEDED, SKIPPED = UnitState.READY, UnitState.FAILED, UnitState.SUCCEEDED, UnitState.SKIPPED
ONCE = Retry(limit=0, initial=1.0, factor=2.0, cap=60.0)


def states(world: World, *units: int) -> list[UnitState]:
    return [UnitState(world.run.state[unit]) for unit in units]


def choosing(world: World, chosen: str = "large", *, left: bool = True, failed: tuple[str, ...] = ()) -> None:
    world.controls = replace(world.controls, alternatives={0: Alternatives(chosen, left, failed)})


def begun(retry: Retry = ONCE) -> World:
    world = World(TASKS, retry)
    choosing(world)
    world.step()
    for unit in range(3):
        world.run_unit(unit)
    return world


def test_all_units_start_again_those_too_that_have_succeeded() -> None:
    world = begun()
    world.succeed(0)
    world.now += 7
    world.change(1, phase=Phase.FAILED, finished=world.now, exit_code=3, cause="Error")
    wants = world.step(start=False)
    assert states(world, 0, 1, 2, 3) == [READY, READY, READY, UnitState.PENDING]
    assert not world.run.failure
    assert world.run.failures[:3].tolist() == [0, 0, 0]
    assert world.run.settled[:3].tolist() == world.run.incarnation[:3].tolist() == [1, 1, 1]
    assert wants.start == [0, 1, 2]
    assert [attempt.unit for attempt in wants.stop] == [2], "what still runs of it ends"
    assert world.run.notes[1] == "candidate large has failed for good: Error (exit code 3)"


def test_what_was_given_up_is_told_once() -> None:
    world = begun()
    world.change(1, phase=Phase.FAILED, finished=world.now, exit_code=3, cause="Error")
    told = []
    for _ in range(2):
        step = advance(world.graph, world.run, world.controls, Observations(list(world.attempts.values())), world.now)
        world.run = step.run
        told += [(each.task, each.why) for each in step.given_up]
    assert told == [(0, "Error (exit code 3)")]


def test_retries_come_first_and_begin_anew_with_the_next_candidate() -> None:
    world = begun(Retry(limit=1, initial=0.0, factor=1.0, cap=0.0))
    world.fail(1)
    assert world.run.failures[1] == 1
    world.run_unit(1)
    world.fail(1)
    assert world.run.failures[1] == 0
    choosing(world, "small", left=False, failed=("large (Error (exit code 1))",))
    world.run_unit(1)
    world.fail(1)
    assert not world.run.failure
    world.run_unit(1)
    world.fail(1)
    assert "task a (shard 1 of 3) failed" in world.run.failure
    assert world.run.failure.endswith(
        "candidate small has failed, as before it large (Error (exit code 1)), and no other is left"
    )


def test_the_outcome_of_attempts_of_a_candidate_that_was_given_up_is_not_heard() -> None:
    world = begun()
    world.fail(1)
    world.change(1, phase=Phase.RUNNING, bound=True, started=world.now)
    world.attempts[2, 1] = replace(world.attempts[2, 1], phase=Phase.SUCCEEDED, finished=world.now)
    world.step()
    assert world.run.state[2] != SUCCEEDED
    assert world.run.incarnation[2] == 2


def test_a_pod_that_is_refused_for_good_is_reason_enough() -> None:
    world = World(TASKS, ONCE)
    choosing(world)
    world.step(start=False)
    world.refusals = [Refusal(0, 1, final=True, cause="Invalid", message="no such thing")]
    world.step(start=False)
    assert states(world, 0, 1, 2) == [READY, READY, READY]
    assert world.run.notes[0] == "candidate large has failed for good: Invalid: no such thing"


def test_a_shard_without_which_the_task_can_succeed_is_no_reason() -> None:
    world = begun()
    flow = replace(Flow.plain(world.graph), minimum=np.array([2, 1]))
    world.controls = replace(world.controls, flow=flow)
    world.fail(1)
    assert states(world, 1) == [FAILED]
    world.fail(2)
    assert READY not in states(world, 3)
    assert FAILED not in states(world, 0, 1, 2), "two are missing now: that is too many"
    assert not world.run.failure


def test_an_optional_task_tries_the_others_before_it_is_left_behind() -> None:
    world = begun()
    flow = replace(Flow.plain(world.graph), optional=np.array([True, False]))
    world.controls = replace(world.controls, flow=flow)
    world.fail(1)
    assert FAILED not in states(world, 0, 1, 2)
    choosing(world, "small", left=False, failed=("large (Error)",))
    world.run_unit(1)
    world.fail(1)
    assert states(world, 1) == [FAILED]
    assert not world.run.failure


def test_other_tasks_fail_as_ever_and_a_graph_that_has_failed_starts_no_candidate() -> None:
    world = World([Task("a"), Task("b")], ONCE)
    choosing(world)
    world.step()
    world.run_unit(0)
    world.run_unit(1)
    world.fail(1)
    assert world.run.failure
    world.fail(0)
    assert states(world, 0) == [SKIPPED]


class Choosing(Both):
    """Another candidate is chosen once one was given up, as the operator does."""

    def __init__(self) -> None:
        super().__init__(TASKS, Retry(limit=1, initial=1.0, factor=2.0, cap=60.0))
        self.names = ["large", "small", "tiny"]
        choosing(self)

    def step(self, *, start: bool = True) -> Wants:
        before = self.run.failures.copy(), self.run.state.copy()
        wants = super().step(start=start)
        given_up = any(note.startswith(f"candidate {self.names[0]} has failed for good") for note in self.run.notes.values())
        if given_up and len(self.names) > 1:
            failed = (*self.controls.alternatives[0].failed, f"{self.names.pop(0)} (Error)")
            choosing(self, self.names[0], left=len(self.names) > 1, failed=failed)
        assert not (self.run.state[:3] == FAILED).any() or len(self.names) == 1 or self.run.failure, before
        return wants


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.one_of(EVENTS, MORE), st.integers(0, 3)), max_size=40))
def test_a_step_of_what_has_changed_comes_to_the_same_as_one_of_everything(events: list[tuple[str, int]]) -> None:
    world = Choosing()
    world.step()
    for event, unit in events:
        happens(world, event, unit)
        world.step()
