"""Drawn graphs whose tasks follow each other by gates, and what becomes of them by the lifecycle alone, without a simulator."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from bayplan.collaboration.rounds import RoundRule
from bayplan.lifecycle import (
    Attempt,
    Controls,
    Flow,
    Gate,
    Lifecycle,
    News,
    Phase,
    Repeated,
    Retry,
    Round,
    Run,
    UnitState,
    parse,
)
from bayplan.model.graph import Graph, Task
from bayplan.model.workload import NodeInfo, RequestClass
from bayplan.simulation import Ending, Policy, Rounds, Setup, Submission
from bayplan.strategy.presets import compile_preset
from tests.unit.placement.drawing import among, some_below, whole

SMALL = RequestClass((("cpu", 1),))


def setup(cores: int = 10_000, preset: str = "BestFit", nodes: int = 1) -> Setup:
    """Room for everything at once, where nothing else is said."""
    there = [NodeInfo(f"n{number}", {"cpu": cores}) for number in range(nodes)]
    return Setup(there, {"": Policy(compile_preset(preset))})


@st.composite
def flows(draw: st.DrawFn, most: int = 7) -> Submission:
    """All gates, conditions, optional tasks, exit codes; now and then with rounds."""
    count = draw(whole(1, most))
    tasks, gates, optional, endings, when = [], [], [], [], {}
    for number in range(count):
        parents = sorted(draw(some_below(number, 3))) if number else []
        tasks.append(
            Task(f"t{number}", tuple(f"t{each}" for each in parents), draw(among(1, 1, 2, 3)), draw(among(1.0, 2.0, 3.0, 7.0)))
        )
        gates.append(draw(among(*Gate)) if parents else Gate.ALL)
        optional.append(draw(st.booleans()))
        code = draw(among(0, 0, 0, 2))
        only = frozenset() if draw(st.booleans()) else frozenset({1})
        endings.append(Ending(({"x": draw(whole(0, 3))},) if draw(st.booleans()) else (), code, only))
        if parents and draw(among(False, False, True)):
            when[number] = parse(f"mean(t{draw(among(*parents))}.x) >= 2")
    graph = Graph.build(tasks)
    repeats = np.zeros(count, bool)
    if draw(among(False, True)):
        first = draw(whole(0, count - 1))
        repeats[first : draw(whole(first, count - 1)) + 1] = True
        for task in np.flatnonzero(repeats).tolist():
            optional[task] = False
        gates = [Gate.BEST if gate == Gate.ALWAYS else gate for gate in gates]
    repeated = Repeated(repeats, repeats[graph.unit_task]) if repeats.any() and not _strays(graph, repeats) else None
    minimum = np.array([draw(whole(1, task.shards)) for task in tasks])
    return Submission(
        "g", graph, (SMALL,) * count, retries=(Retry(limit=1),) * count, endings=tuple(endings),
        flow=Flow(np.array(gates, np.int8), minimum, np.array(optional), when, {}, repeated),
        rounds=None if repeated is None else Rounds(RoundRule(draw(whole(1, 3)))),
    )  # fmt: skip


def _strays(graph: Graph, repeats: np.ndarray) -> bool:
    """A repeated task waits for one that follows a repeated task and does not repeat."""
    behind = repeats.copy()
    for task in graph.topological.tolist():
        behind[task] |= behind[graph.parents.of(task)].any()
    return any((behind & ~repeats)[graph.parents.of(task)].any() for task in np.flatnonzero(repeats).tolist())


@dataclass
class Outcome:
    """What became of a graph."""

    ended: float
    failure: str
    skipped: frozenset[int]
    rounds: int
    attempts: list[tuple[int, int, float, float]] = field(default_factory=list)
    """Unit, incarnation, start and end."""


def by_the_lifecycle(submission: Submission, flow: Flow) -> Outcome:
    """The graph with room for everything, step by step as the operator takes it: only what has changed is told."""
    graph, rounds = submission.graph, submission.rounds
    controls = Controls(submission.retries, flow=flow)
    life = Lifecycle(graph, Run.fresh(graph.units))
    run = life.begin_round(flow, Round(1)) if flow.repeated is not None else Run.fresh(graph.units)
    news: dict[tuple[int, int], Attempt] = {}
    gone: list[tuple[int, int]] = []
    alive: dict[tuple[int, int], Attempt] = {}
    clock: list[tuple[float, int, int]] = []
    made: dict[tuple[int, int], tuple[float, float]] = {}
    now = 0.0
    while True:
        step = life.step(News(list(news.values()), gone), controls, now)
        run, news, gone = step.run, {}, []
        for attempt in step.wants.stop:
            gone.append((attempt.unit, attempt.incarnation))
            made[attempt.unit, attempt.incarnation] = (made[attempt.unit, attempt.incarnation][0], now)
            alive.pop((attempt.unit, attempt.incarnation), None)
        for unit in step.wants.start:
            key = (unit, int(run.incarnation[unit]) + 1)
            seconds = graph.tasks[graph.unit_task[unit]].duration
            alive[key] = news[key] = Attempt(unit, key[1], key, Phase.RUNNING, "n0", bound=True, started=now)
            made[key] = (now, now + seconds)
            heapq.heappush(clock, (now + seconds, *key))
        if step.round_over:
            assert rounds is not None
            repeated = np.array([]) if flow.repeated is None else flow.repeated.units
            idle = bool((run.state[repeated] == UnitState.SKIPPED).all() and np.isnan(run.started[repeated]).all())
            over = idle or run.round >= rounds.rule.most  # where nothing of a round has run, nothing would in another
            run = life.end_rounds() if over else life.begin_round(flow, Round(run.round + 1))
            continue
        if news or gone:
            continue
        if step.ended:
            skipped = frozenset(np.flatnonzero(run.state == UnitState.SKIPPED).tolist())
            return Outcome(now, run.failure, skipped, run.round, sorted((*key, *times) for key, times in made.items()))
        times = [each for each in (step.wants.wake_at, clock[0][0] if clock else None) if each is not None]
        now = min(times)
        while clock and clock[0][0] <= now:
            _, unit, incarnation = heapq.heappop(clock)
            running = alive.pop((unit, incarnation), None)
            if running is not None:
                news[unit, incarnation] = _ended(submission, running, run.round, now)


def _ended(submission: Submission, running: Attempt, number: int, now: float) -> Attempt:
    task = int(submission.graph.unit_task[running.unit])
    ending, flow = submission.endings[task], submission.flow
    assert flow is not None
    if ending.fails(running.incarnation):
        return Attempt(
            running.unit, running.incarnation, running.key, Phase.FAILED, "n0", bound=True, started=running.started,
            finished=now, exit_code=ending.exit_code, cause="Error",
        )  # fmt: skip
    said = ending.said(number if flow.repeated is not None and flow.repeated.tasks[task] else 0)
    return Attempt(
        running.unit, running.incarnation, running.key, Phase.SUCCEEDED, "n0", bound=True, started=running.started,
        finished=now, results=said,
    )  # fmt: skip
