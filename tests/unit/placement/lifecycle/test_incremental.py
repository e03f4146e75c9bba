"""A step of what has changed comes to the same as a step of everything that is seen."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bayplan.lifecycle import Attempt, Lifecycle, News, Observations, Phase, Refusal, Retry, Wants, advance
from bayplan.model.graph import Task
from tests.draws import cases
from tests.unit.placement.lifecycle.simulated import World
from tests.unit.placement.lifecycle.test_transitions import EVENTS, TASKS, happen

MORE = st.sampled_from(
    ["suspend", "resume", "stuck", "unstuck", "gate", "ungate", "refuse", "refuse for good", "delete", "forget", "patience"]
)


def ends(wants: Wants) -> set[tuple[str, object]]:
    """What is wanted of which attempts."""
    kinds = {"stop": wants.stop, "take back": wants.take_back, "release": wants.release, "forget": wants.forget}
    return {(kind, attempt.key) for kind, attempts in kinds.items() for attempt in attempts}


class Both(World):
    """Steps by what has changed, and each time by everything too."""

    def __init__(self, tasks: list[Task], retry: Retry) -> None:
        super().__init__(tasks, retry)
        self.lifecycle = Lifecycle(self.graph, self.run)
        self.shown: dict[tuple[int, int], Attempt] = {}
        self.open: set[tuple[str, object]] = set()

    def step(self, *, start: bool = True) -> Wants:
        whole = advance(
            self.graph, self.run, self.controls,
            Observations(list(self.attempts.values()), self.refusals, self.lost_nodes), self.now, self.recorded,
        )  # fmt: skip
        changed = [each for key, each in self.attempts.items() if self.shown.get(key) is not each]
        gone = [key for key in self.shown if key not in self.attempts]
        news = News(changed, gone, self.refusals, self.lost_nodes)
        step = self.lifecycle.step(news, self.controls, self.now, self.recorded)
        assert step.run.same_as(whole.run)
        assert (step.ended, step.wants.start, step.wants.wake_at) == (whole.ended, whole.wants.start, whole.wants.wake_at)
        assert {each.key for each in step.evicted} == {each.key for each in whole.evicted}
        assert ends(step.wants) <= ends(whole.wants)
        assert ends(whole.wants) - self.open <= ends(step.wants), "what is newly wanted is told"
        self.shown, self.open = dict(self.attempts), ends(whole.wants)
        return super().step(start=start)


def happens(world: Both, event: str, unit: int) -> None:
    keys = [key for key in world.attempts if key[0] == unit]
    if event in ("suspend", "resume"):
        world.controls = replace(world.controls, suspended=event == "suspend")
    elif event == "patience":
        world.controls = replace(world.controls, stuck_after=20.0 + 10.0 * unit)
    elif event in ("refuse", "refuse for good"):
        newest = world.attempts.get(max(keys, default=(-1, 0)))
        if newest is not None and newest == Attempt(unit, newest.incarnation, newest.key, node=newest.node, held=True):
            del world.attempts[max(keys)]  # it was being created
            world.refusals = [Refusal(unit, newest.incarnation, event.endswith("good"), "Denied", "no")]
    elif event in ("stuck", "unstuck", "gate", "ungate", "delete", "forget"):
        if keys:
            key = max(keys)
            seen = world.attempts[key]
            if event == "stuck" and seen.phase == Phase.PENDING:
                world.attempts[key] = replace(seen, bound=True, stuck="ImagePullBackOff", stuck_since=world.now)
            elif event == "unstuck":
                world.attempts[key] = replace(seen, stuck="", stuck_since=0.0)
            elif event == "gate" and seen.phase == Phase.PENDING and not seen.bound:
                world.attempts[key] = replace(seen, gates=("queue.example/admission",))
            elif event == "ungate":
                world.attempts[key] = replace(seen, gates=())
            elif event == "delete" and seen.phase <= Phase.RUNNING:
                world.attempts[key] = replace(seen, terminating=True, disrupted=unit % 2 == 0)
            elif event == "forget" and ("forget", key) in world.open:
                del world.attempts[key]
    else:
        happen(world, event, unit)


@cases(160, search=400)
@given(st.lists(st.tuples(EVENTS | MORE, st.integers(0, 4), st.booleans()), max_size=60), st.integers(0, 2))
def test_after_any_sequence_of_observations(events: list[tuple[str, int, bool]], limit: int) -> None:
    world = Both(TASKS, Retry(limit=limit, initial=2.0))
    world.step()
    for event, unit, starts in events:
        happens(world, event, unit)
        world.step(start=starts)
        world.now += 0.5


@pytest.mark.parametrize("seed", range(5))
def test_of_drawn_graphs_with_many_shards(seed: int) -> None:
    draw = random.Random(seed)
    names = [f"t{number}" for number in range(draw.randint(2, 8))]
    tasks = [
        Task(name, tuple(draw.sample(names[:at], draw.randint(0, min(2, at)))), shards=draw.randint(1, 6))
        for at, name in enumerate(names)
    ]
    world = Both(tasks, Retry(limit=5, initial=1.0))
    world.step()
    likely = ["run", "succeed", "succeed", "record", "release", "wait", "vanish"]
    unlikely = [
        "fail",
        "evict",
        "end",
        "bind",
        "unschedulable",
        "lose",
        "find",
        "stuck",
        "gate",
        "ungate",
        "refuse",
        "delete",
        "suspend",
        "resume",
    ]
    for _ in range(400):
        for _ in range(draw.randint(1, 4)):
            happens(world, draw.choice(likely if draw.random() < 0.8 else unlikely), draw.randrange(world.graph.units))
        world.step()
        world.now += draw.choice((0.0, 0.1, 3.0))


def test_a_step_costs_what_has_changed() -> None:
    """Of 5,000 attempts that run, none is looked at when one ends."""
    world = World([Task("a", shards=5000)])
    life = Lifecycle(world.graph, world.run)
    life.step(News(), world.controls, world.now)

    running = [Attempt(unit, 1, unit, Phase.RUNNING, f"n{unit % 7}", bound=True, held=True) for unit in range(5000)]
    life.step(News(running), world.controls, world.now)
    asked: list[int] = []
    original = life._live.of
    life._live.of = lambda unit: asked.append(unit) or original(unit)  # type: ignore[method-assign, func-returns-value]
    life.step(News([replace(running[17], phase=Phase.SUCCEEDED)]), world.controls, world.now)
    assert set(asked) == {17}
