"""Drawn graphs with all that a flow may have, a tiny world for them, and how they have to end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

from bayplan.lifecycle import (
    Attempt,
    BackupRule,
    BestBy,
    Controls,
    Flow,
    GangRule,
    Gate,
    Lifecycle,
    News,
    Observations,
    Phase,
    Refusal,
    Repeated,
    Retry,
    Round,
    Run,
    TaskOutcome,
    UnitState,
    advance,
    parse,
)
from bayplan.model.graph import Graph, Task

EVENTS = (
    "run", "run", "run", "end well or not", "end well or not", "end well or not", "evict", "vanish", "delete", "stopped",
    "lose", "find", "refuse", "record", "release", "again", "wait", "suspend", "resume", "restart", "restart",
)  # fmt: skip
_KINDS = ("plain", "few", "optional", "gang", "elastic", "backed up", "always", "optional gang", "optional backed up")
_FAR = 1e8
"""Seconds after which gangs here are not bound in time: a new operator counts them from its own start."""
_OVER = UnitState.SUCCEEDED


@dataclass(frozen=True)
class Plan:
    """A graph, its flow, and what each attempt comes to in the end."""

    graph: Graph
    flow: Flow
    rounds: int
    fails: Callable[[int, int], bool]
    """Of a unit, in a round."""
    says: Callable[[int, int], int]
    retries: int
    limits: Mapping[int, tuple[int, int]]
    """Per task with a condition: the task whose result is looked at, and what it has to be above."""


@st.composite
def rules(draw: st.DrawFn, task: int, copy: int) -> BackupRule:
    """Backups from the start, after a while, never but for what has failed, or by what nothing was learned of."""
    after = draw(st.sampled_from([None, None, 2.0, _FAR]))
    learned, budget = after is None and draw(st.booleans()), draw(st.sampled_from([1.0, 0.1]))
    return BackupRule(task, (copy,), after, learned, budget)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(2, 6))
    first, last = sorted(draw(st.tuples(st.integers(0, count), st.integers(0, count))))
    kinds = [draw(st.sampled_from(_KINDS)) for _ in range(count)]
    repeats = [first <= at < last for at in range(count)]
    kinds = [kind.removeprefix("optional ") if repeats[at] else kind for at, kind in enumerate(kinds)]
    kinds = ["plain" if repeats[at] and kind in ("optional", "always") else kind for at, kind in enumerate(kinds)]
    names = [f"t{at}" for at in range(count)]
    before = [sorted(draw(st.sets(st.integers(0, at - 1), max_size=3))) if at else [] for at in range(count)]
    shards = [draw(st.integers(1, 3)) for _ in range(count)]
    gates = [Gate.ALL if not before[at] else Gate(draw(st.sampled_from([0, 0, 0, 1, 2]))) for at in range(count)]
    tasks = [Task(name, tuple(names[each] for each in before[at]), shards=shards[at]) for at, name in enumerate(names)]
    copies = {
        at: count + number for number, at in enumerate(each for each in range(count) if kinds[each].endswith("backed up"))
    }
    tasks += [replace(tasks[at], name=f"{names[at]}.backup-1") for at in copies]
    graph = Graph.build(tasks)
    plain, every = Flow.plain(graph), [*kinds, *(["plain"] * len(copies))]
    minimum, optional, gate = plain.minimum.copy(), plain.optional.copy(), plain.gate.copy()
    repeated, gangs, limits = np.zeros(len(tasks), bool), [], {}
    for at, kind in enumerate(every[:count]):
        units = tuple(range(int(graph.unit_start[at]), int(graph.unit_start[at + 1])))
        gate[at] = Gate.ALWAYS if kind == "always" else gates[at]
        optional[at] = kind.startswith("optional")
        if kind in ("few", "elastic"):
            minimum[at] = draw(st.integers(1, len(units)))
        if kind.endswith(("gang", "elastic")):
            gangs.append(GangRule(names[at], units, int(minimum[at]), _FAR))
        single = [each for each in before[at] if shards[each] == 1]
        if single and kind != "always" and draw(st.booleans()):
            limits[at] = draw(st.sampled_from(single)), draw(st.integers(0, 2))
        repeated[at] = repeats[at]
    for at, copy in copies.items():
        gate[copy], repeated[copy], optional[copy] = gate[at], repeated[at], optional[at]
    flow = Flow(
        gate, minimum, optional,
        when={at: parse(f"{names[of]}.x > {limit}") for at, (of, limit) in limits.items()},
        best_by={at: BestBy("x") for at in range(count) if gate[at] == Gate.BEST},
        repeated=Repeated(repeated, repeated[graph.unit_task]) if repeated.any() else None,
        gangs=tuple(gangs),
        backups=tuple(draw(rules(at, copy)) for at, copy in copies.items()),
    )  # fmt: skip
    bad = draw(st.dictionaries(st.integers(0, graph.units - 1), st.integers(1, 2), max_size=3))
    seed = draw(st.integers(0, 3))
    return Plan(
        graph, flow, draw(st.integers(1, 3)) if repeated.any() else 0,
        fails=lambda unit, number: unit in bad and (not number or number >= bad[unit]),
        says=lambda unit, number: (unit + number * 2 + seed) % 4, limits=limits,
        retries=draw(st.sampled_from([0, 0, 1])),
    )  # fmt: skip


def expected(plan: Plan) -> tuple[bool, list[bool]]:
    """Whether the graph fails, and per task whether it has succeeded at the end, by nothing but what each unit comes to."""
    graph, flow = plan.graph, plan.flow
    succeeded, failed = [False] * len(graph.tasks), False
    repeated = np.zeros(len(graph.tasks), bool) if flow.repeated is None else flow.repeated.tasks
    rounds = range(1, plan.rounds + 1)
    order = graph.topological.tolist()
    after = _descendants(graph, repeated)
    stages = [(0, [t for t in order if not repeated[t] and not after[t]])]
    stages += [(number, [t for t in order if repeated[t]]) for number in rounds]
    stages.append((0, [t for t in order if not repeated[t] and after[t]]))
    for number, tasks in stages:
        for task in tasks:
            if task in flow.backed_up_by:
                continue
            ran = _starts(plan, task, succeeded, number)
            well, bearable = _comes_to(plan, task, number)
            succeeded[task] = ran and well
            failed |= ran and not well and not bearable
    return failed, succeeded


def _descendants(graph: Graph, repeated: np.ndarray) -> list[bool]:
    found = [False] * len(graph.tasks)
    for task in graph.topological.tolist():
        found[task] = any(found[each] or repeated[each] for each in graph.parents.of(task).tolist())
    return found


def _starts(plan: Plan, task: int, succeeded: list[bool], number: int) -> bool:
    before, gate = plan.graph.parents.of(task).tolist(), plan.flow.gate[task]
    opens = {
        Gate.ALL: all(succeeded[each] for each in before), Gate.ALWAYS: True,
    }.get(Gate(gate), any(succeeded[each] for each in before))  # fmt: skip
    if not before:
        opens = True
    if not opens or task not in plan.limits:
        return opens
    of, limit = plan.limits[task]
    said = plan.says(int(plan.graph.unit_start[of]), _number(plan, of, number))
    return succeeded[of] and said > limit


def _number(plan: Plan, task: int, number: int) -> int:
    """In which round a task ran whose result is looked at in this one."""
    repeats = plan.flow.repeated is not None and bool(plan.flow.repeated.tasks[task])
    return (number or plan.rounds) if repeats else 0


def _comes_to(plan: Plan, task: int, number: int) -> tuple[bool, bool]:
    """Whether it succeeds where it runs, and whether the graph bears it if not."""
    units = range(int(plan.graph.unit_start[task]), int(plan.graph.unit_start[task + 1]))
    rule = next((each for each in plan.flow.backups if each.task == task), None)
    lost = 0
    for shard, unit in enumerate(units):
        same = [unit, *(int(plan.graph.unit_start[each]) + shard for each in (() if rule is None else rule.backups))]
        lost += all(plan.fails(each, number) for each in same)
    return len(units) - lost >= int(plan.flow.minimum[task]), bool(plan.flow.optional[task])


@dataclass
class World:
    """Attempts exist because the graph wanted them; each comes to what the plan says, if nothing disturbs it."""

    plan: Plan
    again: Callable[[Plan, Run], Run] = field(default=lambda _, run: run.copy())
    """What a new operator makes of a run that was recorded."""
    now: float = 1000.0

    def __post_init__(self) -> None:
        graph, flow = self.plan.graph, self.plan.flow
        self.controls = Controls([Retry(limit=self.plan.retries, initial=1.0)] * len(graph.tasks), flow=flow)
        self.life = Lifecycle(graph, Run.fresh(graph.units))
        self.run = self.life.begin_round(flow, Round(1)) if flow.repeated is not None else Run.fresh(graph.units)
        self.attempts: dict[tuple[int, int], Attempt] = {}
        self.shown: dict[tuple[int, int], Attempt] = {}
        self.made: set[tuple[int, int]] = set()
        """Attempts whose creation is not over yet."""
        self.refusals: list[Refusal] = []
        self.lost: frozenset[str] = frozenset()
        self.ended = False
        self.record()

    def record(self) -> None:
        self.recorded, self.durable = self.run.copy(), self.run.settled.copy()

    def restart(self) -> None:
        """A new operator knows the record, and sees what exists."""
        self.run = self.again(self.plan, self.recorded)
        self.durable = self.run.settled.copy()
        self.life, self.shown, self.refusals = Lifecycle(self.plan.graph, self.run), {}, []
        self.made.clear()

    def step(self) -> None:
        before, attempts = self.run, list(self.attempts.values())
        whole = advance(
            self.plan.graph, before, self.controls, Observations(attempts, self.refusals, self.lost), self.now, self.durable
        )
        changed = [each for key, each in self.attempts.items() if self.shown.get(key) is not each]
        gone = [key for key in self.shown if key not in self.attempts]
        made = self.life.step(News(changed, gone, self.refusals, self.lost), self.controls, self.now, self.durable)
        assert made.run.same_as(whole.run)
        assert (made.wants.start, made.ended, made.round_over) == (whole.wants.start, whole.ended, whole.round_over)
        self.made.clear()
        self.shown, self.refusals, self.run, self.ended = dict(self.attempts), [], made.run, made.ended
        self.wake_at = made.wants.wake_at if made.wants.wake_at is not None and made.wants.wake_at < _FAR else None
        self._check(before)
        for each in made.wants.stop:
            self.attempts[each.key] = replace(self.attempts[each.key], terminating=True)  # type: ignore[index]
        for each in made.wants.take_back:
            self.attempts.pop(each.key)  # type: ignore[arg-type]
        for each in (*whole.wants.release, *whole.wants.forget):
            assert each.incarnation <= self.recorded.settled[each.unit]
        self.free = [each.key for each in (*whole.wants.release, *whole.wants.forget)]
        for unit in made.wants.start:
            self._start(unit)
        if made.round_over:
            self._between()

    def _start(self, unit: int) -> None:
        flow, task = self.plan.flow, int(self.plan.graph.unit_task[unit])
        repeats = flow.repeated is not None and bool(flow.repeated.tasks[task])
        number = int(self.run.incarnation[unit]) + 1
        assert (unit, number) not in self.attempts
        made = Attempt(unit, number, (unit, number), node=f"n{unit % 3}", held=True, round=self.run.round if repeats else 0)
        self.attempts[unit, number] = made
        self.made.add((unit, number))
        outcomes = flow.outcomes(self.plan.graph, self.run)
        before = [outcomes[each] for each in self.plan.graph.parents.of(task)]
        if flow.gate[task] == Gate.ALL:
            assert all(each == TaskOutcome.SUCCEEDED for each in before)
        elif flow.gate[task] == Gate.ANY:
            assert TaskOutcome.SUCCEEDED in before
        else:
            assert TaskOutcome.OPEN not in before

    def _between(self) -> None:
        assert self.plan.flow.repeated is not None
        self.record()
        if self.run.round < self.plan.rounds:
            self.run = self.life.begin_round(self.plan.flow, Round(self.run.round + 1))
        else:
            self.run = self.life.end_rounds()
        self.record()

    def _check(self, before: Run) -> None:
        state, old = self.run.state, before.state
        flow = self.plan.flow
        for unit in (old == UnitState.SUCCEEDED).nonzero()[0].tolist():
            assert state[unit] == UnitState.SUCCEEDED, "a success is not lost"
        for gang in flow.gangs:
            units = list(gang.units)
            live = int(((state[units] == UnitState.BINDING) | (state[units] == UnitState.RUNNING)).sum())
            assert live == 0 or live >= gang.minimum, "some live and others do not"
            well = state[units] == UnitState.SUCCEEDED
            assert not well.any() or (state[units] >= _OVER).all(), "they succeed in one step"
        for rule in flow.backups:
            (copy,) = rule.backups
            for shard in range(self.plan.graph.tasks[copy].shards):
                mine, other = (int(self.plan.graph.unit_start[each]) + shard for each in (rule.task, copy))
                assert state[other] != UnitState.SUCCEEDED or state[mine] == UnitState.SUCCEEDED
                if state[mine] >= _OVER and state[mine] != UnitState.FAILED:
                    assert state[other] >= _OVER, "the same work is not done twice"

    def happen(self, event: str, draw: int) -> None:
        """Something happens, to the attempt that is drawn."""
        keys = sorted(self.attempts)
        if event == "record":
            self.record()
        elif event == "restart":
            self.restart()
        elif event in ("suspend", "resume"):
            self.controls = replace(self.controls, suspended=event == "suspend")
        elif event in ("lose", "find"):
            nodes = {f"n{draw % 3}"}
            self.lost = self.lost | nodes if event == "lose" else self.lost - nodes
        elif event == "wait":
            self.now += 400.0
        elif event == "again":
            self.shown = {
                key: each for key, each in self.shown.items() if hash(key) % 2 or key not in self.attempts
            }  # old news are told once more
        elif keys:
            self._befall(event, keys[draw % len(keys)])

    def _befall(self, event: str, key: tuple[int, int]) -> None:
        seen = self.attempts[key]
        over = seen.ended or seen.phase >= Phase.SUCCEEDED
        if event == "run" and seen.phase == Phase.PENDING and not seen.terminating:
            self.attempts[key] = replace(seen, phase=Phase.RUNNING, bound=True, started=self.now)
        elif event == "end well or not" and self.shown.get(key, seen).phase == Phase.RUNNING and not over:
            self.attempts[key] = self._ends(seen)
        elif event == "evict" and not over and not seen.terminating:
            self.attempts[key] = replace(seen, phase=Phase.FAILED, bound=True, disrupted=True, finished=self.now)
        elif event == "delete" and not over:
            self.attempts[key] = replace(seen, terminating=True)
        elif event == "stopped" and seen.terminating:
            self.attempts[key] = replace(seen, ended=True)
        elif event == "vanish" and not over and key in self.made:
            del self.attempts[key]
        elif event == "refuse" and key in self.made:
            del self.attempts[key]
            self.refusals.append(Refusal(*key, False, "Denied", "no"))
        elif event == "release" and key in getattr(self, "free", ()):
            del self.attempts[key]

    def _ends(self, seen: Attempt) -> Attempt:
        plan = self.plan
        if plan.fails(seen.unit, seen.round):
            return replace(seen, phase=Phase.FAILED, finished=self.now, exit_code=1, cause="Error")
        work = seen.unit
        for rule in plan.flow.backups:  # a backup says what its task would
            first = int(plan.graph.unit_start[rule.backups[0]])
            if first <= seen.unit < first + plan.graph.tasks[rule.task].shards:
                work = int(plan.graph.unit_start[rule.task]) + seen.unit - first
        return replace(seen, phase=Phase.SUCCEEDED, finished=self.now, results={"x": plan.says(work, seen.round)})

    def finish(self) -> None:
        """From now on nothing disturbs it."""
        self.controls, self.lost = replace(self.controls, suspended=False), frozenset()
        for _ in range(300):
            self.step()
            if self.ended:
                return
            self.record()
            live = {key: each for key, each in self.attempts.items() if not each.ended and each.phase < Phase.SUCCEEDED}
            for key, each in live.items():
                self._befall(
                    "stopped" if each.terminating else "run" if each.phase == Phase.PENDING else "end well or not", key
                )
            self.now = max(self.now + 1.0, self.wake_at or 0.0) if not live else self.now + 1.0
        raise AssertionError(f"it does not end: {self.run.state}")
