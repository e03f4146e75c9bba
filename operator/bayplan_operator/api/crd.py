"""The CustomResourceDefinitions of Bayplan as plain objects: names, columns, schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from .schema import structural_schema
from .v1alpha1 import GROUP, VERSION, PlacementPolicy, Queue, TaskGraph, TaskProfile


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`; a `wide` one is shown with `-o wide` only."""

    name: str
    type: str
    path: str
    description: str
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind is called and shown."""

    model: type[BaseModel]
    plural: str
    short: str
    scope: str
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        """Also the name of its file."""
        return f"{self.plural}.{GROUP}"


_AGE = Column("Age", "date", ".metadata.creationTimestamp", "Time since it was created.")

KINDS = (
    Kind(
        model=TaskGraph,
        plural="taskgraphs",
        short="tg",
        scope="Namespaced",
        columns=(
            Column("Progress", "string", ".status.progress", "Tasks that are over, of all; and the round, of how many."),
            Column("Status", "string", ".status.summary", "The state in one word."),
            Column("Waiting", "string", ".status.waiting", "Why tasks that could start have not."),
            _AGE,
            # Not a date: kubectl prints those as ages, and none that lies ahead.
            Column("ETA", "string", ".status.estimatedCompletion", "When it is expected to be done.", wide=True),
            Column("In-Time", "integer", ".status.deadlineProbability", "Percent: chance to meet the deadline.", wide=True),
            Column("Policy", "string", ".spec.policyName", "The PlacementPolicy that decides.", wide=True),
            Column("Queue", "string", ".spec.queueName", "The Queue that the pods hold. Empty: default.", wide=True),
            Column("Strategy", "string", ".status.strategy", "What an adaptive policy has chosen for it.", wide=True),
            Column("Priority", "integer", ".spec.priority", "Higher ones go first.", wide=True),
            Column("Active", "integer", ".status.active", "Shards whose pods are not finished.", wide=True),
            Column("Failed", "integer", ".status.failed", "Shards that have failed for good.", wide=True),
        ),
    ),
    Kind(
        model=PlacementPolicy,
        plural="placementpolicies",
        short="pp",
        scope="Cluster",
        columns=(
            Column("Preset", "string", ".spec.preset", "The ready-made strategy, where one is named."),
            Column("Order", "string", ".spec.order", "Rules that say which pod is placed first."),
            Column("Scorers", "string", ".spec.scorers", "Which node is better."),
            Column("Planner", "string", ".spec.planner.name", "How the pods that wait are assigned to nodes."),
            Column("Adaptive", "string", ".status.adaptive.strategy", "The candidate that an adaptive policy prefers."),
            Column("Binding", "string", ".spec.binding", "What binds the pods: Scheduler or Direct."),
            Column(
                "Accepted",
                "string",
                '.status.conditions[?(@.type=="Accepted")].status',
                "Whether it can be used.",
            ),
            _AGE,
        ),
    ),
    Kind(
        model=Queue,
        plural="queues",
        short="bpq",
        scope="Cluster",
        columns=(
            Column("Used", "string", ".status.usage", "What is held of the first quotas, used/nominal."),
            Column("Borrowed", "string", ".status.borrowed", "What is held beyond them, of what other queues do not use."),
            Column("Pending", "integer", ".status.pending", "Shards that wait and could start."),
            Column("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', "Whether its graphs may start pods."),
            _AGE,
            Column("Share", "string", ".status.share", "What it had beyond its quotas; the lowest goes first.", wide=True),
            Column("Parent", "string", ".spec.parentName", "The queue above.", wide=True),
            Column("Admitted", "integer", ".status.admitted", "Pods that hold the queue.", wide=True),
            Column("Why", "string", '.status.conditions[?(@.type=="Ready")].reason', "Why it is ready or not.", wide=True),
        ),
    ),
    Kind(
        model=TaskProfile,
        plural="taskprofiles",
        short="tpr",
        scope="Namespaced",
        columns=(
            Column("Family", "string", ".spec.family", "The graphs that learn from each other."),
            Column("Task", "string", ".spec.task", "The task."),
            Column("Runs", "integer", ".status.runs", "Runs that succeeded."),
            Column("P50", "string", ".status.p50", "Median of the next run, on the best class of nodes."),
            Column("P95", "string", ".status.p95", "95 % of the next runs end within this time, on the best class of nodes."),
            Column("Best", "string", ".status.best", "The class of nodes where runs are shortest."),
            Column("Last", "date", ".status.lastRun", "Time since the last run ended."),
            Column("Failures", "integer", ".status.failures", "Attempts that failed.", wide=True),
            Column("Classes", "string", ".status.nodeClasses[*].name", "All classes of nodes where it ran.", wide=True),
            Column("Class P50", "string", ".status.nodeClasses[*].p50", "Median of the next run, per class.", wide=True),
            _AGE,
        ),
    ),
)


def custom_resource_definition(kind: Kind) -> dict[str, Any]:
    """The CustomResourceDefinition of `kind`, ready for `kubectl apply`."""
    schema = structural_schema(kind.model)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.name},
        "spec": {
            "group": GROUP,
            "scope": kind.scope,
            "names": {
                "kind": kind.model.__name__,
                "listKind": f"{kind.model.__name__}List",
                "plural": kind.plural,
                "singular": kind.model.__name__.lower(),
                "shortNames": [kind.short],
                "categories": ["bayplan"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [_column(column) for column in kind.columns],
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def _column(column: Column) -> dict[str, Any]:
    shown = {
        "name": column.name,
        "type": column.type,
        "jsonPath": column.path,
        "description": column.description,
    }
    return {**shown, "priority": 1} if column.wide else shown
