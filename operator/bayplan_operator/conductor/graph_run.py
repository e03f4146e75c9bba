"""What the conductor holds of one task graph."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bayplan.lifecycle import Controls, Lifecycle, Run, Wants
from bayplan.model.decision import Decision
from bayplan.model.workload import Request
from bayplan_operator.conductor.completion import Outlook
from bayplan_operator.translate.own_pod import PodKey
from bayplan_operator.translate.pod import GraphRef
from bayplan_operator.translate.policy import CompiledPolicy
from bayplan_operator.translate.task_graph import Prepared
from bayplan_operator.view.inbox import Key


def _nothing(uid: str) -> None:
    """Nothing has to look at it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a graph may start nothing: a CamelCase reason and a sentence."""

    reason: str
    message: str


@dataclass(slots=True)
class Running:
    """The parts that only a valid graph has."""

    prepared: Prepared
    run: Run
    lifecycle: Lifecycle
    controls: Controls
    critical_path: NDArray[np.float64]
    """Per task: seconds from its start to the graph's end along the longest chain."""
    recorded: NDArray[np.int32]
    """Per unit: the highest incarnation whose outcome the API server's status holds."""
    arrived: NDArray[np.bool_]
    """Per unit: it has been counted among what usually arrives."""
    lines: list[str]
    """The record of the run as it goes into the status, one line per task."""
    expected: NDArray[np.float64] | None = None
    """Per task: seconds that a run is expected to take; NaN: not known."""
    wants: Wants = field(default_factory=Wants)
    waiting: dict[int, Decision] = field(default_factory=dict)
    """Units that could start and found no place, with why."""
    requests: dict[int, Request] = field(default_factory=dict)
    changed: dict[PodKey, None] | None = None
    """Pods of which the lifecycle has to be told; `None`: of all."""
    strays: dict[PodKey, None] = field(default_factory=dict)
    """Pods of the graph that are no attempt of any of its tasks: their labels were edited while no operator watched."""
    absent: tuple[int, frozenset[str]] | None = None
    """Nodes that had attempts and are not there any more, and of which turn of the nodes that is."""
    stale_lines: set[int] = field(default_factory=set)
    """Tasks whose line in `lines` is not up to date."""
    checked_at: float = 0.0
    """When the lifecycle was last held to everything that is seen."""
    all_over: bool = False
    """Every unit is in a terminal state and nothing runs any more."""


@dataclass(slots=True)
class GraphRun:
    """One TaskGraph: what people said of it, how far it is, and what was last written about it."""

    ref: GraphRef
    generation: int
    created: str
    ttl: float | None = None
    deleting: bool = False
    invalid: Problem | None = None
    """The spec itself cannot run."""
    unserved: Problem | None = None
    """There is no policy that would place it; may pass."""
    policy: CompiledPolicy | None = None
    strategy: str = ""
    """The candidate of an adaptive policy that places it; empty: its policy has but one strategy."""
    outcome: dict[str, Any] | None = None
    """What it told an adaptive policy at its end, as it stands in the status."""
    learned: bool = False
    """This process has looked at its outcome."""
    suspended: bool = False
    deadline: float | None = None
    """When it should be done, in seconds since the epoch."""
    outlook: Outlook | None = None
    """When it is expected to end; none: not looked at yet."""
    running: Running | None = None
    shards: dict[str, int] = field(default_factory=dict)
    """Of tasks whose shards are Auto, the numbers that were decided, once and for all."""
    shards_why: str = ""
    """Why these, where this process decided them."""
    shards_recorded: bool = True
    """The API server's status holds them, or there is nothing to decide. Before that, nothing of the graph happens."""
    accepted_at: float | None = None
    started_at: float | None = None
    completed_at: float | None = None
    conditions: list[dict[str, Any]] = field(default_factory=list)
    written: dict[str, Any] = field(default_factory=dict)
    """The status as we last wrote it, or found it."""
    seen_version: int = 0
    """The newest resource version that is known of it."""
    written_version: int = 0
    next_write_at: float = 0.0
    call: Callable[[str], None] = _nothing
    """Told its UID whenever it is touched, so that the tick looks at it."""
    _touched: bool = True
    urgent: bool = True
    """What changed should not wait for the interval."""
    ended: bool = False
    """Its end is in the status: nothing is decided about it any more."""
    stale_pods: bool = False
    """Ended, and its pods have not been looked through since they changed."""

    @property
    def touched(self) -> bool:
        """Something may have changed that the status should say."""
        return self._touched

    @touched.setter
    def touched(self, touched: bool) -> None:
        self._touched = touched
        if touched:
            self.call(self.ref.uid)

    @property
    def key(self) -> Key:
        """Namespace and name."""
        return self.ref.namespace, self.ref.name

    @property
    def startable(self) -> bool:
        """It may start pods now."""
        return (
            self.running is not None
            and self.policy is not None
            and self.shards_recorded
            and not (self.deleting or self.suspended or self.invalid or self.unserved or self.ended)
            and (self.policy.adaptive is None or self.strategy_recorded)
        )

    @property
    def strategy_recorded(self) -> bool:
        """Its candidate stands in its status, so that an operator started anew keeps to it."""
        return bool(self.strategy) and self.written.get("strategy") == self.strategy
