"""Queues."""

import msgspec

from bayplan_operator.views.model.graph import GraphLine


class QueueRow(msgspec.Struct, frozen=True, rename="camel"):
    """What is held of one quota, as quantities."""

    resource: str
    nodes: str
    """Labels of the nodes on which it is counted; empty: all nodes."""
    used: str
    nominal: str
    borrowed: str
    borrowing_limit: str | None = None
    """`None`: no limit, or the quota is that of a queue above."""
    lending_limit: str | None = None
    charged: str = "0"
    """For graphs that were admitted as a whole, what none of their pods holds yet."""


class QueueLine(msgspec.Struct, frozen=True, rename="camel"):
    """One queue in a line."""

    name: str
    parent: str
    """Empty: it has none."""
    ready: bool | None
    """`None`: the operator has said nothing of it."""
    reason: str
    """One word for why it is ready or not."""
    usage: str
    borrowed: str
    pending: int | None
    """Shards that wait and could start."""
    admitted: int | None
    """Pods that hold the queue."""
    created: str
    age: float
    """Seconds."""
    share: str | None = None
    """When the operator last wrote it; `None`: shares are not compared."""


class QueueView(msgspec.Struct, frozen=True, rename="camel"):
    """Everything about one queue."""

    queue: QueueLine
    why: str
    """Why it is not ready, or what is wrong with its quotas. Empty: nothing is."""
    namespaces: str
    """Which namespaces may use it, in words."""
    rows: tuple[QueueRow, ...]
    children: tuple[str, ...]
    """The queues below it."""
    graphs: tuple[GraphLine, ...]
    """Those of it that are not over, among those that may be listed: first those that wait."""
    looked_in: str | None
    """The one namespace of which graphs were listed; `None`: all."""
