"""How many shards the tasks of a graph have that leave it to us: decided once, then written, then kept."""

from collections.abc import Mapping

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.shards import Places, decide, places_for
from bayplan.model.workload import RequestClass
from bayplan_operator import names
from bayplan_operator.conductor.graph_run import GraphRun
from bayplan_operator.conductor.graphs.intake import begin
from bayplan_operator.translate.policy import CompiledPolicy
from bayplan_operator.translate.splitting import in_words, number_within, read_numbers
from bayplan_operator.translate.task_graph import Prepared, with_shards
from bayplan_operator.view import PodStore


def settle(graph: GraphRun, cluster: Cluster, pods: PodStore, now: float) -> None:
    """Find the numbers of shards, unless this process has them: in the status, in pods, or else by deciding.

    Nothing of the graph happens before they are in the API server. So there is no pod without a record, and after a crash
    at any instant the next operator finds the number that pods were made for, or none and no pods. Were the record lost
    (a status that somebody emptied), the pods would still say their number. Deciding needs the policy, which says which
    nodes count.
    """
    running = graph.running
    if running is None or graph.shards or not any(running.prepared.splittings):
        return
    prepared = running.prepared
    known = {**_from_pods(graph, prepared, pods), **prepared.shards}
    decided = with_shards(prepared, known)
    if not decided.decided:
        if graph.policy is None or graph.unserved is not None:
            return
        known = {**_decide(graph, decided, cluster, graph.policy), **known}
    graph.shards = {task: known[task] for task in prepared.divisible}
    graph.shards_recorded = graph.shards == read_numbers(prepared.divisible, graph.written)
    begin(graph, with_shards(prepared, graph.shards), running.controls, now)
    graph.touched = graph.urgent = True


def _from_pods(graph: GraphRun, prepared: Prepared, pods: PodStore) -> dict[str, int]:
    """What the graph's pods say that they are part of."""
    bounds = prepared.divisible
    found = {}
    for own in pods.own(graph.ref.uid):
        whole = bounds.get(own.identity.task)
        number = None if whole is None else number_within(whole, own.pod.metadata.annotations.get(names.ANNOTATION_SHARDS, "1"))
        if number is not None and number > own.identity.shard:
            found[own.identity.task] = number
    return found


def _decide(graph: GraphRun, prepared: Prepared, cluster: Cluster, policy: CompiledPolicy) -> Mapping[str, int]:
    selector = policy.strategy.node_selector
    places: dict[RequestClass, Places] = {}
    for template in prepared.templates:
        asked = template.request_class
        if asked not in places:
            places[asked] = places_for(cluster, asked, selector)
    tasks = prepared.graph.tasks
    open_ = [None if task.name in prepared.shards else whole for task, whole in zip(tasks, prepared.splittings, strict=True)]
    found = decide(prepared.graph, open_, [places[template.request_class] for template in prepared.templates])
    advice = [(task.name, each) for task, each in zip(tasks, found, strict=True) if each is not None]
    graph.shards_why = in_words(advice)
    return {task: each.shards for task, each in advice}
