"""Tasks whose pods start together: gangs, and the parts of a model that they hold."""

from __future__ import annotations

from pydantic import ConfigDict, Field, StrictInt

from .common import Model
from .extensions import cel, kubernetes
from .scalars import Duration, LabelKey
from .shards import MAX_SHARDS

DEFAULT_TIMEOUT = 120.0
DEFAULT_PORT = 29500
"""What torchrun uses."""
MAX_STAGES = 64


class Topology(Model):
    """Which nodes are near each other: those with the same value of a label."""

    model_config = ConfigDict(
        json_schema_extra=kubernetes(
            cel("has(self.required) != has(self.preferred)", "give one of required and preferred, each the key of a node label")
        )
    )

    required: LabelKey | None = Field(
        default=None,
        description="A node label, such as topology.kubernetes.io/zone: all pods of the gang go to nodes with one value of "
        "it. The smallest such group of nodes that holds the gang is taken.",
    )
    preferred: LabelKey | None = Field(
        default=None, description="The same, but the gang goes anywhere if no such group of nodes holds it."
    )


class Gang(Model):
    """All pods of the task get their places together, or none does; they succeed together, and start again together."""

    minimum: StrictInt | None = Field(
        default=None,
        ge=1,
        le=MAX_SHARDS,
        description="The gang also runs with so many pods, and grows when there is room: it is elastic. Default: all of them.",
    )
    timeout: Duration | None = Field(
        default=None,
        description='How long the gang waits until each of its pods is bound to its node, such as "2m"; then all are taken '
        "back and placed again. Default: 2m.",
    )
    topology: Topology | None = Field(default=None, description="How near each other its pods are. Default: anywhere.")
    port: StrictInt | None = Field(
        default=None, ge=1, le=65535, description="The port of the rendezvous, in MASTER_PORT. Default: 29500."
    )
