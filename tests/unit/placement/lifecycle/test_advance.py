import math
from typing import Any

import numpy as np
import pytest

from bayplan.lifecycle import Attempt, Phase, Refusal, Retry, Run, UnitState
from bayplan.model.graph import Task
from tests.unit.placement.lifecycle.simulated import World

CHAIN = [Task("a"), Task("b", ("a",), shards=2), Task("c", ("b",))]


def states(world: World) -> list[str]:
    return [UnitState(state).name for state in world.run.state]


def test_tasks_start_once_all_shards_before_them_have_succeeded() -> None:
    world = World(CHAIN)
    assert world.step().start == [0]
    world.succeed(0)
    assert world.wants.start == [1, 2]
    world.succeed(1)
    assert states(world) == ["SUCCEEDED", "SUCCEEDED", "BINDING", "PENDING"]
    world.succeed(2)
    assert world.wants.start == [3]
    world.succeed(3)
    assert world.ended
    assert world.run.succeeded


def test_the_arguments_of_a_step_are_left_alone() -> None:
    world = World(CHAIN)
    world.step()
    before = world.run
    copy = before.copy()
    world.succeed(0)
    assert before.same_as(copy)
    assert not before.same_as(world.run)


def test_an_attempt_under_way_is_not_started_again() -> None:
    world = World(CHAIN)
    world.step()
    assert world.step().start == []
    assert len(world.attempts) == 1


def test_a_failure_is_retried_after_the_back_off_and_counts() -> None:
    world = World([Task("a")], Retry(limit=2, initial=4.0, factor=3.0, cap=10.0))
    world.step()
    world.fail(0)
    assert states(world) == ["READY"]
    assert world.wants.start == []
    assert world.wants.wake_at == world.now + 4.0
    world.now += 4.0
    assert world.step().start == [0]
    world.fail(0)
    assert world.wants.wake_at == world.now + 10.0  # 12 s, capped
    assert world.run.failures[0] == 2


def test_the_last_failure_fails_the_graph_in_words_and_stops_the_rest() -> None:
    world = World([Task("a", shards=2), Task("b", ("a",)), Task("other")], Retry(limit=0))
    world.step()
    world.run_unit(3)
    world.fail(1, message="no such file", exit_code=3)
    assert world.run.failure == "task a (shard 1 of 2) failed on node n1 with exit code 3: Error: no such file"
    assert states(world) == ["BINDING", "FAILED", "SKIPPED", "RUNNING"]
    world.step()
    assert {attempt.unit for attempt in world.wants.stop} == {0, 3}
    assert not world.ended
    for unit in (0, 3):
        world.change(unit, terminating=True, ended=True)
    world.step()
    assert states(world) == ["SKIPPED", "FAILED", "SKIPPED", "SKIPPED"]
    world.step()
    assert world.ended
    assert not world.run.succeeded


def test_a_task_that_succeeds_while_the_graph_fails_is_recorded_as_succeeded() -> None:
    world = World([Task("a"), Task("b")], Retry(limit=0))
    world.step()
    world.fail(0)
    world.change(1, terminating=True)
    world.succeed(1)
    assert states(world) == ["FAILED", "SUCCEEDED"]


@pytest.mark.parametrize("fields", [{"disrupted": True}, {"terminating": True}])
def test_an_eviction_does_not_count_as_a_failure(fields: dict[str, bool]) -> None:
    world = World([Task("a")], Retry(limit=0))
    world.step()
    world.run_unit(0)
    world.fail(0, **fields)
    assert world.run.failures[0] == 0
    assert world.run.incarnation[0] == 1
    assert world.wants.start == [0]


def test_what_had_to_make_room_waits_again_at_once_and_keeps_its_age() -> None:
    world = World([Task("a")], Retry(limit=0))
    world.step(start=False)
    world.now += 20
    world.step()
    world.step()
    for number in range(1, 4):
        world.now += 50
        world.run_unit(0)
        assert world.run.begun[0] == pytest.approx(world.now, abs=1)
        world.now += 5
        world.change(0, terminating=True, preempted=True, cause="Preempted", message="for b")
        world.step()
        assert states(world) == ["RUNNING"], "it has its grace"
        world.now += 3
        world.fail(0, terminating=True, preempted=True, preempted_at=world.now - 3, cause="Preempted", message="for b")
        assert world.wants.start == [0]
        run = world.run
        assert (run.failures[0], run.setbacks[0], run.evictions[0]) == (0, 0, number)
        assert world.now - float(run.ready_at[0]) == 20, "it has waited for so long, but not while it ran"
        assert float(run.evicted_at[0]) == pytest.approx(world.now - 3, abs=1)
        assert run.notes[0] == "for b (Preempted)"
        world.step()
        assert math.isnan(run.begun[0])


