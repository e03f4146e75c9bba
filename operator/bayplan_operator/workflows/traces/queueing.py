"""Which queue a job of a trace waits in."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.workflows.files.findings import name
from bayplan_operator.workflows.traces.jobs import TraceJobs

QueueBy = Literal["queue", "user", "group"]
_NAMED = 5
"""Queues that a sentence names."""


@dataclass(frozen=True, slots=True)
class JobQueues:
    """How the columns of a trace name queues."""

    by: QueueBy = "queue"
    """The column that says it."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What stands there, to the name of a Queue. What is missing is the name itself, and `queue-3` for a number of SWF."""

    def of(self, jobs: TraceJobs) -> list[str]:
        """Per job, the queue's name; jobs that say none are in the queue `default`."""
        said: Sequence[str] = getattr(jobs, self.by)
        return [self._name(each, jobs.numbered) for each in said]

    def _name(self, said: str, numbered: bool) -> str:
        if said in self.names:
            return self.names[said]
        if not said:
            return DEFAULT_QUEUE
        return f"{self.by}-{said}" if numbered else said


def without_queue(jobs: TraceJobs, wanted: Sequence[str], queues: Mapping[str, object]) -> Iterator[str]:
    """A sentence where jobs are of queues that are in no file."""
    missing = Counter(each for each in wanted if each not in queues and each != DEFAULT_QUEUE)
    if not missing or not queues:
        return
    told = ", ".join(each for each, _ in missing.most_common(_NAMED))
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    yield (
        f"{name(jobs.path)}: {missing.total()} of {len(wanted)} jobs are of queues that no file has ({told}{more}): "
        f"they wait in the queue {DEFAULT_QUEUE}"
    )
