"""The candidates of tasks, as a simulation is given them."""

from bayplan.simulation import Candidate, TaskCandidates
from bayplan_operator.translate.candidates import CandidatePod
from bayplan_operator.translate.pod import GraphRef, neighbour
from bayplan_operator.translate.task_graph import Prepared
from bayplan_operator.workflows.documents import Document
from bayplan_operator.workflows.endings import ending
from bayplan_operator.workflows.pods import own_neighbours, seconds


def candidates(document: Document, prepared: Prepared, graph: GraphRef) -> dict[int, TaskCandidates]:
    """By number of a task. Raises `InputError`."""
    return {
        task: TaskCandidates(
            prepared.relations.choosers[task],
            tuple(_candidate(document, prepared, graph, (task, position)) for position in range(len(pods))),
        )
        for task, pods in prepared.candidates.items()
    }


def _candidate(document: Document, prepared: Prepared, graph: GraphRef, which: tuple[int, int]) -> Candidate:
    """`which`: number of the task, and position of the candidate."""
    task, position = which
    pod: CandidatePod = prepared.candidates[task][position]
    library, first, template = prepared.graph.tasks[task], int(prepared.graph.unit_start[task]), pod.template
    where = f"spec.tasks[{task}].candidates[{position}]"
    own = range(library.shards) if prepared.spec.tasks[task].data is not None else ()
    divided = prepared.splittings[task] is not None
    return Candidate(
        name=pod.name,
        request_class=template.request_class,
        run=pod.run,
        seconds=None if any(prepared.splittings) else seconds(document, where, template.metadata, library.duration),
        ending=ending(document, where, template.metadata),
        neighbour=neighbour(graph, template, library.name, None),
        own_classes={shard: prepared.asks(first + shard, template) for shard in own},
        own_neighbours={} if divided else own_neighbours(graph, template, library.name, library.shards),
    )