def test_own_failures_do_not_begin_the_run_again() -> None:
    world = World([Task("a")], Retry(limit=3, initial=1.0))
    world.step()
    world.run_unit(0)
    began = float(world.run.begun[0])
    world.now += 30
    world.fail(0)
    world.now += 5
    world.step()
    world.run_unit(0)
    assert float(world.run.begun[0]) == began
    assert float(world.run.started[0]) > began


def test_what_succeeds_within_its_grace_has_succeeded() -> None:
    world = World([Task("a")])
    world.step()
    world.run_unit(0)
    world.change(0, terminating=True)
    world.succeed(0)
    assert world.run.succeeded
    assert world.run.evictions[0] == 0


def test_a_lost_node_gives_its_attempts_up_at_once_and_late_news_are_ignored() -> None:
    world = World([Task("a")])
    world.step()
    world.run_unit(0)
    world.lost_nodes = frozenset({"n0"})
    assert world.step().start == [0]
    assert [attempt.incarnation for attempt in world.wants.stop] == [1]
    world.lost_nodes = frozenset()
    world.attempts[0, 1] = Attempt(0, 1, (0, 1), Phase.SUCCEEDED, "n0", bound=True, held=True)
    world.step()
    assert states(world) == ["BINDING"]
    world.succeed(0)
    assert world.run.incarnation[0] == 2
    assert world.run.succeeded


def test_the_graph_ends_although_an_attempt_was_left_behind_on_a_lost_node() -> None:
    world = World([Task("a")])
    world.step()
    world.run_unit(0)
    world.lost_nodes = frozenset({"n0"})
    world.step()
    world.attempts[0, 2] = Attempt(0, 2, (0, 2), node="n1", held=True)
    world.attempts[0, 1] = Attempt(0, 1, (0, 1), Phase.RUNNING, "n0", bound=True, held=True, terminating=True)
    world.succeed(0)
    assert world.ended


def test_a_pod_that_disappeared_is_replaced() -> None:
    world = World([Task("a")])
    world.step()
    world.run_unit(0)
    world.attempts.clear()
    assert world.step().start == [0]
    assert world.run.notes[0] == "its pod disappeared"


@pytest.mark.parametrize("runs", [None, 0.0, 30.0], ids=["never runs", "is seen to run", "runs for 30 s"])
def test_setbacks_in_a_row_are_backed_off_until_one_attempt_has_run_for_ten_minutes(runs: float | None) -> None:
    world = World([Task("a")])

    def lost_after(seconds: float | None) -> float:
        world.step()
        if seconds is not None:
            world.run_unit(0)
            world.now += seconds
        world.change(0, terminating=True, ended=True)
        world.step(start=False)
        wait = float(world.run.not_before[0]) - world.now
        world.now = float(world.run.not_before[0])
        world.attempts.clear()
        return wait

    assert [lost_after(runs) for _ in range(8)] == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert [lost_after(600.0), lost_after(runs)] == [0.0, 1.0]


def test_a_pod_that_its_node_could_not_have_waits_for_no_back_off() -> None:
    world = World([Task("a")])
    for _ in range(5):
        world.step()
        world.change(0, unschedulable="no", terminating=True, ended=True)
        wants = world.step(start=False)
        assert (float(world.run.not_before[0]), int(world.run.setbacks[0])) == (world.now, 0)
        assert wants.start == [0]
        world.attempts.clear()


@pytest.mark.parametrize(
    ("fields", "evicted"),
    [
        ({"phase": Phase.FAILED, "disrupted": True}, True),
        ({"terminating": True, "ended": True, "disrupted": True}, True),
        ({"phase": Phase.FAILED, "terminating": True}, False),
        ({"phase": Phase.FAILED}, False),
        ({"phase": Phase.SUCCEEDED, "disrupted": True}, False),
    ],
)
def test_what_was_evicted_is_told_once(fields: dict[str, Any], evicted: bool) -> None:
    world = World([Task("a")])
    world.step()
    world.run_unit(0)
    world.change(0, **fields)
    world.step(start=False)
    assert [each.unit for each in world.evicted] == [0] * evicted
    world.step(start=False)
    assert world.evicted == ()


def test_a_node_that_cannot_have_the_pod_loses_it_only_while_it_is_unbound() -> None:
    world = World([Task("a")])
    world.step()
    world.change(0, unschedulable="0/1 nodes: port taken")
    world.step()
    assert [attempt.key for attempt in world.wants.take_back] == [(0, 1)]
    assert states(world) == ["BINDING"]
    world.change(0, bound=True)
    assert world.step().take_back == []


def test_a_gated_pod_is_waited_for_and_named_until_its_gates_are_gone() -> None:
    world = World([Task("a")])
    world.step()
    world.change(0, gates=("queue.example/admission", "other.example/quota"))
    wants = world.step()
    assert (wants.take_back, wants.stop, states(world)) == ([], [], ["BINDING"])
    assert world.run.notes[0] == (
        "SchedulingGated: its pod for node n0 waits until scheduling gates queue.example/admission, other.example/quota "
        "are taken off"
    )
    world.change(0, gates=())
    world.step()
    assert world.run.notes == {}


