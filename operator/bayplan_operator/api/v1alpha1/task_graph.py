"""The kind TaskGraph: tasks, how they depend on each other, and what their pods are made from."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt

from .candidates import MAX_CANDIDATES, Choose, TaskCandidate
from .common import Model, ObjectMeta
from .env import MAX_ARGS, MAX_ENV, EnvVar
from .extensions import cel, kubernetes
from .flow import MAX_OUTPUTS, NOT_STORED, Backups, BestBy, ConditionText, DataRules, Gate, OutputName, Rounds
from .fuse import Fuse
from .gang import MAX_STAGES, Gang
from .pod_template import PodTemplate
from .preemption import Checkpoint
from .queue import DEFAULT as DEFAULT_QUEUE
from .retry import Retry, RetryOverride
from .scalars import Bytes, Duration, GpuModel, Name, ObjectName, PlainName, QueueName, Size, Text
from .shards import MAX_SHARDS, AutoShards, Shards
from .task_graph_status import MAX_TASKS, TaskGraphStatus

KIND = "TaskGraph"
PLURAL = "taskgraphs"
MAX_NAME = 63
MAX_TEMPLATES = 100
MAX_DEPENDENCIES = 100
MAX_GPU_MODELS = 16
QUEUE_RULE = "spec.queueName cannot change once the graph has started: create a graph with another name instead"
ADMISSION_RULE = "spec.admission cannot change once the graph has started: create a graph with another name instead"
DEFAULT_POLICY = "default"
MIN_PRIORITY, MAX_PRIORITY = -1000, 1_000_000


class Dependency(Model):
    """A task that must have succeeded first."""

    task: str = Field(
        min_length=1,
        max_length=63,
        description="Name of a task of this graph. All its shards must have succeeded.",
    )
    data: Bytes | None = Field(
        default=None,
        description='How many bytes of that task\'s results one pod of this task reads, such as "2Gi". Where both run on '
        "different nodes they count as moved between them. Default: none.",
    )


class NamedTemplate(Model):
    """A pod template that tasks refer to by name, so that thousands of tasks need not repeat it."""

    name: Name = Field(description="What tasks write in templateName. At most 63 characters.")
    template: PodTemplate = Field(description="What the pods are made from, on top of spec.template.")


class Stage(Model):
    """A part of a task that runs another program than the others, such as a part of a model. All stages start together."""

    name: PlainName = Field(description="Unique in the task; lower case letters, digits and '-'.")
    shards: StrictInt = Field(
        default=1,
        ge=1,
        le=MAX_SHARDS,
        description="How many pods work on the stage. Default: 1.",
        json_schema_extra=NOT_STORED,
    )
    template: PodTemplate | None = Field(
        default=None, description="What the pods of this stage are made from, on top of the task's template."
    )
    template_name: str | None = Field(
        default=None, min_length=1, max_length=63, description="Name of one of spec.templates, instead of an own template."
    )
    args: tuple[Text, ...] = Field(
        default=(),
        max_length=MAX_ARGS,
        description="Arguments of the first container; they replace those of the template. Default: the task's.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    env: tuple[EnvVar, ...] = Field(
        default=(),
        max_length=MAX_ENV,
        description="Environment variables of the first container, added to the task's; the same name replaces.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )


class Task(Model):
    """One step of the graph. It runs as one pod, or as several if `shards` says so."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            cel(
                "!has(self.template) || !has(self.templateName)",
                "template and templateName exclude each other: keep one of them",
            ),
            cel(
                "!has(self.dependsOn) || !(self.name in self.dependsOn.map(d, d.task))",
                "a task cannot depend on itself",
            ),
            cel(
                "!has(self.shards) || self.shards != 'Auto' || has(self.expectedDuration)",
                "shards is Auto: expectedDuration must say how long all of the work takes in one piece",
            ),
            cel(
                "!has(self.autoShards) || (has(self.shards) && self.shards == 'Auto')",
                "autoShards is only for shards: Auto",
            ),
            map_type="atomic",  # else managedFields would list every field of every task
        )
    )

    name: Name = Field(description="Unique in the graph; lower case letters, digits and '-', at most 63 characters.")
    depends_on: tuple[Dependency, ...] = Field(
        default=(),
        max_length=MAX_DEPENDENCIES,
        description="Tasks that must have succeeded before this one starts. Empty: it may start at once.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    shards: Shards = Field(
        default=1,
        description="How many pods work on this task in parallel. A number from 1 to 1000; or Auto: Bayplan decides, once, "
        "when it accepts the graph. Each pod finds its number, from 0, in the environment variable JOB_COMPLETION_INDEX, and "
        "how many there are in BAYPLAN_SHARDS. The task has succeeded when all of them have. Default: 1.",
        json_schema_extra={"default": None},  # not to be stored 5,000 times in one object
    )
    auto_shards: AutoShards | None = Field(
        default=None, description="Within which bounds Bayplan decides, and what it weighs. Only where shards is Auto."
    )
    expected_duration: Duration | None = Field(
        default=None,
        description='How long one pod of this task is expected to run, such as "5m". Where shards is Auto: how long all of the '
        "work would take in one pod, its start-up left aside. A hint that helps to start the longest chain of tasks first; "
        "nothing is stopped when it runs longer.",
    )
    input_size: Size | None = Field(
        default=None,
        description='How much the task works on, as a quantity in any unit of your own, such as "40Gi" of data or "1200" '
        "documents. Its run times are learned with it: a run on twice as much is expected to take longer.",
    )
    profile: Name | None = Field(
        default=None,
        description="Under which name the task's run times are learned; tasks of the same name, in graphs of the same "
        "spec.profile, are the same task coming back. Default: the task's name.",
    )
    gpu_models: tuple[GpuModel, ...] = Field(
        default=(),
        max_length=MAX_GPU_MODELS,
        description="Models of GPU that will do, any of them, as nodes are labelled (nvidia.com/gpu.product, "
        "amd.com/gpu.product-name or bayplan.dev/gpu-model). Only where the pods ask for GPUs. Empty: any model.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    retry: RetryOverride | None = Field(
        default=None, description="What happens when a pod of this task fails. Default: spec.retry."
    )
    checkpoint: Checkpoint | None = Field(
        default=None,
        description="How often its program saves what it has done. Whether a pod is evicted so that others start goes by the "
        "work that would be lost. Default: it saves nothing before its end.",
    )
    gang: Gang | None = Field(
        default=None,
        description="The pods of the task start together or not at all, find each other by name, and succeed together. "
        "Default: each pod for itself, unless the task has stages.",
    )
    stages: tuple[Stage, ...] = Field(
        default=(),
        max_length=MAX_STAGES,
        description="Parts of the task that run different programs and start together, such as the parts of a model. The task "
        "is a gang then. The first one has the ranks from 0, and says the results of the task. Default: none.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    backups: Backups | None = Field(
        default=None, description="The same work is done again elsewhere, and the first to finish counts. Default: it is not."
    )
    gate: Gate = Field(
        default="All",
        description="What has to be true of the tasks in dependsOn so that this one starts. All: all have succeeded. Any: one "
        "has. BestOf: all are over and one has succeeded; the best by bestBy is the input. Always: all are over, however they "
        "ended, and though the graph has failed: for cleaning up. If that can never come true, the task is skipped. "
        "Default: All.",
        json_schema_extra=NOT_STORED,
    )
    best_by: BestBy | None = Field(default=None, description="By what the best is found. Only where gate is BestOf.")
    when: ConditionText | None = Field(
        default=None,
        description='The task is skipped unless this holds, such as "evaluate.accuracy >= 0.9". It may speak of results of '
        "tasks before it. Default: it runs.",
    )
    optional: StrictBool = Field(
        default=False,
        description="true: the graph goes on if the task fails. Tasks that need it are skipped. Default: false.",
        json_schema_extra=NOT_STORED,
    )
    outputs: tuple[OutputName, ...] = Field(
        default=(),
        max_length=MAX_OUTPUTS,
        description="Results that are kept in the status though nothing in the graph speaks of them. A pod says its results as "
        "one JSON object in its termination message.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    data: DataRules | None = Field(default=None, description="Where the data of the task may be, and so where it may run.")
    fuse: Fuse | None = Field(
        default=None,
        description="The task fuses what the tasks in dependsOn have made. Its pod runs the operator's image; a template of "
        "the task's own may say what it asks for.",
    )
    candidates: tuple[TaskCandidate, ...] = Field(
        default=(),
        max_length=MAX_CANDIDATES,
        description="Several programs that could do the task, 2 to 16, such as models of different sizes. One is chosen "
        "once the task may start; if it fails for good, another one. Default: none.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    choose: Choose | None = Field(default=None, description="How one of the candidates is chosen. Only with candidates.")
    template: PodTemplate | None = Field(
        default=None,
        description="What the pods of this task are made from, on top of spec.template. Not together with templateName.",
    )
    template_name: str | None = Field(
        default=None,
        min_length=1,
        max_length=63,
        description="Name of one of spec.templates, instead of an own template.",
    )
    args: tuple[Text, ...] = Field(
        default=(),
        max_length=MAX_ARGS,
        description="Arguments of the first container; they replace those of the template.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
    env: tuple[EnvVar, ...] = Field(
        default=(),
        max_length=MAX_ENV,
        description="Environment variables of the first container, added to those of the template; the same name replaces.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )


class TaskGraphSpec(Model):
    """What should run. Tasks and templates cannot change once the graph exists; the other fields can."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            *(
                cel(
                    f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})",
                    f"{field} cannot change once the graph exists: create a graph with another name instead",
                )
                for field in ("template", "templates", "tasks", "rounds")
            )
        )
    )

    policy_name: ObjectName = Field(
        default=DEFAULT_POLICY,
        description="Name of the PlacementPolicy that decides which task goes first and which node it gets.",
    )
    queue_name: QueueName = Field(
        default=DEFAULT_QUEUE,
        description="Name of the Queue whose quotas the pods count in. It cannot change once the graph has started. Default: "
        "default.",
        json_schema_extra=NOT_STORED,
    )
    admission: Literal["Task", "Graph"] = Field(
        default="Task",
        description="Task: each pod counts in the queue's quotas from its start. Graph: all that the graph needs at once is "
        "charged to them before its first pod. It cannot change once the graph has started. Default: Task.",
        json_schema_extra=NOT_STORED,
    )
    priority: StrictInt = Field(
        default=0,
        ge=MIN_PRIORITY,
        le=MAX_PRIORITY,
        description="Graphs with a higher priority are placed first, from -1000 to 1000000. It orders "
        "waiting tasks; running ones are stopped for it only where the preemption of a Queue says so.",
    )
    preemptible: StrictBool = Field(
        default=True,
        description="false: its pods are never evicted so that others start. May be changed. Default: true.",
        json_schema_extra=NOT_STORED,
    )
    deadline: Duration | None = Field(
        default=None,
        description='When the graph should be done, counted from its creation, such as "45m". For policies whose order or '
        "planner looks at deadlines; nothing is stopped when it passes. May be changed.",
    )
    profile: ObjectName | None = Field(
        default=None,
        description="Family under which the run times of its tasks are learned, in TaskProfiles; graphs of the same family "
        "learn from each other. Default: metadata.generateName without its trailing '-', otherwise metadata.name.",
    )
    suspend: StrictBool = Field(
        default=False,
        description="true: the pods that run are stopped, as a suspended Job's are, and no others are started. false: "
        "the graph goes on, and what was stopped starts again.",
    )
    ttl_after_finished: Duration | None = Field(
        default=None,
        description='How long the graph and its pods stay after the end, such as "1h"; then they are '
        "deleted. Default: they stay until a user deletes them.",
    )
    retry: Retry = Field(
        default_factory=Retry,
        description="What happens when a pod fails, for all tasks that do not say otherwise.",
    )
    template: PodTemplate = Field(
        default_factory=PodTemplate,
        description="What the pods of all tasks have in common. A task's own or named template is laid on "
        "top: maps are merged, containers, env and volumes are merged by name, other lists are replaced.",
    )
    rounds: Rounds | None = Field(
        default=None, description="Some of the tasks run again and again, in rounds. Default: each task runs once."
    )
    templates: tuple[NamedTemplate, ...] = Field(
        default=(),
        max_length=MAX_TEMPLATES,
        description="Pod templates that tasks refer to with templateName. At most 100.",
        json_schema_extra=kubernetes(list_type="map", list_map_keys=["name"]),
    )
    tasks: tuple[Task, ...] = Field(
        min_length=1,
        max_length=MAX_TASKS,
        description="The steps of the graph, 1 to 5000, in any order. A task starts once all tasks in its "
        "dependsOn have succeeded and a node has room for it.",
        json_schema_extra=kubernetes(list_type="map", list_map_keys=["name"]),
    )


class TaskGraph(Model):
    """A graph of tasks that depend on each other. Bayplan starts each task's pods on a fitting node as soon as the
    tasks before it have succeeded, and starts them again when something fails."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            cel(
                f"size(self.metadata.name) <= {MAX_NAME}",
                f"metadata.name must be at most {MAX_NAME} characters long, since the pods carry it as a label",
            ),
            cel(
                "!has(self.status) || !has(self.status.startTime) || "
                f"(has(self.spec.queueName) ? self.spec.queueName : '{DEFAULT_QUEUE}') == "
                f"(has(oldSelf.spec.queueName) ? oldSelf.spec.queueName : '{DEFAULT_QUEUE}')",
                QUEUE_RULE,
            ),
            cel(
                "!has(self.status) || !has(self.status.startTime) || (has(self.spec.admission) ? self.spec.admission : 'Task') "
                "== (has(oldSelf.spec.admission) ? oldSelf.spec.admission : 'Task')",
                ADMISSION_RULE,
            ),
        )
    )

    api_version: Literal["bayplan.dev/v1alpha1"] = "bayplan.dev/v1alpha1"
    kind: Literal["TaskGraph"] = "TaskGraph"
    metadata: ObjectMeta = Field(default_factory=ObjectMeta)
    spec: TaskGraphSpec
    status: TaskGraphStatus = Field(default_factory=TaskGraphStatus)
