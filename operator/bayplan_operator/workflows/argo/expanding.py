"""Templates that call templates, until only pods are left."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bayplan.simulation import Parallelism
from bayplan_operator.workflows.argo import loops
from bayplan_operator.workflows.argo.dags import Dag, by_name
from bayplan_operator.workflows.argo.known_fields import DAG_TASK, WORKFLOW_STEP, look, says_nothing
from bayplan_operator.workflows.argo.parameters import Arguments, of_item
from bayplan_operator.workflows.argo.pods import Admitted, Boundary, PodAsk, Pods
from bayplan_operator.workflows.argo.pods.pods import MAINS
from bayplan_operator.workflows.argo.pods.scheduling import constraints
from bayplan_operator.workflows.argo.remarks import Remarks
from bayplan_operator.workflows.argo.tags import Scope, names
from bayplan_operator.workflows.argo.templates import CALLING, Templates, parallelism
from bayplan_operator.workflows.fields import Fields

MOST_CALLS = 1_000_000
"""At most so many calls of templates in a workflow. Each turn of a loop is one. More do not fit into memory."""
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

    def __init__(self, spec: Fields, workflow: Scope, remarks: Remarks, admitted: Admitted) -> None:
        """`admitted`: what admission makes of a pod spec."""
        self.tasks: list[FlatTask] = []
        self.limits: list[Parallelism] = []
        """Of templates."""
        self._templates = Templates(spec, remarks)
        self._workflow, self._remarks = workflow, remarks
        self._arguments = Arguments(workflow, remarks)
        self._pods = Pods(spec, remarks, admitted)
        self._calls = 0
        """Of templates so far."""
        self._callers = 0
        """The same of templates with a dag or steps alone."""

    def template(self, caller: Fields, field: str) -> Fields:
        """The template that a field of the workflow names. Raises `InputError`."""
        return self._templates.named(caller, field, self._workflow)

    def run(self, template: Fields, after: Ends, name: str) -> Ends:
        """Add all pods of a template that the workflow itself names. Answers its last tasks. Raises `InputError`."""
        return self._run([Call(template, self._arguments.of_call(template, None, self._workflow), after, name)])

    def _run(self, calls: Sequence[Call]) -> Ends:
        """One call, or the turns of a loop: all of one template."""
        if not calls:
            return ()
        template = calls[0].template
        kind = self._templates.kind(template)
        if kind in MAINS:
            return self._add(calls)
        if kind not in CALLING:
            return calls[0].after
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
            first, self._callers = len(self.tasks), self._callers + 1
            callers = self._callers
            ends += self._dag(inner) if kind == "dag" else self._steps(inner)
            self._limit(inner, frozenset(range(first, len(self.tasks))), nested=self._callers > callers)
        return tuple(dict.fromkeys(ends))

    def _limit(self, call: Call, tasks: frozenset[int], nested: bool) -> None:
        """A template's own parallelism, which is of what it calls: of pods, where all of that is pods."""
        if call.template.value.get("parallelism") is None:
            return
        most = parallelism(call.template, call.scope)
        if nested:
            why = "not all that the template calls are pods, and as many run at once as there is room for"
            self._remarks.not_read(call.template.at("parallelism"), why)
        elif tasks:
            self.limits.append(Parallelism(most, tasks))

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
        self._calls += 1 if items is None else len(items)
        if self._calls > MOST_CALLS:
            raise task.document.fault(f"{task.place}: the workflow calls templates more than {MOST_CALLS:,} times", task.place)
        name = ".".join(filter(None, (caller.full_name, task.text("name"))))
        call = replace(caller, template=template, name=name, turn=None)
        if items is None:
            return self._run([replace(call, scope=self._arguments.of_call(template, task, caller.scope))])
        scopes = self._scopes(template, task, caller.scope, items)
        # A loop of no turns is skipped.
        return self._run([replace(call, scope=each, turn=turn) for turn, each in enumerate(scopes)]) or caller.after

    def _scopes(self, template: Fields, task: Fields, caller: Scope, items: Sequence[Any]) -> list[Scope]:
        """Inside the called template, for each turn; one and the same where nothing that is handed over depends on the item."""
        if not any("item" in each for each in names(task.value.get("arguments"))):
            return [self._arguments.of_call(template, task, caller)] * len(items)
        return [self._arguments.of_call(template, task, caller.with_values(of_item(each))) for each in items]

    def _called(self, task: Fields, scope: Scope) -> Fields:
        if not says_nothing(task.value.get("templateRef")):
            raise task.fault("templateRef", "it cannot be read: name a template of the same file instead")
        if not says_nothing(task.value.get("inline")):
            if task.value.get("template"):
                raise task.fault("template", "inline is there too: it must be one of them")
            return task.map("inline")
        return self._templates.named(task, "template", scope)

    def _add(self, calls: Sequence[Call]) -> Ends:
        """The pods of one template: one task where they are alike."""
        template = calls[0].template
        alike = all(call.scope is calls[0].scope for call in calls)
        asks = [self._pods.ask(template, call.scope, call.boundary) for call in (calls[:1] if alike else calls)]
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