def test_a_gated_pod_whose_node_is_lost_is_taken_back() -> None:
    world = World([Task("a")])
    world.step()
    world.change(0, gates=("queue.example/admission",))
    world.lost_nodes = frozenset({"n0"})
    assert [attempt.key for attempt in world.step().take_back] == [(0, 1)]


def test_suspending_stops_what_runs_and_resuming_starts_it_again() -> None:
    world = World([Task("a"), Task("b")])
    world.step()
    world.run_unit(0)
    world.controls = type(world.controls)(retries=world.controls.retries, suspended=True)
    assert {attempt.unit for attempt in world.step().stop} == {0, 1}
    assert world.wants.start == []
    world.succeed(1)  # within its grace period: its work counts
    world.fail(0, terminating=True)
    assert states(world) == ["READY", "SUCCEEDED"]
    assert world.wants.start == []
    world.controls = type(world.controls)(retries=world.controls.retries, suspended=False)
    assert world.step().start == [0]
    assert world.run.failures[0] == 0


def test_containers_that_cannot_start_are_a_failure_after_a_while() -> None:
    world = World([Task("a")], Retry(limit=0))
    world.step()
    world.change(0, bound=True, stuck="ImagePullBackOff", stuck_since=world.now, cause="ImagePullBackOff", message="no image")
    world.step()
    assert states(world) == ["BINDING"]
    assert world.wants.wake_at == world.now + 60.0
    world.now += 60.0
    world.step()
    assert world.run.failure == "task a failed on node n0: ImagePullBackOff: no image"
    world.step()
    assert [attempt.key for attempt in world.wants.stop] == [(0, 1)]


def test_a_refusal_for_good_fails_the_graph_and_another_backs_off() -> None:
    world = World([Task("a")], Retry(limit=5))
    world.step(start=False)
    world.refusals = [Refusal(0, 1, False, "QuotaExceeded", "exceeded quota: gpus")]
    world.step(start=False)
    assert states(world) == ["READY"]
    assert world.run.not_before[0] > world.now
    assert world.run.incarnation[0] == 1
    world.refusals = [Refusal(0, 2, True, "Invalid", "spec.containers[0].image: required")]
    world.step()
    assert world.run.failure == "task a failed: Invalid: spec.containers[0].image: required"


def test_nothing_is_released_before_it_is_recorded() -> None:
    world = World([Task("a")])
    world.step()
    world.succeed(0)
    assert world.step().release == []
    world.record()
    assert [attempt.key for attempt in world.step().release] == [(0, 1)]
    world.change(0, held=False)
    assert [attempt.key for attempt in world.step().forget] == [(0, 1)]


def test_a_run_restored_from_an_older_record_takes_up_what_the_pods_say() -> None:
    """The record knows the first attempt only; since then it failed, and a second one has succeeded."""
    world = World([Task("a"), Task("b", ("a",))])
    world.run.state[0], world.run.incarnation[0] = UnitState.BINDING, 1
    world.attempts[0, 1] = Attempt(0, 1, (0, 1), Phase.FAILED, "n0", bound=True, held=True, exit_code=1)
    world.attempts[0, 2] = Attempt(0, 2, (0, 2), Phase.SUCCEEDED, "n1", bound=True, held=True)
    assert world.step().start == [1]
    assert world.run.failures[0] == 1
    assert world.run.incarnation[0] == 2
    assert world.run.settled[0] == 2
    assert all((unit, number) in {(0, 1), (0, 2), (1, 1)} for unit, number in world.attempts)


def test_a_success_on_record_is_never_undone_by_a_stray_pod() -> None:
    world = World([Task("a")])
    world.step()
    world.succeed(0)
    world.attempts[0, 2] = Attempt(0, 2, (0, 2), Phase.RUNNING, "n0", bound=True, held=True)
    world.step()
    assert states(world) == ["SUCCEEDED"]
    assert [attempt.key for attempt in world.step().stop] == [(0, 2)]


def test_a_large_graph_costs_a_few_milliseconds_a_step() -> None:
    tasks = [Task(f"t{i}", (f"t{i - 50}",) if i >= 50 else ()) for i in range(5000)]
    world = World(tasks)
    world.step()
    for unit in range(50):
        world.change(unit, phase=Phase.SUCCEEDED, bound=True, finished=world.now)
    import time

    start = time.thread_time()
    world.step()
    assert time.thread_time() - start < 0.1
    assert len(world.wants.start) == 50


def test_columns_of_a_fresh_run() -> None:
    run = Run.fresh(3)
    assert run.state.tolist() == [UnitState.PENDING] * 3
    assert all(math.isnan(value) for value in run.started)
    assert np.array_equal(run.incarnation, [0, 0, 0])
