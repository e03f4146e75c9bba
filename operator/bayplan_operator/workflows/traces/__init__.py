"""Traces of jobs, which other schedulers have recorded: read into columns, and made into submissions of a simulation.

reading (bytes to text) ─▶ swf, table (CSV) ─▶ jobs (columns) ─▶ submissions (queues, pods)
"""

from bayplan_operator.workflows.traces.jobs import TraceJobs
from bayplan_operator.workflows.traces.queueing import JobQueues, QueueBy
from bayplan_operator.workflows.traces.reading import is_trace, read_trace
from bayplan_operator.workflows.traces.submissions import add_jobs

__all__ = ["JobQueues", "QueueBy", "TraceJobs", "add_jobs", "is_trace", "read_trace"]
