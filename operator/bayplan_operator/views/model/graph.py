"""One graph."""

from typing import Literal

import msgspec

from bayplan_operator.views.model.attempt import PodAttempt
from bayplan_operator.views.model.choice import ChoiceView
from bayplan_operator.views.model.line import LineView
from bayplan_operator.views.model.node import LiveNode
from bayplan_operator.views.model.outlook import LiveOutlook, PlannedOutlook
from bayplan_operator.views.model.rounds import RoundsView
from bayplan_operator.views.model.shards import ShardAdvice
from bayplan_operator.views.model.task import LiveTask, SimulatedTask


class GraphView(msgspec.Struct, frozen=True, rename="camel"):
    """What every graph has."""

    name: str
    """In a simulation with the namespace before it."""
    policy: str
    priority: int
    status: str
    """Succeeded or Failed. In a cluster also Waiting, Running, Suspended, Failing, Invalid, and Unknown before the operator has
    seen the graph. In a simulation also Unfinished: the simulation ended first."""
    strategy: str = ""
    """What an adaptive policy has chosen for it; empty: the policy has but one strategy."""

    @property
    def succeeded(self) -> bool:
        """It is over, and all tasks have succeeded."""
        return self.status == "Succeeded"


class Bound(msgspec.Struct, frozen=True, rename="camel"):
    """What no schedule could beat: the longest chain of tasks, however many nodes there are."""

    seconds: float
    critical_path: tuple[str, ...]
    measured: bool
    """All durations were measured; otherwise hints stand in for those that were not."""
    remaining: float
    """Seconds that are still needed at least."""
    on_these_nodes: bool = False
    """`seconds` and `remaining` are the operator's, by median run times and with the work that the nodes have room for."""


class LiveGraph(GraphView, frozen=True, kw_only=True, rename="camel"):
    """Everything about one graph of a cluster."""

    namespace: str
    uid: str
    over: bool
    progress: str
    accepted_at: str | None
    problem: str
    """Why the graph cannot run, or has failed. Empty: nothing of that kind."""
    waiting: str
    """Why tasks that could start have not."""
    makespan: float | None
    """From acceptance to the last pod's end; so far, while it runs."""
    bound: Bound | None
    tasks: tuple[LiveTask, ...]
    attempts: tuple[PodAttempt, ...]
    nodes: tuple[LiveNode, ...]
    other_nodes: int | None
    """Nodes that the graph did not use. None: nodes may not be listed."""
    retries: int
    """Attempts beyond the first of each shard."""
    outlook: LiveOutlook | None = None
    """None: the operator has said nothing of its end."""
    age: float | None = None
    """Seconds from its acceptance until it was read. None: it is not accepted."""
    rounds: RoundsView | msgspec.UnsetType = msgspec.UNSET
    """Missing: none of its tasks repeat."""
    choices: tuple[ChoiceView, ...] = ()
    """Of tasks with candidates."""
    queue: str = ""
    """The queue that its pods hold."""
    line: LineView | None = None
    """Where it stands in the line. None: nothing of it waits, or nothing was said of it yet."""
    charged: str = ""
    """What its queue was charged for all of it, such as `cpu 4`. Empty: nothing; its pods count one by one."""

    @property
    def span(self) -> float:
        """Seconds that charts show."""
        return max(self.makespan or 0.0, 1.0)


class SimulatedGraph(GraphView, frozen=True, kw_only=True, rename="camel"):
    """One graph of a simulation."""

    status: Literal["Succeeded", "Failed", "Unfinished"]
    submitted: float
    started: float | None
    ended: float | None
    failure: str
    deadline: float | None
    missed: bool
    critical_path: tuple[str, ...]
    critical_seconds: float
    """Seconds of the critical path, as it ran."""
    lower_bound: float
    """Seconds that no schedule on these nodes could beat: the longest chain on the fastest, or its work over all of them."""
    tasks: tuple[SimulatedTask, ...]
    shards: tuple[ShardAdvice, ...] = ()
    """Of tasks with a known run time; `bayplan plan` says it."""
    outlook: PlannedOutlook | None = None
    """`bayplan plan` says it."""
    rounds: int = 0
    """How many rounds began of what repeats; 0: nothing does."""
    skipped: tuple[str, ...] = ()
    """Tasks that were not to run, or that it went on without."""
    choices: tuple[ChoiceView, ...] | msgspec.UnsetType = msgspec.UNSET
    """In the order in which they were made. Missing: none of its tasks has candidates, or none could start."""
    line: LineView | msgspec.UnsetType = msgspec.UNSET
    """Where it would stand in the line when it is submitted; `bayplan plan` says it. Missing: there is no line, it could start
    nothing, or its place is not known."""

    @property
    def took(self) -> float | None:
        """Seconds from its submission to its end."""
        return None if self.ended is None else self.ended - self.submitted


class GraphLine(msgspec.Struct, frozen=True, rename="camel"):
    """One graph of many."""

    namespace: str
    name: str
    status: str
    progress: str
    waiting: str
    age: float
    """Seconds since it was created."""
    created: str
    """When it was created, in RFC 3339."""
    duration: float | None
    """Seconds from acceptance to the end, or until now."""
    line: LineView | None = None
    """Where it stands in the line. None: nothing of it waits, or nothing was said of it yet."""
