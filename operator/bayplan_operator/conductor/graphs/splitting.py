"""How many shards the tasks of a graph have that leave it to us."""

from collections.abc import Mapping

from bayplan.cluster.cluster import Cluster
from bayplan.foresight.shards import Places, decide, places_for
from bayplan.model.workload import RequestClass
from bayplan_operator import names
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.translate.policy import CompiledPolicy
from bayplan_operator.translate.splitting import in_words, number_within, read_numbers
from bayplan_operator.translate.task_graph import Prepared, with_shards
from bayplan_operator.view import PodStore


def decide_shards(graph: GraphRun, cluster: Cluster, pods: PodStore) -> None:
    """Find the numbers of shards, unless this process has them: in pods, or else by deciding.

    Were the record lost (a status that was emptied), the pods would still say their number. Deciding needs the policy, which
    says which nodes count.
    """
    prepared, shards = graph.known.prepared, graph.decided.shards
    if prepared is None or not shards.open:
        return
    known = {**_from_pods(graph, prepared, pods), **read_numbers(prepared.divisible, graph.written.status)}
    why = ""
    decided = with_shards(prepared, known)
    if not decided.decided:
        said = graph.known
        if said.policy is None or said.unserved or said.refused or said.checking.awaited:
            return
        found, why = _decide(decided, cluster, said.policy)
        known = {**found, **known}
    shards.decide({task: known[task] for task in prepared.divisible}, why)


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


def _decide(prepared: Prepared, cluster: Cluster, policy: CompiledPolicy) -> tuple[Mapping[str, int], str]:
    """The numbers that are open, and why these."""
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
    return {task: each.shards for task, each in advice}, in_words(advice)
