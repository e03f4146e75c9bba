"""Templates that call templates, until only pods are left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bayplan_operator.api.validation.words import nearest
from bayplan_operator.workflows.argo import loops
from bayplan_operator.workflows.argo.dags import Dag, by_name
from bayplan_operator.workflows.argo.known_fields import (
    DAG_TASK,
    TEMPLATE,
    TEMPLATE_DEFAULTS,
    WORKFLOW_STEP,
    look,
    name_fail_fast,
    says_nothing,
)
from bayplan_operator.workflows.argo.parameters import Arguments, of_item
from bayplan_operator.workflows.argo.pods import Boundary, PodAsk, Pods
from bayplan_operator.workflows.argo.pods.pods import MAINS
from bayplan_operator.workflows.argo.pods.scheduling import constraints
from bayplan_operator.workflows.argo.remarks import Remarks
from bayplan_operator.workflows.argo.tags import Scope, filled
from bayplan_operator.workflows.fields import Fields

MOST_PODS = 1_000_000
"""Of a workflow: more do not fit into memory."""
_NO_POD = ("suspend", "resource", "http", "plugin", "data")
_CALLING = ("dag", "steps")
_OF_PODS = ("retryStrategy", "podSpecPatch", "daemon", "initContainers", "sidecars", "volumes")
Ends = tuple[int, ...]
"""Numbers of tasks that must have ended before something goes on."""


@dataclass(frozen=True, slots=True)
class FlatTask:
    """Pods alike that start together."""

    name: str
    """Unique in the workflow; of a task inside a called template with the names of the calls before it."""
    parents: Ends
    pods: int
    ask: PodAsk


@dataclass(frozen=True, slots=True)
class Call:
    """A template, and from where it is called."""

    template: Fields
    scope: Scope
    """With the template's inputs."""
    after: Ends
    name: str
    """Of the task that calls; empty: nothing does."""
    turn: int | None = None
    """Of a loop, from 0."""
    boundary: Boundary = field(default_factory=Boundary)
    above: tuple[str, ...] = ()
    """Places of the templates that led here."""

    @property
    def full_name(self) -> str:
        """With the turn."""
        return self.name if self.turn is None else f"{self.name}.{self.turn}"


