"""What is around the conductor: what it sees, and what it acts through."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from bayplan.cluster.cluster import Cluster
from bayplan.knowledge.node_states import NodeStates
from bayplan_operator.conductor.knowledge.load import Load
from bayplan_operator.view import NodeStore, PodStore
from bayplan_operator.view.kinds import Inboxes
from bayplan_operator.writer import (
    DryRunWriter,
    EventWriter,
    GraphWriter,
    NodeRecordWriter,
    PodWriter,
    ProfileWriter,
    ServiceWriter,
)


@dataclass(frozen=True, slots=True)
class View:
    """What the conductor sees."""

    inboxes: Inboxes
    pods: PodStore
    nodes: NodeStore
    cluster: Cluster
    load: Load = field(default_factory=Load)
    node_states: dict[str, NodeStates] = field(default_factory=dict)
    """What was seen of each class of nodes before this process began."""
    written: set[Hashable] = field(default_factory=set)
    """What writes that are over were about: keys of the queue."""


@dataclass(frozen=True, slots=True)
class Writers:
    """What the conductor acts through."""

    pods: PodWriter
    graphs: GraphWriter
    events: EventWriter
    profiles: ProfileWriter
    services: ServiceWriter
    nodes: NodeRecordWriter
    dry_runs: DryRunWriter
