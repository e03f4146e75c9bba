"""The queues of files, and which of them graphs name."""

from dataclasses import replace
from typing import Protocol

from bayplan.admission.queue import Queue
from bayplan.admission.tree import tree_of
from bayplan.admission.whole_graphs.words import never_fits
from bayplan.cluster.cluster import Cluster
from bayplan.simulation import Submission
from bayplan.simulation.whole_graphs import demand_of_all
from bayplan_operator import names
from bayplan_operator.api.v1alpha1 import DEFAULT_QUEUE
from bayplan_operator.translate.queue import InvalidQueue, compile_queue
from bayplan_operator.workflows.checks.fields_of_kinds import field_faults
from bayplan_operator.workflows.documents import Document
from bayplan_operator.workflows.files.findings import all_of


class WithQueues(Protocol):
    """What files hold of graphs and queues."""

    submissions: list[Submission]
    queues: dict[str, Queue]
    left_out: list[str]


def read_queue(document: Document) -> Queue:
    """Raises `InputError` with all that is wrong."""
    faults = list(field_faults(document, names.QUEUE))
    try:
        queue = compile_queue(document.value).queue
    except InvalidQueue as error:
        raise all_of(faults) or document.fault(str(error)) from error
    if (wrong := all_of(faults)) is not None:
        raise wrong
    return queue


def name_queues(workload: WithQueues) -> None:
    """A graph whose queue is in no file waits in none. Where it says which, that is told."""
    for number, each in enumerate(workload.submissions):
        if each.queue is None or each.queue in workload.queues:
            continue
        workload.submissions[number] = replace(each, queue=None)
        if each.queue != DEFAULT_QUEUE:
            workload.left_out.append(
                f"graph {each.name}: spec.queueName is {each.queue}, and no file has this Queue: no quota counts in these times"
            )


def never_admitted(workload: WithQueues) -> list[str]:
    """A sentence for each graph that its queue can never admit as a whole."""
    found, empty = [], Cluster()
    empty.set_quotas(tree_of(workload.queues.values()).limits())
    for each in workload.submissions:
        if each.admitted_whole and each.queue in workload.queues:
            why = never_fits(empty.quotas, demand_of_all(each), each.queue)
            if why:
                found.append(f"graph {each.name} has admission Graph, and can never start: {why}")
    return found