class Expansion:
    """Makes tasks of pods of the templates of a workflow."""

    def __init__(self, spec: Fields, workflow: Scope, remarks: Remarks) -> None:
        self.tasks: list[FlatTask] = []
        self._templates = by_name(spec.maps("templates", needed=True))
        self._workflow, self._remarks = workflow, remarks
        self._arguments = Arguments(workflow, remarks)
        self._pods = Pods(spec, remarks)
        self._seen: set[str] = set()
        self._count = 0
        look(spec.map("templateDefaults"), TEMPLATE_DEFAULTS, remarks)
        name_fail_fast(spec.map("templateDefaults"), remarks)

    def template(self, caller: Fields, field: str, scope: Scope) -> Fields:
        """The template that a field names. Raises `InputError`."""
        name = filled(caller.document, caller.text(field), scope, caller.at(field))
        if name not in self._templates:
            advice = nearest(name, list(self._templates), what="templates")
            raise caller.fault(field, f"there is no template of that name; {advice}")
        return self._templates[name]

    def run(self, template: Fields, after: Ends, name: str) -> Ends:
        """Add all pods of a template that the workflow itself names. Answers whose end is its end. Raises `InputError`."""
        return self._run([Call(template, self._arguments.of_call(template, None, self._workflow), after, name)])

    def _run(self, calls: Sequence[Call]) -> Ends:
        """One call, or the turns of a loop: all of one template."""
        template = calls[0].template
        self._look(template)
        kind = self._kind(template)
        if kind in MAINS:
            return self._add(calls)
        ends: list[int] = []
        for call in calls:
            if template.place in call.above:
                raise template.document.fault(
                    f"{template.place} leads back to itself: how often it runs is known only at run time", template.place
                )
            inner = replace(
                call,
                boundary=Boundary(constraints(template, call.scope, self._remarks)),
                above=(*call.above, template.place),
            )
            ends += self._dag(inner) if kind == "dag" else self._steps(inner)
        return tuple(dict.fromkeys(ends))

    def _dag(self, call: Call) -> Ends:
        dag = Dag(call.template.map("dag"), call.scope, self._remarks)
        ends: dict[str, Ends] = {}
        for name, task in dag.tasks.items():
            look(task, DAG_TASK, self._remarks)
            above = [end for parent in dag.parents[name] for end in ends[parent]]
            ends[name] = self._call(task, replace(call, after=tuple(dict.fromkeys(above)) if dag.parents[name] else call.after))
        return tuple(dict.fromkeys(end for name in dag.ends for end in ends[name]))

    def _steps(self, call: Call) -> Ends:
        after = call.after
        for group in self._groups(call.template):
            ends: list[int] = []
            for step in by_name(group).values():
                look(step, WORKFLOW_STEP, self._remarks)
                ends += self._call(step, replace(call, after=after))
            after = tuple(dict.fromkeys(ends)) or after
        return after

    def _groups(self, template: Fields) -> Iterator[list[Fields]]:
        """Steps that run side by side, one group after the other."""
        for number, group in enumerate(template.items("steps")):
            if not isinstance(group, list):
                raise template.item_fault("steps", number, "it must be a list of steps that run side by side")
            place = f"{template.at('steps')}[{number}]"
            yield [Fields(template.document, each, f"{place}[{position}]") for position, each in enumerate(group)]

    def _call(self, task: Fields, caller: Call) -> Ends:
        """A task of a dag, or a step."""
        template = self._called(task, caller.scope)
        items = loops.items(task, caller.scope)
        name = ".".join(filter(None, (caller.full_name, task.text("name"))))
        turns = [caller.scope] if items is None else [caller.scope.with_values(of_item(each)) for each in items]
        calls = [
            replace(
                caller,
                template=template,
                scope=self._arguments.of_call(template, task, turn),
                name=name,
                turn=None if items is None else number,
            )
            for number, turn in enumerate(turns)
        ]
        # A loop of no turns is skipped.
        return self._run(calls) if calls else caller.after

    def _called(self, task: Fields, scope: Scope) -> Fields:
        if not says_nothing(task.value.get("templateRef")):
            raise task.fault("templateRef", "it cannot be read: name a template of the same file instead")
        if not says_nothing(task.value.get("inline")):
            if task.value.get("template"):
                raise task.fault("template", "inline is there too: it must be one of them")
            return task.map("inline")
        return self.template(task, "template", scope)

    def _add(self, calls: Sequence[Call]) -> Ends:
        """The pods of one template: one task where they are alike."""
        template = calls[0].template
        asks = [self._pods.ask(template, call.scope, call.boundary) for call in calls]
        self._count += len(calls)
        if self._count > MOST_PODS:
            raise template.document.fault(f"the workflow makes more than {MOST_PODS:,} pods: fewer can be simulated")
        first = len(self.tasks)
        if all(ask == asks[0] for ask in asks):
            self.tasks.append(FlatTask(calls[0].name, calls[0].after, len(calls), asks[0]))
        else:
            self.tasks += [FlatTask(call.full_name, call.after, 1, ask) for call, ask in zip(calls, asks, strict=True)]
        if template.value.get("daemon"):
            why = "what follows starts with it; it is taken to end after its own time, not with the dag or steps around it"
            self._remarks.add(template.at("daemon"), f"is simulated in part: {why}")
            return calls[0].after
        return tuple(range(first, len(self.tasks)))

    def _look(self, template: Fields) -> None:
        if template.place in self._seen:
            return
        self._seen.add(template.place)
        look(template, TEMPLATE, self._remarks)
        if any(template.value.get(each) is not None for each in _CALLING):
            for name in _OF_PODS:
                if not says_nothing(template.value.get(name)):
                    self._remarks.not_read(template.at(name), "the template calls others, and is no pod")
        name_fail_fast(template, self._remarks)
        if template.value.get("parallelism") is not None:
            self._remarks.not_read(template.at("parallelism"), "as many pods run at once as there is room for")

    def _kind(self, template: Fields) -> str:
        there = [each for each in (*_NO_POD, *_CALLING, *MAINS) if template.value.get(each) is not None]
        if there and there[0] in _NO_POD:
            place = template.at(there[0])
            raise template.document.fault(
                f"{place} cannot be read: only a container, a containerSet or a script is one pod", place
            )
        if len(there) != 1:
            has = f"has {' and '.join(there)}" if there else "has neither container nor script, dag nor steps"
            raise template.document.fault(f"{template.place} {has}: it must have one of them", template.place)
        return there[0]
