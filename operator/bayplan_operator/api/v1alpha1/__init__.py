"""The kinds of bayplan.dev/v1alpha1 as frozen pydantic models; durations are float seconds, moments aware datetimes."""

from .candidates import DEFAULT_WORTH, MIN_CANDIDATES, Choose, TaskCandidate
from .common import GROUP, VERSION, Condition, ObjectMeta
from .env import EnvVar
from .flow import P95, BestBy, DataRules, Rounds, Sampling
from .fuse import Fuse
from .gang import DEFAULT_PORT, DEFAULT_TIMEOUT, Gang, Topology
from .placement_policy import (
    Candidate,
    Parameter,
    PlacementPolicy,
    PlacementPolicySpec,
    PlacementPolicyStatus,
    PlannerChoice,
    ScorerWeight,
    Serves,
)
from .pod_template import PodTemplate, PodTemplateMetadata
from .queue import DEFAULT as DEFAULT_QUEUE
from .queue import MAX_SHOWN, NamespaceSelector, Queue, QueueSpec, QueueStatus, Quota, QuotaStatus
from .retry import BackoffOverride, Retry, RetryBackoff, RetryOverride
from .shards import AUTO, DEFAULT_MOST, DEFAULT_STARTUP, AutoShards
from .task_graph import (
    DEFAULT_POLICY,
    MAX_PRIORITY,
    Dependency,
    NamedTemplate,
    Stage,
    Task,
    TaskGraph,
    TaskGraphSpec,
)
from .task_graph_status import TaskGraphStatus
from .task_profile import Figure, NodeClass, Sums, TaskProfile, TaskProfileSpec, TaskProfileStatus

__all__ = [
    "AUTO",
    "DEFAULT_MOST",
    "DEFAULT_POLICY",
    "DEFAULT_PORT",
    "DEFAULT_QUEUE",
    "DEFAULT_STARTUP",
    "DEFAULT_TIMEOUT",
    "DEFAULT_WORTH",
    "GROUP",
    "MAX_PRIORITY",
    "MAX_SHOWN",
    "MIN_CANDIDATES",
    "P95",
    "VERSION",
    "AutoShards",
    "BackoffOverride",
    "BestBy",
    "Candidate",
    "Choose",
    "Condition",
    "DataRules",
    "Dependency",
    "EnvVar",
    "Figure",
    "Fuse",
    "Gang",
    "NamedTemplate",
    "NamespaceSelector",
    "NodeClass",
    "ObjectMeta",
    "Parameter",
    "PlacementPolicy",
    "PlacementPolicySpec",
    "PlacementPolicyStatus",
    "PlannerChoice",
    "PodTemplate",
    "PodTemplateMetadata",
    "Queue",
    "QueueSpec",
    "QueueStatus",
    "Quota",
    "QuotaStatus",
    "Retry",
    "RetryBackoff",
    "RetryOverride",
    "Rounds",
    "Sampling",
    "ScorerWeight",
    "Serves",
    "Stage",
    "Sums",
    "Task",
    "TaskCandidate",
    "TaskGraph",
    "TaskGraphSpec",
    "TaskGraphStatus",
    "TaskProfile",
    "TaskProfileSpec",
    "TaskProfileStatus",
    "Topology",
]
