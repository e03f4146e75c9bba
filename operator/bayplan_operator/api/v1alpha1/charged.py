"""What was charged to quotas for a graph as a whole, in the status of the kind TaskGraph."""

from __future__ import annotations

from pydantic import Field

from .common import Model
from .extensions import kubernetes
from .queue import MAX_NAME, ShownAmount
from .scalars import LabelValue

MAX_CHARGED = 256
"""Quotas of the queue and of those above it, as far as the graph asks of them."""


class ChargedQuota(Model):
    """What is charged to one quota."""

    resource: str = Field(max_length=253, description="The resource.")
    node_selector: dict[str, LabelValue] = Field(
        default_factory=dict, max_length=16, description="Labels of the nodes on which it is counted. Missing: all nodes."
    )
    amount: ShownAmount = Field(description="How much was charged. What is left of it follows from the tasks that are over.")


class ChargedGraph(Model):
    """What was charged for all of the graph when it was admitted."""

    queue: str = Field(max_length=MAX_NAME, description="The Queue.")
    node_selector: dict[str, LabelValue] | None = Field(
        default=None,
        max_length=16,
        description="Quotas of nodes with these labels were chosen for pods that could go to nodes of several; they keep to "
        "such nodes. Missing: they keep off the nodes of all quotas with a nodeSelector.",
    )
    quotas: tuple[ChargedQuota, ...] = Field(
        default=(),
        max_length=MAX_CHARGED,
        description="The quotas that limited the queue.",
        json_schema_extra=kubernetes(list_type="atomic"),
    )
