"""The part of a pod template that Bayplan takes: labels, annotations, and any pod spec."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from .common import Model
from .extensions import kubernetes
from .scalars import LabelValue, Text


class PodTemplateMetadata(Model):
    """Labels and annotations of the pods that are made from a template."""

    # What the API server would prune is kept here, so that validation can name it where no API server was
    # asked.
    model_config = ConfigDict(extra="allow")

    labels: dict[str, LabelValue] = Field(
        default_factory=dict,
        max_length=64,
        description="Labels of the pods. Keys that start with bayplan.dev/ are Bayplan's own.",
    )
    annotations: dict[str, Text] = Field(
        default_factory=dict,
        max_length=64,
        description="Annotations of the pods. Keys that start with bayplan.dev/ are Bayplan's own.",
    )


class PodTemplate(Model):
    """What pods are made from: the same as in a Job, without the fields that Bayplan sets itself."""

    # As one piece, else managedFields would list every field of every pod spec.
    model_config = ConfigDict(json_schema_extra=kubernetes(map_type="atomic"))

    metadata: PodTemplateMetadata = Field(
        default_factory=PodTemplateMetadata, description="Labels and annotations that the pods get."
    )
    spec: dict[str, Any] = Field(
        default_factory=dict,
        description="An ordinary pod spec (see `kubectl explain pod.spec`). The first container does the "
        "task's work; without a name it is called main. restartPolicy is Never unless OnFailure is given. "
        "Bayplan chooses the node, so nodeName, schedulerName and schedulingGates are refused; "
        "nodeSelector, affinity and tolerations are respected.",
        json_schema_extra=kubernetes(preserve_unknown_fields=True),
    )
