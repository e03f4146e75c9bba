"""From a decision to a pod."""

from functools import partial

from bayplan.model.decision import Decision
from bayplan_operator import metrics
from bayplan_operator.conductor.placing.handing import given_to
from bayplan_operator.conductor.placing.neighbouring import neighbour_of_unit
from bayplan_operator.conductor.record.graph_run import GraphRun
from bayplan_operator.conductor.record.running import Running
from bayplan_operator.conductor.templates.answers import Answers
from bayplan_operator.translate.own_pod import Identity, Pending
from bayplan_operator.translate.pod import Place, PodRole, pod_manifest
from bayplan_operator.view import PodStore
from bayplan_operator.writer.pods import Creation, PodWriter


class Creator:
    """Has pods made."""

    def __init__(self, pods: PodStore, writer: PodWriter, answers: Answers) -> None:
        self._pods, self._writer, self._answers = pods, writer, answers

    def create(self, graph: GraphRun, unit: int, decision: Decision, now: float) -> None:
        """Count the pod of a unit at the place of a decision, and have it made. Raises ``ValueError`` without a place."""
        running, policy = graph.running, graph.known.policy
        if running is None or policy is None or decision.node is None:
            raise ValueError(f"unit {unit} of {graph.key} has no place")
        role = _role(running, unit)
        template = running.prepared.templates[int(running.prepared.graph.unit_task[unit])]
        direct = policy.direct and not template.needs_scheduler
        grace = policy.spec.node_loss_grace
        where = Place(decision.node, decision.message, direct, grace, decision.gpus, decision.others, now)
        manifest = pod_manifest(graph.ref, template, role, where, given_to(running, graph.ref, unit))
        key = (graph.ref.namespace, manifest["metadata"]["name"])
        identity = Identity(role.task, role.shard, role.incarnation)
        resources = dict(template.request_class.resources)
        seen, asked_for = neighbour_of_unit(graph, running, unit), running.asking.requests.get(unit)
        run = None if asked_for is None else asked_for.run
        pending = Pending(graph.ref.uid, identity, decision.node, resources, decision.gpus, seen, role.queue, run, now)
        self._pods.assume(key, pending)
        asked = (graph.ref.namespace, template.admission_hash)
        made = partial(self._answers.created, asked, template, (decision.node, *decision.others))
        self._writer.create(Creation(key, graph.ref.uid, unit, role.incarnation, manifest, made))
        ready_at = float(running.run.ready_at[unit])
        metrics.START_DELAY_SECONDS.observe(max(0.0, now - max(ready_at, float(running.run.not_before[unit]))))


def _role(running: Running, unit: int) -> PodRole:
    graph = running.prepared.graph
    task = int(graph.unit_task[unit])
    return PodRole(
        task=graph.tasks[task].name,
        shard=unit - int(graph.unit_start[task]),
        shards=graph.tasks[task].shards,
        incarnation=int(running.run.incarnation[unit]) + 1,
        candidate="" if running.choices is None else running.choices.name_of(task),
        queue=running.prepared.spec.queue_name,
    )
