"""All writes to the API server: bounded in number, tried again with back-off, and never twice at once for one object."""

from bayplan_operator.writer.dry_runs import DryRunWriter
from bayplan_operator.writer.events import EventWriter
from bayplan_operator.writer.foreign import ForeignPodWriter
from bayplan_operator.writer.graphs import GraphWriter
from bayplan_operator.writer.node_record import NodeRecordWriter
from bayplan_operator.writer.pods import PodWriter
from bayplan_operator.writer.profiles import ProfileWriter
from bayplan_operator.writer.queue import WriteQueue
from bayplan_operator.writer.queues import QueueWriter
from bayplan_operator.writer.services import ServiceWriter

__all__ = [
    "DryRunWriter",
    "EventWriter",
    "ForeignPodWriter",
    "GraphWriter",
    "NodeRecordWriter",
    "PodWriter",
    "ProfileWriter",
    "QueueWriter",
    "ServiceWriter",
    "WriteQueue",
]
