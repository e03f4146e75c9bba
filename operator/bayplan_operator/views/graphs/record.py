"""The run of a graph, as its status records it."""

from collections.abc import Mapping
from typing import Any

from bayplan.lifecycle import Run
from bayplan_operator.translate import round_record, run_record
from bayplan_operator.translate.task_graph import Prepared


def read(prepared: Prepared, status: Mapping[str, Any], epoch: float) -> Run:
    """With its results and its round. ``epoch``: when the graph was accepted, in seconds since 1970."""
    graph, flow = prepared.graph, prepared.relations.flow
    run, _ = run_record.read(graph, status.get("tasks") or (), epoch, flow)
    run.results = round_record.read_results(graph, run, status, prepared.relations.needed)
    if flow is not None and flow.repeated is not None:
        run.round = round_record.read_number(status)
        run.round_before = round_record.read_before(graph, status)
        run.began_in = round_record.read_began(graph, status)
        run.taken = round_record.read_taken(graph, status)
        run.rounds_over = bool(round_record.read_over(status))
    return run
