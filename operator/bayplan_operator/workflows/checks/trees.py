"""What is wrong with the queues of files together: their parents, and limits without one."""

from collections.abc import Iterable, Iterator, Mapping

from bayplan.admission.line.too_large import in_words
from bayplan.admission.queue import Queue
from bayplan.admission.tree import tree_of
from bayplan.cluster.quotas.usage import RowUsage
from bayplan.simulation import Submission
from bayplan_operator import names
from bayplan_operator.workflows.documents import Document, Findings, InputError


class QueueDocuments:
    """Where each Queue stands."""

    def __init__(self) -> None:
        self._documents: dict[str, Document] = {}

    def note(self, document: Document) -> None:
        """It may hold a Queue."""
        metadata = document.value.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if document.value.get("kind") == names.QUEUE and isinstance(name, str):
            self._documents[name] = document

    def check(self, queues: Mapping[str, Queue], findings: Findings) -> None:
        """All that is wrong, each where it stands. `queues`: those that can be read, by name."""
        for name, fault in tree_of(queues.values()).faults.items():
            document, queue = self._documents.get(name), queues[name]
            if document is None or (queue.parent in self._documents and queue.parent not in queues):
                continue  # what is wrong is said of its parent
            if "its ancestor" in fault or "the parents above it" in fault:
                continue  # what is wrong is said of the queue itself
            sentence = fault.removeprefix(f"queue {name}: ")
            field = "spec.quotas" if "has no parent" in sentence else "spec.parentName"
            if queue.parent is not None and queue.parent not in queues:
                sentence = f"parentName is {queue.parent}, and no file has this Queue"
            with findings.gathered():
                raise document.fault(f"{field}: {sentence}" if field == "spec.quotas" else sentence, field)


def check_gangs(submissions: Iterable[Submission], queues: Mapping[str, Queue], findings: Findings) -> None:
    """Gangs that are larger than what their queue may ever hold, of quotas that count on all nodes."""
    limits = tree_of(queues.values()).limits()
    rows = [RowUsage(each, limits.parents) for each in limits.rows if not each.key.node_selector]
    for each in submissions:
        number = limits.numbers.get(each.queue or "", -1)
        for sentence in _too_large(each, number, rows) if number >= 0 else ():
            with findings.gathered():
                raise InputError(f"graph {each.name}: {sentence}")


def _too_large(submission: Submission, queue: int, rows: Iterable[RowUsage]) -> Iterator[str]:
    for gang in () if submission.flow is None else submission.flow.gangs:
        classes = [submission.request_class(unit) for unit in gang.units[: gang.minimum]]
        for row in rows:
            asked = sum(row.limits.key.amount(dict(each.resources)) for each in classes)
            most = row.most(queue)
            if asked > most:
                yield in_words(gang.name, len(classes), submission.queue or "", (row.limits.key, asked, most))
                break
